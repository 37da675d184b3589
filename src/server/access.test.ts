// Who gets at what: every route without its right, the detours around the check, and what a refusal gives away.
import assert from "node:assert/strict";
import { createServer, request as httpRequest } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import type { Action } from "../access/index.ts";
import { type GuardedApp, openGuardedApp } from "./guarded-app.test.ts";
import { nodeListener } from "./node-listener.ts";

const gun = "registry.example.com/team/app";
const trust = `/v2/${gun}/_trust`;
const hex = "ab".repeat(32);

/** Method, path, and what it needs. */
const routes: readonly (readonly [string, string, "none" | "catalog" | "admin" | readonly Action[]])[] = [
  ["GET", "/v2/_trust/changefeed?records=1", "catalog"],
  ["GET", "/v2", "catalog"],
  ["GET", "/nonsense", "catalog"],
  ["POST", "/nonsense", "catalog"],
  ["GET", `${trust}/nonsense`, "catalog"],
  ["GET", "/v2/-a/_trust/tuf/root.json", "catalog"],
  ["GET", "/_countersign/nonsense", "catalog"],
  ["GET", `${trust}/changefeed?records=1`, ["pull"]],
  ["GET", `${trust}/tuf/root.json`, ["pull"]],
  ["GET", `${trust}/tuf/1.root.json`, ["pull"]],
  ["GET", `${trust}/tuf/root.${hex}.json`, ["pull"]],
  ["GET", `${trust}/tuf/targets/releases.json`, ["pull"]],
  ["HEAD", `${trust}/tuf/root.json`, "catalog"],
  ["PUT", `${trust}/tuf/root.json`, "catalog"],
  ["GET", `${trust}/tuf/`, "catalog"],
  ["GET", `${trust}/bundle`, ["pull"]],
  ["HEAD", `${trust}/bundle`, ["pull"]],
  ["POST", `${trust}/bundle`, "catalog"],
  ["GET", `${trust}/status`, ["pull"]],
  ["HEAD", `${trust}/status`, ["pull"]],
  ["GET", `${trust}/tuf1/metadata/timestamp.json`, ["pull"]],
  ["HEAD", `${trust}/tuf1/metadata/timestamp.json`, ["pull"]],
  ["GET", `${trust}/tuf1/targets/${hex}.x`, ["pull"]],
  ["GET", `${trust}/tuf/timestamp.key`, ["push", "pull"]],
  ["GET", `${trust}/tuf/snapshot.key`, ["push", "pull"]],
  ["POST", `${trust}/tuf/`, ["push", "pull"]],
  ["POST", `${trust}/publish`, ["push", "pull"]],
  ["GET", `${trust}/publish`, "catalog"],
  ["POST", `${trust}/tuf/timestamp.key`, ["*"]],
  ["POST", `${trust}/tuf/snapshot.key`, ["*"]],
  ["DELETE", `${trust}/tuf/`, ["*"]],
  ["GET", "/_countersign/tokens", "admin"],
  ["POST", "/_countersign/tokens", "admin"],
  ["DELETE", "/_countersign/tokens/0123456789abcdef", "admin"],
  ["GET", "/_notary_server/health", "none"],
  ["GET", "/metrics", "none"],
];

test("every route asks for exactly its right, of somebody unknown, of everybody else, and lets in who has it", async () => {
  await using world = await openGuardedApp();
  const holders = {
    pull: await world.token(gun, "pull"),
    push: await world.token(gun, "push"),
    both: await world.token(gun, "push", "pull"),
    all: await world.token(gun, "*"),
    elsewhere: await world.token("registry.example.com/team/app2", "*"),
    catalog: await world.catalog(),
    admin: await world.admin(),
  };
  for (const [method, path, needs] of routes) {
    const isIn = async (token: string | undefined) => {
      const { status } = await world.send(method, path, token);
      return status !== 401 && status !== 403;
    };
    const what = `${method} ${path}`;
    assert.equal(await isIn(undefined), needs === "none", what);
    for (const [name, token] of Object.entries(holders)) {
      const has: Readonly<Record<string, readonly string[]>> = {
        pull: ["pull"],
        push: ["push"],
        both: ["push", "pull"],
        all: ["push", "pull", "*"],
        elsewhere: [],
        catalog: ["catalog"],
        admin: ["admin"],
      };
      const wanted = typeof needs === "string" ? [needs] : needs;
      const expected = needs === "none" || wanted.every((right) => has[name]?.includes(right));
      // The deletion of one round must not be missed by the next: nothing is there to begin with.
      assert.equal(await isIn(token), expected, `${what} by ${name}`);
    }
  }
});

