// Proving who we are: to whom, for what, and never to anybody else.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CountersignError, type ErrorCode } from "../bytes/index.ts";
import { fakeClock, type LoopbackHandler, type LoopbackServer, loopbackServer } from "../testing/index.ts";
import { type AuthorizedClient, createAuthorizedClient } from "./authorized-client.ts";
import { type Credential, type CredentialSource, credentialFor } from "./credentials.ts";
import { createHttpClient } from "./node-client.ts";

const clock = fakeClock();
const secret = "s3cret";
const alice: Credential = { kind: "password", username: "alice", password: secret };
const scope = "repository:team/app:pull";

function clientWith(credentials: CredentialSource): AuthorizedClient {
  return createAuthorizedClient({
    client: createHttpClient({ sleep: async () => undefined }),
    credentials,
    clock: clock.now,
  });
}

function get(client: AuthorizedClient, server: LoopbackServer, access: { scope: string } | undefined = { scope }) {
  return client.request({ method: "GET", url: new URL("/v2/x", server.origin), maxBytes: 1000 }, access);
}

/** Asks for a token from `realm` unless the request carries one of `good`. */
function protectedServer(realm: () => string, good: (authorization: string) => boolean): Promise<LoopbackServer> {
  return loopbackServer((request, response) => {
    if (good(request.headers.authorization ?? "")) response.end("ok");
    else response.writeHead(401, { "www-authenticate": `Bearer realm="${realm()}",service="svc"` }).end();
  });
}

function tokenService(handler?: LoopbackHandler): Promise<LoopbackServer> {
  return loopbackServer(handler ?? ((_, response) => response.end(JSON.stringify({ token: "t1", expires_in: 60 }))));
}

async function refused(work: Promise<unknown>, code: ErrorCode): Promise<CountersignError> {
  const error: unknown = await work.then(
    () => assert.fail(`expected ${code}`),
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof CountersignError, String(error));
  assert.equal(error.code, code, error.message);
  assert.doesNotMatch(JSON.stringify([error.message, error.hints, String(error.cause)]), /s3cret/);
  return error;
}

test("a token is asked for once a scope, with service, scope and account, and used until shortly before its end", async () => {
  await using realm = await tokenService();
  await using server = await protectedServer(
    () => `${realm.origin}/token`,
    (value) => value === "Bearer t1",
  );
  const client = clientWith(credentialFor(server.host, alice));
  await get(client, server);
  await get(client, server);
  assert.deepEqual(realm.requests, ["GET /token?service=svc&scope=repository%3Ateam%2Fapp%3Apull&account=alice"]);
  assert.equal(realm.headers[0]?.authorization, `Basic ${Buffer.from(`alice:${secret}`).toString("base64")}`);
  assert.equal(server.headers[0]?.authorization, undefined);
  clock.advance(56_000);
  await get(client, server);
  assert.equal(realm.requests.length, 2);
  await get(client, server, { scope: "repository:team/app:push,pull" });
  assert.equal(realm.requests.length, 3, "another scope is another token");
});

test("the password never reaches the registry itself when it asks for tokens", async () => {
  await using realm = await tokenService();
  await using server = await protectedServer(
    () => realm.origin,
    (value) => value === "Bearer t1",
  );
  await get(clientWith(credentialFor(server.host, alice)), server);
  for (const headers of server.headers) assert.doesNotMatch(headers.authorization ?? "", /Basic/);
});

test("a credential for one host is not given to another", async () => {
  await using realm = await tokenService((request, response) => {
    if (request.headers.authorization === undefined) response.writeHead(401).end();
    else response.end(JSON.stringify({ token: "t1" }));
  });
  await using server = await protectedServer(
    () => realm.origin,
    (value) => value === "Bearer t1",
  );
  await refused(get(clientWith(credentialFor("registry.example.com", alice)), server), "download.denied");
  assert.equal(realm.headers[0]?.authorization, undefined);
});

test("a realm in plain http beyond loopback, with a password, or of another scheme gets no credential", async () => {
  for (const realm of ["http://auth.example.com/token", "http://x:y@127.0.0.1/", "ftp://auth.example.com/", "", "::"]) {
    await using server = await protectedServer(
      () => realm,
      () => false,
    );
    await refused(get(clientWith(credentialFor(server.host, alice)), server), "download.failed");
  }
});

test("a redirecting token service is refused", async () => {
  await using thief = await tokenService();
  await using realm = await tokenService((_, response) => response.writeHead(307, { location: thief.origin }).end());
  await using server = await protectedServer(
    () => realm.origin,
    () => false,
  );
  await refused(get(clientWith(credentialFor(server.host, alice)), server), "download.redirected");
  assert.deepEqual(thief.requests, []);
});

test("a challenge from where a redirect led is not answered", async () => {
  await using realm = await tokenService();
  await using store = await protectedServer(
    () => realm.origin,
    () => false,
  );
  await using server = await loopbackServer((_, response) => response.writeHead(302, { location: store.origin }).end());
  const client = clientWith(async () => alice);
  const url = new URL("/blob", server.origin);
  await refused(client.request({ method: "GET", url, maxBytes: 10, redirects: "blob" }, { scope }), "download.denied");
  assert.deepEqual(realm.requests, []);
});

