// Administration: tokens made, listed and revoked over HTTP; the token service; the first token; how often anybody may try.
import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { openSqliteStorage } from "../storage/index.ts";
import { fakeClock, temporaryDirectory } from "../testing/index.ts";
import { adminTokenPath, openServerAccess } from "./admin-access.ts";
import { openGuardedApp } from "./guarded-app.test.ts";
import { addressGroup, RateLimiter } from "./rate-limits.ts";

const gun = "registry.example.com/team/app";
const status = `/v2/${gun}/_trust/status`;
const grants = { collections: [{ collections: ["registry.example.com/team/*"], actions: ["pull"] }] };

async function* bodyOf(value: unknown): AsyncGenerator<Uint8Array> {
  yield Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
}

test("a token is made, shown once, listed without its secret, works, and is gone when revoked", async () => {
  await using world = await openGuardedApp();
  await world.publish(gun);
  const admin = await world.admin();
  const answer = await world.send("POST", "/_countersign/tokens", admin, { body: bodyOf({ name: "ci", grants }) });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("cache-control"), "no-store");
  const made = (await answer.json()) as { id: string; token: string; expires: string };
  assert.equal(Date.parse(made.expires), world.clock.now() + 90 * 86_400_000);
  assert.equal((await world.send("GET", status, made.token)).status, 200);
  const listed = await (await world.send("GET", "/_countersign/tokens", admin)).text();
  assert.ok(listed.includes(made.id) && !listed.includes(made.token.slice(21)) && !listed.includes("hash"));
  assert.equal((await world.send("DELETE", `/_countersign/tokens/${made.id}`, admin)).status, 204);
  assert.equal((await world.send("GET", status, made.token)).status, 401);
  assert.equal((await world.send("DELETE", `/_countersign/tokens/${made.id}`, admin)).status, 404);
});

test("a request for a token that says too little, too much or too long is refused with the place", async () => {
  await using world = await openGuardedApp();
  const admin = await world.admin();
  const good = { name: "x", grants };
  const bad: readonly (readonly [unknown, RegExp])[] = [
    ["", /json/],
    ["{", /json/],
    ["[]", /expected an object/],
    [{ ...good, admin: true }, /body.admin/],
    [{ ...good, name: "" }, /body.name/],
    [{ ...good, name: "a\nb" }, /body.name/],
    [{ ...good, name: "x".repeat(101) }, /body.name/],
    [{ ...good, days: 0 }, /body.days/],
    [{ ...good, days: 1e9 }, /body.days/],
    [{ name: "x" }, /body.grants/],
    [{ ...good, grants: {} }, /allows nothing/],
    [{ ...good, grants: { collections: [], admins: true } }, /body.grants.admins/],
    [
      { ...good, grants: { collections: [{ collections: ["a***"], actions: ["pull"] }] } },
      /collections\[0\].collections\[0\]/,
    ],
    [{ ...good, grants: { collections: [{ collections: ["a"], actions: ["delete"] }] } }, /actions\[0\]/],
    ["x".repeat(70_000), /too_large|bytes/],
  ];
  for (const [body, expected] of bad) {
    const response = await world.send("POST", "/_countersign/tokens", admin, { body: bodyOf(body) });
    assert.ok(
      response.status === 400 || response.status === 413,
      `${response.status} ${JSON.stringify(body).slice(0, 80)}`,
    );
    assert.match(await response.text(), expected);
  }
  const forever = await world.send("POST", "/_countersign/tokens", admin, { body: bodyOf({ ...good, days: null }) });
  assert.match(await forever.text(), /"expires":null/);
});