test("a method that no route knows is refused without being answered as another", async () => {
  await using world = await openGuardedApp();
  await world.publish(gun);
  for (const method of ["OPTIONS", "PATCH", "PROPFIND"]) {
    const response = await world.send(method, `${trust}/tuf/root.json`);
    assert.ok(response.status === 405 || response.status === 401, method);
    assert.doesNotMatch(await response.text(), /signatures/);
  }
});

test("the refusals are notary-server's to the byte on its routes, and say what is needed on ours", async () => {
  await using world = await openGuardedApp();
  const ping = await world.send("GET", "/v2/");
  assert.equal(ping.status, 401);
  assert.equal(ping.headers.get("content-type"), "application/json; charset=utf-8");
  assert.equal(
    await ping.text(),
    '{"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":[{"Type":"registry","Class":"","Name":"catalog","Action":"*"}]}]}\n',
  );
  const key = await world.send("GET", `${trust}/tuf/timestamp.key`);
  assert.equal(
    await key.text(),
    `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":[{"Type":"repository","Class":"","Name":"${gun}","Action":"push"},{"Type":"repository","Class":"","Name":"${gun}","Action":"pull"}]}]}\n`,
  );
  const realm = 'Bearer realm="https://trust.example.com/token",service="trust.example.com"';
  assert.equal(key.headers.get("www-authenticate"), `${realm},scope="repository:${gun}:push,pull"`);
  const ours = await world.send("POST", `${trust}/publish`, await world.token(gun, "pull"));
  assert.equal(ours.status, 401);
  assert.match(await ours.text(), /"access.denied".*needed on registry.example.com\/team\/app: push, pull/);
  assert.match(ours.headers.get("www-authenticate") ?? "", /error="insufficient_scope"$/);
  const admin = await world.send("GET", "/_countersign/tokens", await world.token(gun, "*"));
  assert.equal(admin.status, 403);
});

test("a private collection that is there cannot be told from one that is not", async () => {
  await using world = await openGuardedApp();
  await world.publish(gun);
  const elsewhere = await world.token("other", "*");
  for (const path of ["tuf/root.json", "bundle", "status", "tuf1/metadata/timestamp.json", "changefeed?records=1"]) {
    for (const token of [undefined, elsewhere]) {
      const there = await world.send("GET", `${trust}/${path}`, token);
      const missing = await world.send("GET", `${trust.replace("app", "nop")}/${path}`, token);
      assert.equal(there.status, 401, path);
      assert.equal((await there.text()).replaceAll("team/app", "team/nop"), await missing.text(), path);
    }
  }
});

test("a refused upload is not read, and a refused key is not made", async () => {
  await using world = await openGuardedApp();
  let pulled = 0;
  const body = (async function* () {
    pulled++;
    yield Buffer.alloc(1024);
  })();
  const pull = await world.token(gun, "pull");
  for (const path of ["publish", "tuf/"]) {
    assert.equal((await world.send("POST", `${trust}/${path}`, pull, { body })).status, 401);
  }
  assert.equal(pulled, 0);
  await world.send("GET", `${trust}/tuf/timestamp.key`, pull);
  assert.equal((await world.storage.serverKeys((await world.publish("other")).gun, "timestamp")).length, 1);
  const { parseGun } = await import("../bytes/index.ts");
  assert.deepEqual(await world.storage.serverKeys(parseGun(gun), "timestamp"), []);
});

test("a token in the address, in another header or twice in one is no token", async () => {
  await using world = await openGuardedApp();
  await world.publish(gun);
  const token = await world.token(gun, "*");
  for (const query of [`access_token=${token}`, `token=${token}`, `authorization=Bearer%20${token}`]) {
    assert.equal((await world.send("GET", `${trust}/tuf/root.json?${query}`)).status, 401, query.slice(0, 14));
  }
  for (const authorization of [
    token,
    `Bearer ${token} ${token}`,
    `Bearer, ${token}`,
    `Token ${token}`,
    `Bearer ${token}, Bearer x`,
  ]) {
    assert.equal((await world.send("GET", `${trust}/status`, undefined, { authorization })).status, 401);
  }
  assert.equal(
    (await world.send("GET", `${trust}/status`, undefined, { authorization: `bEARER  ${token}` })).status,
    200,
  );
});

