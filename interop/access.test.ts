// Access as old clients and the old server know it: the same challenges and refusals as Debian's notary-server, byte for byte, the
// notary client's own dance with a token service, and API tokens for clients that only know passwords.
import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { keyIdsOf } from "../src/access/verification-keys.ts";
import { loopbackServer, makeToken, newEcKey, publicJwk } from "../src/testing/index.ts";
import { countersignClient, startOurServer } from "./peers/countersign.ts";
import { dockerClient } from "./peers/docker-client.ts";
import { peerTest } from "./peers/find.ts";
import { notaryClient } from "./peers/notary-client.ts";
import { startServer } from "./peers/notary-server.ts";
import { freePort } from "./peers/process.ts";
import { type Scratch, scratch } from "./peers/scratch.ts";
import { startTokenIssuer, type TokenIssuer } from "./peers/token-issuer.ts";

const gun = "registry.example.com/team/app";

function startDebian(directory: Scratch, options: object) {
  return startServer(
    directory,
    "notary-tokens",
    {},
    {
      trust_service: { type: "local", key_algorithm: "ecdsa" },
      storage: { backend: "memory" },
      auth: { type: "token", options },
    },
  );
}

function startOurs(directory: Scratch, policy: object, tls = false) {
  writeFileSync(directory.at("policy.json"), JSON.stringify(policy));
  return startOurServer(directory, { tls, args: ["--access", directory.at("policy.json"), "--log", "json"] });
}

function ourPolicy({ rootcertbundle, ...docker }: TokenIssuer["options"]) {
  return { apiTokens: false, dockerTokens: { ...docker, rootCertBundle: rootcertbundle } };
}

peerTest("every challenge and refusal is notary-server's, byte for byte", ["notary-server"], async () => {
  using directory = scratch("access-bytes");
  await using issuer = await startTokenIssuer(directory);
  const { options } = issuer;
  const debian = await startDebian(directory, options);
  await using _debian = { [Symbol.asyncDispose]: () => debian.process.stop() };
  await using ours = await startOurs(directory, ourPolicy(options));
  const seconds = Math.floor(Date.now() / 1_000);
  const access = (...actions: string[]) => ({ access: [{ type: "repository", name: gun, actions }] });
  const bearers: readonly (readonly [string, string | undefined])[] = [
    ["nothing", undefined],
    ["no token", "Bearer nonsense"],
    ["two words", "Bearer a b"],
    ["Basic", "Basic dTpw"],
    ["no claims", `Bearer ${issuer.tokenWith({})}`],
    ["expired", `Bearer ${issuer.tokenWith({ exp: seconds - 120, ...access("pull") })}`],
    ["not yet", `Bearer ${issuer.tokenWith({ nbf: seconds + 120, ...access("pull") })}`],
    ["other audience", `Bearer ${issuer.tokenWith({ aud: "other", ...access("pull") })}`],
    ["other issuer", `Bearer ${issuer.tokenWith({ iss: "other", ...access("pull") })}`],
    [
      "other collection",
      `Bearer ${issuer.tokenWith({ access: [{ type: "repository", name: `${gun}2`, actions: ["*"] }] })}`,
    ],
    ["pull", `Bearer ${issuer.tokenWith(access("pull"))}`],
    ["push", `Bearer ${issuer.tokenWith(access("push"))}`],
    ["push,pull", `Bearer ${issuer.tokenWith(access("push", "pull"))}`],
    ["everything", `Bearer ${issuer.tokenWith(access("*"))}`],
    ["catalog", `Bearer ${issuer.tokenWith({ access: [{ type: "registry", name: "catalog", actions: ["*"] }] })}`],
  ];
  const trust = `/v2/${gun}/_trust`;
  const requests: readonly (readonly [string, string])[] = [
    ["GET", "/v2/"],
    ["GET", "/nonsense"],
    ["HEAD", `${trust}/tuf/root.json`],
    ["GET", "/v2/_trust/changefeed?records=1"],
    ["GET", `${trust}/changefeed?records=1`],
    ["GET", `${trust}/tuf/root.json`],
    ["GET", `${trust}/tuf/1.root.json`],
    ["GET", `${trust}/tuf/timestamp.key`],
    ["POST", `${trust}/tuf/`],
    ["POST", `${trust}/tuf/snapshot.key`],
    ["DELETE", `${trust}/tuf/`],
  ];
  for (const [method, path] of requests) {
    for (const [who, authorization] of bearers) {
      const ask = async (url: string) => {
        const headers = authorization === undefined ? {} : { authorization };
        const response = await fetch(`${url}${path}`, { method, headers });
        const body = await response.text();
        const isRefused = response.status === 401;
        return {
          status: response.status,
          challenge: inOrder(response.headers.get("www-authenticate")),
          type: isRefused ? response.headers.get("content-type") : "",
          body: isRefused ? body : "",
        };
      };
      assert.deepEqual(await ask(ours.url), await ask(debian.address.url), `${method} ${path} with ${who}`);
    }
  }
  // Here notary-server is narrower than RFC 7519, section 4.1.3: it refuses every list of audiences.
  const authorization = `Bearer ${issuer.tokenWith({ aud: ["other", options.service], ...access("pull") })}`;
  const status = async (url: string) =>
    (await fetch(`${url}${trust}/tuf/root.json`, { headers: { authorization } })).status;
  assert.deepEqual([await status(debian.address.url), await status(ours.url)], [401, 404]);
});