test("the token service answers docker's clients, and nobody's secret to anybody else", async () => {
  await using world = await openGuardedApp();
  await world.publish(gun);
  const token = await world.token(gun, "pull");
  const basic = (password: string) => `Basic ${Buffer.from(`anybody:${password}`).toString("base64")}`;
  const query = `/token?account=anybody&scope=repository%3A${encodeURIComponent(gun)}%3Apull&service=x`;
  const granted = await world.send("GET", query, undefined, { authorization: basic(token) });
  const body = (await granted.json()) as { token: string; access_token: string; expires_in: number };
  assert.deepEqual([body.token, body.access_token, body.expires_in], [token, token, 300]);
  assert.equal(granted.headers.get("cache-control"), "no-store");
  assert.equal((await world.send("GET", status, body.token)).status, 200);
  const anonymous = (await (await world.send("GET", query)).json()) as { token: string };
  assert.equal(anonymous.token, "anonymous");
  assert.equal((await world.send("GET", status, anonymous.token)).status, 401);
  const wrong = await world.send("GET", query, undefined, { authorization: basic("wrong") });
  assert.equal(wrong.status, 401);
  assert.equal((await world.send("POST", query, undefined, { authorization: basic(token) })).status, 404);
});

test("the first administrator's token is made once, for its owner only, and again only when no token administers", async () => {
  await using dir = await temporaryDirectory();
  const clock = fakeClock();
  const storage = openSqliteStorage(dir.path);
  const ports = { storage, clock: clock.now, dataDir: dir.path };
  const policy = { anonymousPull: [], apiTokens: true, oidc: [] };
  const path = adminTokenPath(dir.path);
  writeFileSync(path, "left over", { mode: 0o644 });
  const access = await openServerAccess({ policy }, ports);
  const secret = readFileSync(path, "utf8").trim();
  assert.match(secret, /^cst_/);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const admits = async () =>
    (await access.decide(`Bearer ${secret}`, { kind: "admin" }, { address: "192.0.2.1" })).isAllowed;
  assert.ok(await admits());
  await openServerAccess({ policy }, ports);
  assert.equal(readFileSync(path, "utf8").trim(), secret);
  await openServerAccess({ policy: { ...policy, apiTokens: false } }, ports);
  const [only] = (await access.tokens?.list()) ?? [];
  await access.tokens?.revoke(only?.id ?? "");
  assert.equal(await admits(), false);
  await openServerAccess({ policy }, ports);
  assert.notEqual(readFileSync(path, "utf8").trim(), secret);
  assert.equal(await admits(), false);
  await storage.close();
});

test("guessing is slowed down by address, without keeping out who is known or comes from elsewhere", async () => {
  await using world = await openGuardedApp({}, { rateLimits: { failures: { perMinute: 60, burst: 3 } } });
  await world.publish(gun);
  const token = await world.token(gun, "pull");
  assert.equal((await world.send("GET", status, token)).status, 200);
  for (let guess = 0; guess < 3; guess++) assert.equal((await world.send("GET", status, `guess${guess}`)).status, 401);
  const slow = await world.send("GET", status, "guess3");
  assert.equal(slow.status, 429);
  assert.equal(slow.headers.get("retry-after"), "1");
  assert.match(await slow.text(), /"access.limited"/);
  const notary = await world.send("GET", `/v2/${gun}/_trust/tuf/root.json`, "guess4");
  assert.equal(await notary.text(), '{"errors":[{"code":"TOOMANYREQUESTS","message":"too many requests"}]}\n');
  assert.equal((await world.send("GET", status, token)).status, 200, "known");
  assert.equal((await world.send("GET", status)).status, 401, "no guess at all");
  assert.equal((await world.send("GET", status, "guess5", { address: "192.0.2.2" })).status, 401);
  world.clock.advance(1_000);
  assert.equal((await world.send("GET", status, "guess6")).status, 401);
});