test("who may read one collection is not given another by any spelling of a path", async () => {
  await using world = await openGuardedApp();
  await world.publish(gun);
  const token = await world.token("registry.example.com/team/other", "*");
  const spellings = [
    `${trust}/tuf/root.json`,
    trust.replaceAll("/team/app", "%2Fteam%2Fapp").concat("/tuf/root.json"),
    trust.replace("app", "%61pp").concat("/tuf/root.json"),
    `/v2/registry.example.com/team/other/../app/_trust/tuf/root.json`,
    `/v2/registry.example.com/team/other/%2e%2e/app/_trust/tuf/root.json`,
    `/v2/registry.example.com/team/other/_trust/../../app/_trust/tuf/root.json`,
    `/v2/registry.example.com/team/other/_trust/tuf/../../../app/_trust/tuf/root.json`,
    `/v2/registry.example.com/team/other%2F_trust%2F..%2F..%2Fapp/_trust/tuf/root.json`,
    `/v2/${gun}%00registry.example.com/team/other/_trust/tuf/root.json`,
    `/v2/${gun}/_trust/tuf/root.json?gun=registry.example.com/team/other`,
    `/v2/registry.example.com/team/other;/../app/_trust/tuf/root.json`,
    `//v2/${gun}/_trust/tuf/root.json`,
    `/v2//${gun}/_trust/tuf/root.json`,
    `/v2/registry.example.com/team/other/_trust/tuf/root.json#/../../../app`,
  ];
  await withSocket(world, async (fetchRaw) => {
    // In memory first, by somebody who may.
    const good = await world.token(gun, "pull");
    for (let round = 0; round < 2; round++) {
      assert.match(await fetchRaw(`${trust}/tuf/root.json`, `Bearer ${good}`), /^HTTP\/1.1 200[\s\S]*signatures/);
    }
    for (const path of spellings) {
      for (const authorization of [undefined, `Bearer ${token}`]) {
        const answer = await fetchRaw(path, authorization);
        assert.doesNotMatch(answer, /signatures/, path);
        assert.match(answer, /^HTTP\/1.1 4\d\d/, path);
      }
    }
    const absolute = `http://trust.example.com${trust}/tuf/root.json`;
    assert.doesNotMatch(await fetchRaw(absolute, `Bearer ${token}`), /signatures/);
  });
});

test("what is in memory is given to who may read it and to nobody else, and not past a revocation or a deletion", async () => {
  await using world = await openGuardedApp({ anonymousPull: ["registry.example.com/public/*"] });
  await world.publish(gun);
  await world.publish("registry.example.com/public/app");
  const made = await world.access.tokens?.create({
    name: "reader",
    grants: { collections: [{ collections: [gun], actions: ["pull"] }], catalog: false, admin: false },
    expiresAt: world.clock.now() + 3_600_000,
  });
  const bearer = `Bearer ${made?.secret}`;
  const path = `${trust}/tuf/timestamp.json`;
  const ready = (authorization: string | undefined, at = path) => world.app.ready(at, authorization, "192.0.2.1");
  assert.equal(ready(bearer), undefined, "nothing is in memory yet");
  assert.equal((await world.send("GET", path, made?.secret)).status, 200);
  assert.notEqual(ready(bearer), undefined);
  const other = await world.token("registry.example.com/team/other", "*");
  await world.send("GET", path, other);
  for (const authorization of [
    undefined,
    "",
    `Bearer ${other}`,
    "Bearer anonymous",
    "Bearer x",
    `${bearer}x`,
    `Basic ${made?.secret}`,
  ]) {
    assert.equal(ready(authorization), undefined, authorization?.slice(0, 12));
  }
  const open = "/v2/registry.example.com/public/app/_trust/tuf/timestamp.json";
  assert.equal((await world.send("GET", open)).status, 200);
  assert.notEqual(ready(undefined, open), undefined);
  assert.equal((await world.send("GET", path, made?.secret)).status, 200);
  assert.notEqual(ready(bearer), undefined);
  await world.access.tokens?.revoke(made?.info.id ?? "");
  assert.equal(ready(bearer), undefined);
  assert.equal((await world.send("GET", path, made?.secret)).status, 401);
});