test("a refused token is replaced once, then the refusal stands", async () => {
  let count = 0;
  await using realm = await tokenService((_, response) => {
    count += 1;
    response.end(JSON.stringify({ access_token: `t${count}` }));
  });
  await using server = await protectedServer(
    () => realm.origin,
    () => false,
  );
  await refused(get(clientWith(credentialFor(server.host, alice)), server), "download.denied");
  assert.ok(count <= 2);
  await using revoked = await protectedServer(
    () => realm.origin,
    (value) => value === `Bearer t${count}`,
  );
  const client = clientWith(credentialFor(revoked.host, alice));
  assert.equal((await get(client, revoked)).status, 200);
  count += 1;
  assert.equal((await get(client, revoked)).status, 200);
});

test("a token service that refuses is download.denied and its words are one bounded line", async () => {
  await using realm = await tokenService((_, response) =>
    response.writeHead(401).end(JSON.stringify({ details: `no\n\u001b[31m${"x".repeat(1000)}` })),
  );
  await using server = await protectedServer(
    () => realm.origin,
    () => false,
  );
  const error = await refused(get(clientWith(credentialFor(server.host, alice)), server), "download.denied");
  assert.match(error.message, /: no \[31mx+\.\.\.$/);
  assert.ok(error.message.length < 500);
});

test("a token that could break out of its header, an empty one, or no JSON is download.failed", async () => {
  for (const reply of [
    JSON.stringify({ token: "a\r\nevil: 1" }),
    JSON.stringify({ token: "" }),
    "<html>",
    '{"token":["t1"]}',
  ]) {
    await using realm = await tokenService((_, response) => response.end(reply));
    await using server = await protectedServer(
      () => realm.origin,
      () => false,
    );
    await refused(
      get(
        clientWith(async () => undefined),
        server,
      ),
      "download.failed",
    );
  }
});

test("an identity token goes to the token service as an OAuth2 refresh, in a body", async () => {
  let form = "";
  await using realm = await tokenService((_, response, body) => {
    form = body.toString();
    response.end(JSON.stringify({ access_token: "t1" }));
  });
  await using server = await protectedServer(
    () => realm.origin,
    (value) => value === "Bearer t1",
  );
  await get(clientWith(credentialFor(server.host, { kind: "identityToken", token: secret })), server);
  assert.deepEqual(realm.requests, ["POST /"]);
  assert.equal(new URLSearchParams(form).get("refresh_token"), secret);
  assert.equal(new URLSearchParams(form).get("grant_type"), "refresh_token");
});

test("Basic is answered with a password, after the challenge, and a wrong one is denied after one try", async () => {
  await using server = await loopbackServer((request, response) => {
    if (request.headers.authorization === `Basic ${Buffer.from(`alice:${secret}`).toString("base64")}`)
      response.end("ok");
    else response.writeHead(401, { "www-authenticate": 'Basic realm="r"' }).end();
  });
  assert.equal((await get(clientWith(credentialFor(server.host, alice)), server)).status, 200);
  const wrong = clientWith(credentialFor(server.host, { ...alice, password: "s3cret-wrong" }));
  const before = server.requests.length;
  await refused(get(wrong, server), "download.denied");
  assert.equal(server.requests.length - before, 2);
});

test("the credential source is asked once a host, however many requests follow", async () => {
  let asked = 0;
  await using realm = await tokenService();
  await using server = await protectedServer(
    () => realm.origin,
    (value) => value === "Bearer t1",
  );
  const client = clientWith(async () => {
    asked += 1;
    return undefined;
  });
  for (let i = 0; i < 3; i++) await get(client, server, { scope: `repository:team/app${i}:pull` });
  assert.equal(asked, 1);
});

test("a server that wants a right of the whole registry for what is in one repository is shown no password and no token", async () => {
  await using realm = await tokenService();
  let wanted = "registry:catalog:*";
  await using server = await loopbackServer((_, response) => {
    const challenge = `Bearer realm="${realm.origin}/token",service="svc",scope="${wanted}"`;
    response.writeHead(401, { "www-authenticate": challenge }).end();
  });
  const ask = (access = { scope }) => get(clientWith(credentialFor(server.host, alice)), server, access);
  assert.equal((await ask()).status, 401);
  assert.deepEqual([realm.requests, server.headers[0]?.authorization], [[], undefined]);
  // Who needs that right, or a right of the repository, shows who they are as ever.
  await refused(ask({ scope: "registry:catalog:*" }), "download.denied");
  await refused(ask({ scope: "countersign:tokens:*" }), "download.denied");
  for (wanted of ["repository:team/other:pull", "registry:catalog:* repository:team/app:pull", ""]) {
    await refused(ask(), "download.denied");
  }
  assert.equal(realm.requests.length, 5);
});