test("guessing at the token service is slowed down too", async () => {
  await using world = await openGuardedApp({}, { rateLimits: { failures: { perMinute: 60, burst: 2 } } });
  const guess = async () =>
    (await world.send("GET", "/token", undefined, { authorization: `Basic ${Buffer.from("u:x").toString("base64")}` }))
      .status;
  assert.deepEqual([await guess(), await guess(), await guess()], [401, 401, 429]);
  const counted = world.app.metrics.text();
  assert.match(counted, /^countersign_denials_total 2$/m);
  assert.match(counted, /^countersign_limited_total 1$/m);
  assert.equal((await world.send("GET", "/token")).status, 200, "anonymous is no guess");
});

test("the policy's limits stand in for the server's own, each by itself", async () => {
  await using world = await openGuardedApp({ limits: { failures: { perMinute: 1, burst: 1 } } });
  assert.equal((await world.send("GET", status, "guess")).status, 401);
  const slow = await world.send("GET", status, "guess");
  assert.deepEqual([slow.status, slow.headers.get("retry-after")], [429, "60"]);
});

test("uploads and keys are counted by identity, whatever address it comes from", async () => {
  const limit = { perMinute: 6, burst: 2 };
  await using world = await openGuardedApp({}, { rateLimits: { uploads: limit, keys: limit } });
  const mine = await world.token(gun, "push", "pull");
  const other = await world.token(gun, "push", "pull");
  const send = async (method: string, path: string, token: string, address: string) =>
    (await world.send(method, `/v2/${gun}/_trust/${path}`, token, { address })).status;
  for (const [method, path] of [
    ["POST", "publish"],
    ["GET", "tuf/timestamp.key"],
  ] as const) {
    for (let count = 0; count < 2; count++) assert.notEqual(await send(method, path, mine, `192.0.2.${count}`), 429);
    assert.equal(await send(method, path, mine, "192.0.2.9"), 429);
    assert.notEqual(await send(method, path, other, "192.0.2.9"), 429);
  }
  world.clock.advance(10_000);
  assert.notEqual(await send("POST", "publish", mine, "192.0.2.1"), 429);
});

test("requests are counted by address, from memory too", async () => {
  await using world = await openGuardedApp(
    { anonymousPull: ["**"] },
    { rateLimits: { requests: { perMinute: 60, burst: 3 } } },
  );
  await world.publish(gun);
  const path = `/v2/${gun}/_trust/tuf/timestamp.json`;
  assert.equal((await world.send("GET", path)).status, 200);
  for (let count = 1; count < 3; count++) assert.notEqual(world.app.ready(path, undefined, "192.0.2.1"), undefined);
  assert.equal(world.app.ready(path, undefined, "192.0.2.1"), undefined);
  assert.equal((await world.send("GET", path)).status, 429);
});

test("an address stands for whoever has it: all of a /64, and IPv4 in IPv6's clothes", () => {
  assert.equal(addressGroup("192.0.2.1"), "192.0.2.1");
  assert.equal(addressGroup("::ffff:192.0.2.1"), "192.0.2.1");
  assert.equal(addressGroup("2001:db8::1"), addressGroup("2001:0db8:0:0:ffff::2"));
  assert.notEqual(addressGroup("2001:db8::1"), addressGroup("2001:db8:0:1::1"));
  assert.equal(addressGroup("::1"), "0:0:0:0::/64");
  assert.equal(addressGroup("fe80::1%eth0"), "fe80:0:0:0::/64");
});

test("buckets do not grow without end, and a clock set back neither fills nor blocks them", () => {
  const clock = fakeClock();
  const limiter = new RateLimiter({ failures: { perMinute: 60, burst: 1 } }, clock.now);
  assert.equal(limiter.take("failures", "a"), 0);
  assert.equal(limiter.take("failures", "a"), 1);
  clock.advance(-3_600_000);
  assert.equal(limiter.take("failures", "a"), 1);
  clock.advance(1_000);
  assert.equal(limiter.take("failures", "a"), 0);
  for (let each = 0; each < 60_000; each++) limiter.take("failures", String(each));
  assert.equal(limiter.take("failures", "a"), 0, "forgotten, as the oldest");
});
