// Tokens of CI systems: whose jobs get in, and what an issuer that hangs, lies or floods can do to the server.
import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { test } from "node:test";
import { CountersignError, isCountersignError } from "../bytes/index.ts";
import type { HttpClient, HttpRequest } from "../http/index.ts";
import { fakeClock, hour, loopbackServer, makeToken, newEcKey, publicJwk, second } from "../testing/index.ts";
import { MemoryTokens, openWorld } from "./access-world.test.ts";
import { discoveredKeys } from "./issuer-keys.ts";
import { openAccess } from "./open-access.ts";
import type { OidcRule } from "./policy.ts";

const audience = "https://trust.example.com";

const mainOnly: OidcRule = {
  name: "releases",
  claims: new Map([
    ["repository", "octo/app"],
    ["ref", "refs/heads/main"],
  ]),
  collections: ["registry.example.com/octo/app"],
  actions: ["pull", "push"],
};

/** An issuer whose keys and answers a test changes under way. */
async function issuerServer() {
  const state = {
    keys: [] as unknown[],
    /** Takes over the answer of the JWKS route. */
    jwks: undefined as ((response: ServerResponse) => void) | undefined,
    discovery: {} as Readonly<Record<string, unknown>>,
  };
  const server = await loopbackServer((request, response) => {
    if (request.url === "/.well-known/openid-configuration") {
      response.end(JSON.stringify({ issuer: server.origin, jwks_uri: `${server.origin}/keys`, ...state.discovery }));
    } else if (state.jwks !== undefined) state.jwks(response);
    else response.end(JSON.stringify({ keys: state.keys }));
  });
  return { server, state };
}