peerTest(
  "a key by its name, by itself or by a chain: believed and refused as by notary-server",
  ["notary-server"],
  async () => {
    using directory = scratch("access-keys");
    await using issuer = await startTokenIssuer(directory);
    const debian = await startDebian(directory, issuer.options);
    await using _debian = { [Symbol.asyncDispose]: () => debian.process.stop() };
    await using ours = await startOurs(directory, ourPolicy(issuer.options));
    const { authorityKey, certifiedKey, certificate } = issuer;
    const [kid] = keyIdsOf(createPublicKey(authorityKey));
    const [authority, certified, stranger] = [authorityKey, certifiedKey, newEcKey()].map((key) => publicJwk(key));
    const x5c = [certificate];
    const headers: readonly (readonly ["authority" | "certified", Readonly<Record<string, unknown>>])[] = [
      ["authority", { kid }],
      ["authority", { kid: "nobody's" }],
      ["authority", { jwk: authority }],
      ["authority", { jwk: { ...authority, kid } }],
      ["authority", { jwk: authority, kid: "nobody's" }],
      ["authority", { jwk: stranger, kid }],
      ["authority", { jwk: null, kid }],
      ["authority", { jwk: { ...authority, x5c } }],
      ["authority", { x5c: [], kid }],
      ["authority", { x5c: null, kid }],
      ["authority", { x5c, kid }],
      ["certified", { jwk: certified }],
      ["certified", { jwk: { ...certified, x5c } }],
      ["certified", { jwk: { ...stranger, x5c } }],
      ["certified", { jwk: authority }],
      ["certified", { x5c: [certificate.replace(/(.{64})/g, "$1\n")] }],
      ["certified", { x5c, jwk: stranger }],
    ];
    const seen = new Set<number>();
    for (const [signer, header] of headers) {
      const authorization = `Bearer ${issuer.tokenBy(signer, gun, header)}`;
      const status = async (url: string) =>
        (await fetch(`${url}/v2/${gun}/_trust/tuf/root.json`, { headers: { authorization } })).status;
      const theirs = await status(debian.address.url);
      assert.equal(await status(ours.url), theirs, `${signer} ${JSON.stringify(header).slice(0, 200)}`);
      seen.add(theirs);
    }
    assert.deepEqual(seen, new Set([401, 404]));
  },
);