test("what not everybody may read says so to the caches in front; what is public may be kept by them", async () => {
  await using world = await openGuardedApp({ anonymousPull: ["registry.example.com/public/*"] });
  await world.publish(gun);
  await world.publish("registry.example.com/public/app");
  const token = await world.token("**", "pull");
  for (const file of [
    "tuf/timestamp.json",
    "tuf/1.root.json",
    "tuf1/metadata/timestamp.json",
    "tuf1/metadata/1.root.json",
    "bundle",
  ]) {
    const mine = await world.send("GET", `${trust}/${file}`, token);
    assert.equal(mine.status, 200);
    assert.match(mine.headers.get("cache-control") ?? "", /^private, /, file);
    assert.doesNotMatch(mine.headers.get("cache-control") ?? "", /public|s-maxage/, file);
    const kept = world.app.ready(`${trust}/${file}`, `Bearer ${token}`, "");
    assert.ok(kept !== undefined && !kept.headers.join(" ").includes("public"), file);
  }
  const everybodys = await world.send("GET", "/v2/registry.example.com/public/app/_trust/tuf/timestamp.json", token);
  assert.equal(everybodys.headers.get("cache-control"), "public, max-age=300, s-maxage=300, must-revalidate");
});

test("names the server is not for are turned away before anybody's rights are looked at", async () => {
  await using world = await openGuardedApp({}, { gunPrefixes: ["registry.example.com/"] });
  assert.equal((await world.send("POST", "/v2/elsewhere/app/_trust/tuf/")).status, 400);
  assert.equal((await world.send("GET", "/v2/elsewhere/app/_trust/tuf/root.json")).status, 404);
  assert.equal((await world.send("GET", `${trust}/tuf/root.json`)).status, 401);
});

test("the log says who, and why somebody was turned away, and never what they sent", async () => {
  await using world = await openGuardedApp();
  await world.publish(gun);
  assert.match(String(world.log.at(-1)?.who), /^token:test \([0-9a-f]{16}\)$/);
  const token = await world.token("other", "pull");
  await world.send("GET", `${trust}/status`, token);
  assert.equal(world.log.at(-1)?.code, "access.denied");
  assert.match(String(world.log.at(-1)?.who), /^token:test/);
  await world.send("GET", `${trust}/status`, `${token.slice(0, -1)}!`);
  assert.equal(world.log.at(-1)?.who, undefined);
  assert.ok(!JSON.stringify(world.log).includes(token.slice(21, 40)));
});

test("when the tokens cannot be read the answer is that the server cannot, on both kinds of route", async () => {
  await using world = await openGuardedApp();
  const token = await world.token(gun, "pull");
  world.clock.advance(120_000);
  await world.storage.close();
  for (const path of ["status", "tuf/root.json"]) {
    const response = await world.send("GET", `${trust}/${path}`, token);
    assert.equal(response.status, 503);
    assert.doesNotMatch(await response.text(), /signatures/);
  }
});

type FetchRaw = (path: string, authorization: string | undefined) => Promise<string>;

/** The app behind a real socket; paths go out exactly as written. */
async function withSocket(world: GuardedApp, work: (fetchRaw: FetchRaw) => Promise<void>): Promise<void> {
  const server = createServer(nodeListener(world.app, () => true));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  try {
    await work(
      (path, authorization) =>
        new Promise((resolve, reject) => {
          const socket = connect(port, "127.0.0.1");
          const head = [`GET ${path} HTTP/1.1`, "Host: trust.example.com", "Connection: close"];
          if (authorization !== undefined) head.push(`Authorization: ${authorization}`);
          let text = "";
          socket.on("data", (chunk) => {
            text += String(chunk);
          });
          socket.on("error", reject).on("close", () => resolve(text));
          socket.write(`${head.join("\r\n")}\r\n\r\n`);
        }),
    );
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

test("over a socket: a host that could end the challenge is not copied into it", async () => {
  await using world = await openGuardedApp();
  const server = createServer(nodeListener(world.app, () => true));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  try {
    for (const [host, realm] of [
      ["trust.example.com", "http://trust.example.com/token"],
      ['a",x="b', "/token"],
      ["a/b", "/token"],
      ["user@evil", "/token"],
    ] as const) {
      const challenge = await new Promise<string>((resolve, reject) => {
        const sent = httpRequest({ port, host: "127.0.0.1", path: "/v2/", headers: { host } }, (response) => {
          response.resume();
          resolve(response.headers["www-authenticate"] ?? "");
        });
        sent.on("error", reject).end();
      });
      assert.ok(challenge.startsWith(`Bearer realm="${realm}",service=`), `${host}: ${challenge}`);
    }
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