async function world(rules: readonly OidcRule[] = [mainOnly]) {
  const { server, state } = await issuerServer();
  const key = newEcKey();
  state.keys = [publicJwk(key, { kid: "k1" })];
  const clock = fakeClock();
  const opened = await openWorld({ oidc: [{ issuer: server.origin, audiences: [audience], rules }] }, clock);
  const claims = () => ({
    iss: server.origin,
    aud: audience,
    sub: "repo:octo/app:ref:refs/heads/main",
    repository: "octo/app",
    ref: "refs/heads/main",
    exp: Math.floor(clock.now() / 1_000) + 300,
  });
  const token = (more: Readonly<Record<string, unknown>> = {}, kid: string | undefined = "k1", signer = key) =>
    makeToken({ header: kid === undefined ? {} : { kid }, claims: { ...claims(), ...more }, key: signer });
  const gun = "registry.example.com/octo/app";
  return {
    ...opened,
    server,
    state,
    key,
    token,
    gun,
    push: (text: string, name = gun) => opened.verdict(text, name, "push", "pull"),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const notAllowed = "the credentials do not allow it";

test("a job whose claims fit a rule may do what the rule says, and the log says which rule", async () => {
  await using w = await world();
  assert.equal(await w.push(w.token()), "yes");
  const decision = await w.decide(`Bearer ${w.token()}`, { kind: "collection", gun: w.gun, actions: ["push"] });
  assert.ok(decision.isAllowed);
  assert.equal(decision.who, "oidc:repo:octo/app:ref:refs/heads/main (releases)");
  assert.equal(await w.verdict(w.token(), w.gun, "*"), notAllowed);
  assert.equal(await w.push(w.token(), "registry.example.com/octo/app2"), notAllowed);
  for (const kind of ["admin", "catalog"] as const) {
    assert.equal((await w.decide(`Bearer ${w.token()}`, { kind })).isAllowed, false);
  }
});

test("every claim of a rule must fit: other repository, branch, fork, missing, list, number", async () => {
  await using w = await world();
  for (const claims of [
    { repository: "octo/app2" },
    { repository: "evil/octo/app" },
    { repository: "Octo/App" },
    { repository: undefined },
    { repository: ["octo/app"] },
    { repository: { "octo/app": true } },
    { ref: "refs/heads/main2" },
    { ref: "refs/pull/7/merge" },
    { ref: "" },
    { ref: null },
  ]) {
    assert.equal(await w.push(w.token(claims)), notAllowed, JSON.stringify(claims));
  }
});

test("a number fits as it is written; one beyond 2^53 or with a fraction fits nothing, for it reads as another one", async () => {
  const projects = (id: string): OidcRule => ({ ...mainOnly, claims: new Map([["project_id", id]]) });
  await using w = await world([projects("42"), projects(String(2 ** 53)), projects("1.5")]);
  assert.equal(await w.push(w.token({ project_id: 42 })), "yes");
  for (const project_id of [2 ** 53, 1.5, 42.5]) {
    assert.equal(await w.push(w.token({ project_id })), notAllowed, String(project_id));
  }
  assert.equal(
    await w.push(w.token({ project_id: 42, iat: 1_790_000_000.25 })),
    "yes",
    "a date with a fraction is one",
  );
});

test("patterns of claims: a star stays within a segment, and booleans read as text", async () => {
  const rule: OidcRule = {
    ...mainOnly,
    claims: new Map([
      ["ref", "refs/tags/v*"],
      ["ref_protected", "true"],
    ]),
  };
  await using w = await world([rule]);
  assert.equal(await w.push(w.token({ ref: "refs/tags/v1.2", ref_protected: "true" })), "yes");
  assert.equal(await w.push(w.token({ ref: "refs/tags/v1.2", ref_protected: true })), "yes");
  assert.equal(await w.push(w.token({ ref: "refs/tags/v1/../../heads/x", ref_protected: true })), notAllowed);
  assert.equal(await w.push(w.token({ ref: "refs/tags/v1.2", ref_protected: "false" })), notAllowed);
  assert.equal(await w.push(w.token({ ref: "refs/tags/v1.2" })), notAllowed);
});

test("a claim filled into a collection's name is a plain path or nothing: it can bring no star, no dots, no upper case", async () => {
  const rule: OidcRule = {
    ...mainOnly,
    claims: new Map([["repository_owner", "octo"]]),
    collections: ["registry.example.com/{repository}"],
  };
  await using w = await world([rule]);
  const as = (repository: unknown) => w.token({ repository_owner: "octo", repository });
  assert.equal(await w.push(as("octo/app")), "yes");
  assert.equal(await w.push(as("octo/app"), "registry.example.com/octo/other"), notAllowed);
  for (const value of [
    "**",
    "octo/*",
    "../octo/app",
    "octo/app/..",
    "OCTO/APP",
    "",
    "octo//app",
    undefined,
    "{repository}",
  ]) {
    assert.equal(await w.push(as(value)), notAllowed, String(value));
  }
});

test("other audience, other issuer, expired, unsigned, HMAC with the public key, key of another", async () => {
  await using w = await world();
  for (const aud of ["https://other.example.com", `${audience}/`, undefined, [], ["x"]]) {
    assert.equal(await w.push(w.token({ aud })), "the token is for another audience");
  }
  assert.equal(await w.push(w.token({ iss: `${w.server.origin}/` })), "the token is of another issuer");
  assert.equal(w.server.requests.length, 0, "none of these is worth a fetch");
  const now = Math.floor(w.clock.now() / 1_000);
  assert.equal(await w.push(w.token({ exp: now - 61 })), "the token has expired");
  assert.notEqual(await w.push(w.token({}, "k1", newEcKey())), "yes");
  const claims = { iss: w.server.origin, aud: audience, repository: "octo/app", ref: "refs/heads/main", exp: now + 60 };
  assert.notEqual(await w.push(makeToken({ header: { kid: "k1" }, claims, key: undefined })), "yes");
  const secret = Buffer.from(JSON.stringify(publicJwk(w.key)));
  assert.notEqual(await w.push(makeToken({ header: { kid: "k1" }, claims, key: secret })), "yes");
});

test("keys are fetched once, a new key is found when a token names it, and strangers' key ids cannot make us fetch again", async () => {
  await using w = await world();
  for (let round = 0; round < 5; round++) assert.equal(await w.push(w.token({ round })), "yes");
  assert.equal(w.server.requests.length, 2);
  const next = newEcKey();
  w.state.keys = [publicJwk(w.key, { kid: "k1" }), publicJwk(next, { kid: "k2" })];
  assert.equal(await w.push(w.token({}, "k2", next)), "the issuer has no such key");
  assert.equal(w.server.requests.length, 2, "too soon after the last fetch");
  w.clock.advance(31 * second);
  assert.equal(await w.push(w.token({}, "k2", next)), "yes");
  assert.equal(w.server.requests.length, 4);
  for (let round = 0; round < 20; round++) {
    assert.equal(await w.push(w.token({}, `x${round}`)), "the issuer has no such key");
  }
  assert.equal(w.server.requests.length, 4);
});

test("a key the issuer withdrew is not believed once its keys were fetched again", async () => {
  await using w = await world();
  assert.equal(await w.push(w.token()), "yes");
  w.state.keys = [publicJwk(newEcKey(), { kid: "k2" })];
  w.clock.advance(2 * hour);
  let verdict = "";
  for (let round = 0; round < 10_000 && verdict !== "the issuer has no such key"; round++) {
    verdict = await w.push(w.token({ round }));
    await new Promise(setImmediate);
  }
  assert.equal(verdict, "the issuer has no such key");
});

test("while the issuer is away its keys stay good for a day, and then it is a failure, not a yes", async () => {
  await using w = await world();
  assert.equal(await w.push(w.token()), "yes");
  w.state.jwks = (response) => response.writeHead(500).end();
  w.clock.advance(20 * hour);
  assert.equal(await w.push(w.token()), "yes");
  w.clock.advance(5 * hour);
  await assert.rejects(w.push(w.token()), (error) => isCountersignError(error, "access.issuer_unavailable"));
});

test("an issuer that hangs: what is asked of it has an end, a size, and no redirects", async () => {
  const asked: HttpRequest[] = [];
  const client: HttpClient = {
    request: async (request) => {
      asked.push(request);
      throw new CountersignError("download.too_slow", "no answer");
    },
    stream: () => assert.fail("not streamed"),
    close: () => undefined,
  };
  const clock = fakeClock();
  const issuer = "https://ci.example.com";
  const oidc = [{ issuer, audiences: [audience], rules: [mainOnly] }];
  const policy = { anonymousPull: [], apiTokens: false, oidc };
  const access = await openAccess(policy, { storage: new MemoryTokens(), clock: clock.now, client });
  const claims = { iss: issuer, aud: audience, exp: Math.floor(clock.now() / 1_000) + 60 };
  const token = makeToken({ header: { kid: "k" }, claims, key: newEcKey() });
  const decision = access.decide(`Bearer ${token}`, { kind: "ping" }, { address: "192.0.2.1" });
  await assert.rejects(decision, (error) => isCountersignError(error, "access.issuer_unavailable"));
  const [request, ...more] = asked;
  assert.ok(request !== undefined && more.length === 0);
  assert.ok((request.totalMs ?? 60_000) <= 10_000 && request.maxBytes <= 65_536);
  assert.equal(request.redirects ?? "never", "never");
});

test("an issuer that floods, redirects or answers nonsense is a bounded failure for its own tokens", async () => {
  const floods = (response: ServerResponse) => {
    const chunk = Buffer.alloc(65_536, " ");
    const more = () => {
      while (!response.destroyed && response.write(chunk));
      if (!response.destroyed) response.once("drain", more);
    };
    more();
  };
  for (const jwks of [
    floods,
    (response: ServerResponse) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
    (response: ServerResponse) => response.end("{"),
    (response: ServerResponse) => response.destroy(),
  ]) {
    await using w = await world();
    w.state.jwks = jwks;
    await assert.rejects(w.push(w.token()), (error) => isCountersignError(error, "access.issuer_unavailable"));
    const asked = w.server.requests.length;
    await assert.rejects(w.push(w.token()), (error) => isCountersignError(error, "access.issuer_unavailable"));
    assert.equal(w.server.requests.length, asked, "it is left alone for a while");
  }
});

test("a discovery document of another issuer, or that leads away from https, is not followed", async () => {
  for (const discovery of [
    { issuer: "https://token.actions.githubusercontent.com" },
    { issuer: undefined },
    { jwks_uri: "http://192.0.2.7/keys" },
    { jwks_uri: "file:///etc/passwd" },
    { jwks_uri: "https://user:password@127.0.0.1/keys" },
    { jwks_uri: 7 },
  ]) {
    await using w = await world();
    w.state.discovery = discovery;
    await assert.rejects(w.push(w.token()), (error) => isCountersignError(error, "access.issuer_unavailable"));
    assert.deepEqual(w.server.requests, ["GET /.well-known/openid-configuration"], JSON.stringify(discovery));
  }
});

test("an issuer on the network cannot send the server to look for keys on its own machine", async () => {
  const asked: string[] = [];
  const issuer = "https://ci.example.com";
  const client: HttpClient = {
    request: async ({ url }) => {
      asked.push(url.href);
      const body = Buffer.from(JSON.stringify({ issuer, jwks_uri: "http://127.0.0.1:8200/v1/secret" }));
      return { status: 200, headers: new Map(), url, body };
    },
    stream: () => assert.fail("not streamed"),
    close: () => undefined,
  };
  const clock = fakeClock();
  const keys = discoveredKeys(issuer, client, clock.now);
  await assert.rejects(
    keys.find(() => undefined),
    (error) => isCountersignError(error, "access.issuer_unavailable"),
  );
  assert.deepEqual(asked, [`${issuer}/.well-known/openid-configuration`]);
});

test("many jobs at once cost one fetch", async () => {
  await using w = await world();
  const answers = await Promise.all(Array.from({ length: 50 }, (_, at) => w.push(w.token({ at }))));
  assert.deepEqual(new Set(answers), new Set(["yes"]));
  assert.equal(w.server.requests.length, 2);
});

test("without a key id only a set with one fitting key decides", async () => {
  await using w = await world();
  const bare = makeToken({
    claims: {
      iss: w.server.origin,
      aud: audience,
      repository: "octo/app",
      ref: "refs/heads/main",
      exp: Math.floor(w.clock.now() / 1_000) + 90_000,
    },
    key: w.key,
  });
  assert.equal(await w.push(bare), "yes");
  w.state.keys = [publicJwk(w.key, { kid: "k1" }), publicJwk(newEcKey(), { kid: "k2" })];
  w.clock.advance(31 * second);
  await w.push(w.token({}, "k2"));
  w.clock.advance(61 * second);
  assert.equal(await w.push(bare), "the issuer has no such key");
});