/** notary-server writes several actions in any order. */
function inOrder(challenge: string | null): string | null {
  return challenge === null
    ? null
    : challenge.replace(/:([a-z*,]+)"/, (_, actions: string) => `:${actions.split(",").sort()}"`);
}

peerTest(
  "the notary client's dance with a token service ends as with notary-server",
  ["notary", "notary-server"],
  async () => {
    using directory = scratch("access-dance");
    await using issuer = await startTokenIssuer(directory);
    const { options } = issuer;
    const debian = await startDebian(directory, options);
    await using _debian = { [Symbol.asyncDispose]: () => debian.process.stop() };
    await using ours = await startOurs(directory, ourPolicy(options));
    writeFileSync(directory.at("content"), "content");
    const play = async (name: string, url: string) => {
      const client = notaryClient({ url, authority: undefined, trustDirectory: directory.at(`trust-${name}`) });
      const told: string[] = [];
      const from = issuer.requests.length;
      const wrong = Buffer.from("publisher:wrong").toString("base64");
      const as = async (credential: string | undefined, ...args: string[]) => {
        const env = credential === undefined ? {} : { NOTARY_AUTH: credential };
        const { status, stdout, stderr } = await client.runWith({ env }, ...args);
        told.push(
          `${args[0]} ${status} ${
            status === 0
              ? ""
              : (stdout + stderr)
                  .replaceAll(url, "URL")
                  .replace(/[0-9a-f]{64}/g, "KEY")
                  .replace(/time="[^"]*"/g, "")
                  .trim()
          }`,
        );
      };
      await as(undefined, "init", "-p", gun);
      await as(wrong, "init", "-p", gun);
      await as(issuer.credentials, "init", "-p", gun);
      await as(issuer.credentials, "add", "-p", gun, "1.0", directory.at("content"));
      await as(issuer.credentials, "list", gun);
      await as(undefined, "list", gun);
      await as(issuer.credentials, "key", "rotate", gun, "snapshot", "-r");
      await as(wrong, "delete", "--remote", gun);
      await as(issuer.credentials, "delete", "--remote", gun);
      return {
        told,
        asked: issuer.requests.slice(from).map((line) => line.replace(/(push%2Cpull|pull%2Cpush)/, "push,pull")),
      };
    };
    const [theirs, mine] = [await play("debian", debian.address.url), await play("ours", ours.url)];
    assert.deepEqual(mine.told, theirs.told);
    assert.deepEqual(mine.asked, theirs.asked);
    assert.ok(mine.told.includes("delete 0 ") && mine.told.some((line) => /^init 1/.test(line)), mine.told.join("\n"));
  },
);

peerTest("a client that only knows passwords uses an API token as one; a revoked one ends it", ["notary"], async () => {
  using directory = scratch("access-api-token");
  await using ours = await startOurs(directory, { anonymousPull: ["registry.example.com/public/*"] }, true);
  const administrator = countersignClient({ ...ours, home: directory.at("home") });
  const adminToken = ["--token-file", `${ours.dataDirectory}/admin-token`];
  const made = await administrator.json("token", "create", "old", "--push", "registry.example.com/**", ...adminToken);
  const { id, token } = made.answer as { id: string; token: string };
  const notary = notaryClient({ ...ours, trustDirectory: directory.at("trust") });
  const env = { NOTARY_AUTH: Buffer.from(`anybody:${token}`).toString("base64") };
  const run = (...args: string[]) => notary.runWith({ env }, ...args);
  writeFileSync(directory.at("content"), "content");
  for (const name of [gun, "registry.example.com/public/app"]) {
    for (const args of [
      ["init", "-p", name],
      ["add", "-p", name, "1.0", directory.at("content")],
      ["list", name],
    ]) {
      const { status, stdout, stderr } = await run(...args);
      assert.equal(status, 0, `${args.join(" ")}: ${stdout}${stderr}\n${ours.process.log()}`);
    }
  }
  const stranger = notaryClient({ ...ours, trustDirectory: directory.at("stranger") });
  assert.match((await stranger.ok("list", "registry.example.com/public/app")).stdout, /1\.0/);
  assert.notEqual((await stranger.run("list", gun)).status, 0);
  const rotated = await run("key", "rotate", gun, "snapshot", "-r");
  assert.match(rotated.stdout + rotated.stderr, /not authorized/, "push does not replace keys");
  await administrator.ok("token", "revoke", id, ...adminToken);
  assert.match((await run("add", "-p", gun, "2.0", directory.at("content"))).stderr, /not authorized|unauthorized/i);
  const log = ours.process.log();
  assert.match(log, new RegExp(`"who":"token:old \\(${id}\\)"`));
  assert.ok(
    !log.includes(token.slice(21)) &&
      !log.includes(readFileSync(`${ours.dataDirectory}/admin-token`, "utf8").slice(21, 60)),
  );
});

peerTest(
  "the docker client uses an API token from its own config, and sees nothing without one",
  ["notary", "docker-trust"],
  async () => {
    using directory = scratch("access-docker");
    await using ours = await startOurs(directory, {}, true);
    const administrator = countersignClient({ ...ours, home: directory.at("home") });
    const adminToken = ["--token-file", `${ours.dataDirectory}/admin-token`];
    const made = await administrator.json("token", "create", "old", "--push", "127.0.0.1:5999/*/*", ...adminToken);
    const { token } = made.answer as { token: string };
    const image = "127.0.0.1:5999/team/app";
    const auth = Buffer.from(`anybody:${token}`).toString("base64");
    const notary = notaryClient({ ...ours, trustDirectory: directory.at("trust") });
    writeFileSync(directory.at("content"), "content");
    for (const args of [
      ["init", image],
      ["add", "-p", image, "1.0", directory.at("content")],
    ]) {
      assert.equal((await notary.runWith({ env: { NOTARY_AUTH: auth } }, ...args)).status, 0);
    }
    const docker = dockerClient({ trustServer: ours.url, directory: directory.at("docker") });
    const stranger = await docker.run("trust", "inspect", `${image}:1.0`);
    assert.match(stranger.stderr, /no signatures or cannot access/);
    writeFileSync(directory.at("docker", "config.json"), JSON.stringify({ auths: { "127.0.0.1:5999": { auth } } }));
    const known = await docker.run("trust", "inspect", `${image}:1.0`);
    assert.match(known.stdout, /"SignedTag": "1.0"/, known.stderr);
  },
);

peerTest(
  "a CI job publishes with nothing but the ID token that it is given; another branch's job does not",
  [],
  async () => {
    using directory = scratch("access-ci");
    const key = newEcKey();
    // A CI system in one: discovery, keys, and the address where a job asks for its token.
    await using ci = await loopbackServer((request, response) => {
      const url = new URL(request.url ?? "/", ci.origin);
      const answers: Readonly<Record<string, () => object>> = {
        "/.well-known/openid-configuration": () => ({ issuer: ci.origin, jwks_uri: `${ci.origin}/keys` }),
        "/keys": () => ({ keys: [publicJwk(key, { kid: "k", alg: "ES256" })] }),
        "/job": () => {
          const claims = { repository: "octo/app", ref: request.headers.authorization?.replace("Bearer ", "") };
          const exp = Math.floor(Date.now() / 1_000) + 300;
          const named = { iss: ci.origin, aud: url.searchParams.get("audience"), sub: "job", exp };
          return { value: makeToken({ header: { kid: "k" }, claims: { ...named, ...claims }, key }) };
        },
      };
      response.end(JSON.stringify(answers[url.pathname]?.() ?? {}));
    });
    const port = await freePort();
    const rule = {
      claims: { repository: "octo/app", ref: "refs/heads/main" },
      collections: [gun],
      actions: ["pull", "push"],
    };
    const oidc = [{ issuer: ci.origin, audience: `https://127.0.0.1:${port}`, rules: [rule] }];
    writeFileSync(directory.at("policy.json"), JSON.stringify({ oidc }));
    await using ours = await startOurServer(directory, { port, args: ["--access", directory.at("policy.json")] });
    const job = (ref: string) =>
      countersignClient({
        ...ours,
        home: directory.at("home"),
        env: { ACTIONS_ID_TOKEN_REQUEST_URL: `${ci.origin}/job?api=1`, ACTIONS_ID_TOKEN_REQUEST_TOKEN: ref },
      });
    const kit = directory.at("kit.txt");
    const other = await job("refs/heads/other").run("init", gun, "--recovery-kit", kit);
    assert.equal(other.status, 5, other.stdout + other.stderr);
    const main = job("refs/heads/main");
    await main.ok("init", gun, "--recovery-kit", directory.at("kit-of-main.txt"));
    await main.ok("tags", gun);
    const stranger = countersignClient({ ...ours, home: directory.at("home") });
    assert.equal((await stranger.run("tags", gun)).status, 5);
  },
);
