// API tokens: guessed, changed, revoked, expired and read from a stolen database.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CountersignError, isCountersignError } from "../bytes/index.ts";
import { hour, second } from "../testing/index.ts";
import { openWorld } from "./access-world.test.ts";

const everything = { collections: [{ collections: ["**"], actions: ["*"] }], catalog: true, admin: true } as const;
const pullTeam = {
  collections: [{ collections: ["team/*"], actions: ["pull"] }],
  catalog: false,
  admin: false,
} as const;
const resource = { kind: "collection", gun: "team/app", actions: ["pull"] } as const;

async function world() {
  const opened = await openWorld({ apiTokens: true });
  const { tokens } = opened.access;
  assert.ok(tokens !== undefined);
  const { secret, info } = await tokens.create({ name: "ci", grants: pullTeam, expiresAt: opened.clock.now() + hour });
  return { ...opened, tokens, secret, info };
}

test("a token allows what its patterns say, as Bearer and as a password, and is kept only as a hash", async () => {
  const { verdict, decide, secret, store, info } = await world();
  assert.match(secret, /^cst_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/);
  assert.equal(await verdict(secret), "yes");
  assert.equal(await verdict(secret, "team/app2"), "yes");
  for (const gun of ["team", "team/app/sub", "other/team/app", "teams/app"]) {
    assert.equal(await verdict(secret, gun), "the credentials do not allow it", gun);
  }
  assert.equal(await verdict(secret, "team/app", "push", "pull"), "the credentials do not allow it");
  const basic = `Basic ${Buffer.from(`anybody:${secret}`).toString("base64")}`;
  const decision = await decide(basic, resource);
  assert.ok(decision.isAllowed && decision.who === `token:ci (${info.id})`);
  const kept = JSON.stringify([...store.kept.values()].map((token) => ({ ...token, hash: [...token.hash] })));
  assert.ok(!kept.includes(secret.slice(21)));
});

test("no other secret of a known id, no other spelling, no token that never was", async () => {
  const { verdict, secret } = await world();
  const other = (await world()).secret;
  const unknown = "unknown or revoked API token";
  assert.equal(await verdict(`${secret.slice(0, 21)}${other.slice(21)}`), unknown);
  assert.equal(await verdict(other), unknown);
  for (const text of [
    secret.slice(0, -1),
    `${secret}A`,
    secret.toUpperCase(),
    secret.slice(0, 20),
    "cst_",
    "cst___proto___x",
  ]) {
    assert.notEqual(await verdict(text), "yes", text.length.toString());
  }
});

test("a revoked token is refused at once, in the fast lane too; one revoked by another process within seconds", async () => {
  const { access, verdict, tokens, secret, info, store, clock } = await world();
  const bearer = `Bearer ${secret}`;
  assert.equal(await verdict(secret), "yes");
  assert.ok(access.known(bearer, resource));
  assert.equal(await tokens.revoke(info.id), true);
  assert.ok(!access.known(bearer, resource));
  assert.equal(await verdict(secret), "unknown or revoked API token");
  assert.equal(await tokens.revoke(info.id), false);
  const second = await tokens.create({ name: "b", grants: pullTeam, expiresAt: undefined });
  assert.equal(await verdict(second.secret), "yes");
  store.kept.delete(second.info.id);
  clock.advance(2_000);
  assert.ok(!access.known(`Bearer ${second.secret}`, resource));
  assert.equal(await verdict(second.secret), "unknown or revoked API token");
  assert.ok(!access.known(`Bearer ${second.secret}`, resource), "nor remembered, now that the list is new");
});

test("a revocation while the tokens are being read is not undone by that reading", async () => {
  const { verdict, tokens, secret, info, store, clock } = await world();
  clock.advance(10 * second);
  const read = store.apiTokens.bind(store);
  let release = () => {};
  store.apiTokens = async () => {
    const old = await read();
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    return old;
  };
  const under = verdict(secret);
  await new Promise(setImmediate);
  store.apiTokens = read;
  await tokens.revoke(info.id);
  release();
  assert.equal(await under, "unknown or revoked API token");
  assert.equal(await verdict(secret), "unknown or revoked API token");
});

test("an expired token is refused, also one that was believed a moment ago", async () => {
  const { access, verdict, secret, clock } = await world();
  clock.advance(hour - second);
  assert.equal(await verdict(secret), "yes");
  clock.advance(second);
  assert.ok(!access.known(`Bearer ${secret}`, resource));
  assert.equal(await verdict(secret), "the API token has expired");
});

test("when the tokens cannot be read nobody is let in, and it is a failure, not a verdict", async () => {
  const { verdict, secret, store, clock } = await world();
  assert.equal(await verdict(secret), "yes");
  clock.advance(10 * second);
  store.failure = new CountersignError("storage.unavailable", "gone");
  await assert.rejects(verdict(secret), (error) => isCountersignError(error, "storage.unavailable"));
});

