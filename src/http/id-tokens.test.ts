// Tokens that are sent without a dance: to whom, and to nobody else; ID tokens and the audience they are made for.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isCountersignError } from "../bytes/index.ts";
import { fakeClock, loopbackServer, makeToken, newEcKey } from "../testing/index.ts";
import { createAuthorizedClient } from "./authorized-client.ts";
import { credentialFor } from "./credentials.ts";
import { ciIdTokens } from "./id-tokens.ts";
import { createHttpClient } from "./node-client.ts";

const clock = fakeClock();
const access = { scope: "repository:team/app:push,pull" };
const offer = 'Bearer realm="/token",service="x", Countersign-Id-Token realm="x"';

function tokenFor(aud: unknown, seconds = 300): string {
  return makeToken({ claims: { aud, exp: Math.floor(clock.now() / 1_000) + seconds }, key: newEcKey() });
}

const plain = createHttpClient({ sleep: async () => undefined });

/** Answers 200 to these bearers only. */
function guarded(challenge: string, good: (authorization: string) => boolean) {
  return loopbackServer((request, response) => {
    if (good(request.headers.authorization ?? "")) response.end("ok");
    else response.writeHead(401, { "www-authenticate": challenge }).end();
  });
}

test("an API token goes to its own host at once, to no other host, and is not traded when refused", async () => {
  await using mine = await guarded(offer, (value) => value === "Bearer cst_x");
  await using other = await guarded('Basic realm="x"', () => false);
  const client = createAuthorizedClient({
    client: plain,
    clock: clock.now,
    bearer: { host: mine.host, read: async () => "cst_x" },
    credentials: async () => ({ kind: "password", username: "u", password: "p" }),
    idTokens: async () => assert.fail("not asked"),
  });
  const ask = (origin: string) => client.request({ method: "GET", url: new URL(origin), maxBytes: 100 }, access);
  assert.equal((await ask(mine.origin)).status, 200);
  assert.equal(mine.requests.length, 1);
  await assert.rejects(ask(other.origin), (error) => isCountersignError(error, "download.denied"));
  assert.ok(other.headers.every(({ authorization }) => !authorization?.includes("cst_x")));
  await using refusing = await guarded(offer, () => false);
  const refused = createAuthorizedClient({
    client: plain,
    clock: clock.now,
    bearer: { host: refusing.host, read: async () => "cst_x" },
    credentials: async () => assert.fail("no other credential"),
  });
  const error = await refused
    .request({ method: "GET", url: new URL(refusing.origin), maxBytes: 100 }, access)
    .catch((cause: unknown) => cause);
  assert.ok(isCountersignError(error, "download.denied") && !`${error.message}${error.hints}`.includes("cst_x"));
  assert.equal(refusing.requests.length, 1);
});

test("without a right to prove, no token is sent", async () => {
  await using mine = await guarded(offer, () => true);
  const bearer = { host: mine.host, read: async () => assert.fail("not read") };
  const client = createAuthorizedClient({ client: plain, clock: clock.now, bearer });
  await client.request({ method: "GET", url: new URL(mine.origin), maxBytes: 100 });
  assert.equal(mine.headers[0]?.authorization, undefined);
});

test("a GitHub job's ID token is made for the server we chose, once, and only when it is asked for", async () => {
  const made: string[] = [];
  await using github = await loopbackServer((request, response) => {
    const url = new URL(request.url ?? "", "http://github");
    if (request.headers.authorization !== "Bearer job-secret" || url.searchParams.get("api") !== "2") {
      response.writeHead(403).end();
      return;
    }
    const token = tokenFor(url.searchParams.get("audience"));
    made.push(`Bearer ${token}`);
    response.end(JSON.stringify({ value: token }));
  });
  // The server names another audience: nobody may listen to it.
  await using server = await guarded(`${offer}, audience="https://other.example.com"`, (value) => made.includes(value));
  const env = { ACTIONS_ID_TOKEN_REQUEST_URL: `${github.origin}/?api=2`, ACTIONS_ID_TOKEN_REQUEST_TOKEN: "job-secret" };
  const client = createAuthorizedClient({ client: plain, clock: clock.now, idTokens: ciIdTokens(env, plain) });
  const ask = () => client.request({ method: "GET", url: new URL(server.origin), maxBytes: 100 }, access);
  assert.equal((await ask()).status, 200);
  assert.equal((await ask()).status, 200);
  assert.equal(made.length, 1);
  assert.match(github.requests[0] ?? "", new RegExp(`audience=${encodeURIComponent(server.origin)}$`));
  assert.ok(server.headers.every(({ authorization }) => !authorization?.includes("job-secret")));
  clock.advance(296_000);
  await ask();
  assert.equal(made.length, 2);
});

test("a credential for the server goes before the job's token; a server that does not offer gets none", async () => {
  const idTokens = async () => assert.fail("not asked");
  await using basic = await guarded('Basic realm="x", Countersign-Id-Token realm="x"', (value) =>
    value.startsWith("Basic "),
  );
  const credentials = credentialFor(basic.host, { kind: "password", username: "u", password: "p" });
  const client = createAuthorizedClient({ client: plain, clock: clock.now, idTokens, credentials });
  const response = await client.request({ method: "GET", url: new URL(basic.origin), maxBytes: 100 }, access);
  assert.equal(response.status, 200);
  await using silent = await guarded('Basic realm="x"', () => false);
  const other = createAuthorizedClient({ client: plain, clock: clock.now, idTokens });
  const refused = other.request({ method: "GET", url: new URL(silent.origin), maxBytes: 100 }, access);
  await assert.rejects(refused, (error) => isCountersignError(error, "download.denied"));
});

test("a token given for another server is not handed to this one", async () => {
  const source = (token: string, audience?: string) =>
    ciIdTokens({ COUNTERSIGN_ID_TOKEN: token, COUNTERSIGN_ID_TOKEN_AUDIENCE: audience }, plain)(
      "https://trust.example.com",
      undefined,
    );
  const mine = tokenFor("https://trust.example.com");
  assert.equal((await source(`${mine}\n`))?.text, mine);
  assert.equal((await source(tokenFor(["a", "https://trust.example.com"])))?.until, clock.now() + 300_000);
  for (const token of [
    tokenFor("https://other.example.com"),
    tokenFor([]),
    tokenFor(undefined),
    "no-jwt",
    "no jwt",
    `${mine}\r\nx`,
  ]) {
    await assert.rejects(source(token), (error) => {
      assert.ok(isCountersignError(error, "usage.invalid"));
      return !error.message.includes(token);
    });
  }
  assert.ok(await source(tokenFor("elsewhere"), "elsewhere"));
  assert.equal(await ciIdTokens({}, plain)("https://trust.example.com", undefined), undefined);
});

test("a reply that holds no token, or one that could end the header, is not sent on", async () => {
  for (const reply of ["{}", '{"value":""}', '{"value":"a\\r\\nx: y"}', '{"value":7}', "nonsense"]) {
    await using github = await loopbackServer((_, response) => response.end(reply));
    const env = { ACTIONS_ID_TOKEN_REQUEST_URL: github.origin, ACTIONS_ID_TOKEN_REQUEST_TOKEN: "s" };
    await assert.rejects(ciIdTokens(env, plain)("https://x", undefined), (error) =>
      isCountersignError(error, "download.failed"),
    );
  }
});