test("a damaged row allows nothing: no JSON, unknown members, a hash of another length", async () => {
  const { verdict, secret, store, info, clock } = await world();
  const row = store.kept.get(info.id);
  assert.ok(row !== undefined);
  const wide = JSON.stringify({ collections: everything.collections, also: 1 });
  for (const change of [
    { grants: "" },
    { grants: wide },
    { grants: "[]" },
    { hash: row.hash.subarray(0, 31) },
    { hash: new Uint8Array() },
  ]) {
    store.kept.set(info.id, { ...row, ...change });
    clock.advance(61 * second);
    assert.notEqual(await verdict(secret), "yes", JSON.stringify(change).slice(0, 60));
  }
});

test("administration needs its own right and a bearer: a browser would send a password for anybody", async () => {
  const { decide, access, tokens, secret } = await world();
  const admin = await tokens.create({
    name: "root",
    grants: { collections: [], catalog: false, admin: true },
    expiresAt: undefined,
  });
  const allowed = async (header: string) => (await decide(header, { kind: "admin" })).isAllowed;
  assert.equal(await allowed(`Bearer ${secret}`), false);
  assert.equal(await allowed(`Bearer ${admin.secret}`), true);
  const basic = `Basic ${Buffer.from(`x:${admin.secret}`).toString("base64")}`;
  assert.equal(await allowed(basic), false);
  await access.exchange(basic);
  assert.equal(await allowed(basic), false);
  assert.ok(!access.known(basic, { kind: "admin" }));
  const pull = await decide(`Bearer ${admin.secret}`, resource);
  assert.equal(pull.isAllowed, false, "who administers does not read");
});

test("the token service gives back what it was given, if that is good, and nobody's token to nobody", async () => {
  const { access, secret, verdict, clock, tokens, info } = await world();
  const basic = `Basic ${Buffer.from(`u:${secret}`).toString("base64")}`;
  assert.deepEqual(await access.exchange(basic), { token: secret, lifetimeSeconds: 300 });
  assert.deepEqual(await access.exchange(undefined), { token: "anonymous", lifetimeSeconds: 300 });
  assert.equal(await access.exchange(`Basic ${Buffer.from("u:wrong").toString("base64")}`), undefined);
  assert.equal(await access.exchange("Basic !!!"), undefined);
  assert.equal(await verdict("anonymous"), "no credentials");
  clock.advance(hour - 100 * second);
  assert.equal((await access.exchange(basic))?.lifetimeSeconds, 100);
  await tokens.revoke(info.id);
  assert.equal(await access.exchange(basic), undefined);
});

test("anybody may read what is public, with a good token for something else too, and nobody may push there", async () => {
  const { verdict, access } = await openWorld({ apiTokens: true, anonymousPull: ["public/**"] });
  assert.equal(await verdict(undefined, "public/a/b"), "yes");
  assert.equal(await verdict("anonymous", "public/a"), "yes");
  assert.equal(await verdict(undefined, "public"), "no credentials");
  assert.equal(await verdict(undefined, "publicity/a"), "no credentials");
  assert.equal(await verdict(undefined, "public/a", "push", "pull"), "no credentials");
  assert.equal(await verdict(undefined, "public/a", "*"), "no credentials");
  const made = await access.tokens?.create({ name: "x", grants: pullTeam, expiresAt: undefined });
  assert.equal(await verdict(made?.secret, "public/a"), "yes");
  assert.equal(await verdict("cst_wrong", "public/a"), "malformed API token");
  assert.ok(access.known(undefined, { kind: "collection", gun: "public/a", actions: ["pull"] }));
  assert.ok(!access.known(undefined, { kind: "collection", gun: "team/a", actions: ["pull"] }));
  assert.ok(!access.known(undefined, { kind: "admin" }) && !access.known(undefined, { kind: "catalog" }));
});

test("our own challenge names our token service as the client knows us, and takes no host that could end the header", async () => {
  const { access } = await openWorld({ apiTokens: true });
  const challenge = async (origin: string | undefined) => {
    const decision = await access.decide(undefined, { kind: "ping" }, { address: "192.0.2.1", origin });
    return decision.isAllowed ? "" : decision.challenge;
  };
  assert.equal(
    await challenge("https://trust.example.com:4443"),
    'Bearer realm="https://trust.example.com:4443/token",service="trust.example.com:4443",scope="registry:catalog:*"',
  );
  for (const origin of [
    'https://a",realm="https://evil.example.com',
    "https://a\r\nset-cookie: x",
    "https://user@evil.example.com",
    "https://evil.example.com/path",
    "javascript:alert(1)",
    undefined,
  ]) {
    assert.equal(
      await challenge(origin),
      'Bearer realm="/token",service="",scope="registry:catalog:*"',
      String(origin),
    );
  }
});
