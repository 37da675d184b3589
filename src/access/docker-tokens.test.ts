// Docker tokens: every way in that is not the issuer's, tried.
import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import { makeCertificate, makeToken, newEcKey, publicJwk, second } from "../testing/index.ts";
import { dockerIssuer, openWorld } from "./access-world.test.ts";
import { keyIdsOf } from "./verification-keys.ts";

async function world() {
  const issuer = await dockerIssuer();
  const opened = await openWorld({ dockerTokens: issuer.options }, issuer.clock);
  const chain = { x5c: [issuer.leaf.base64] };
  const good = makeToken({ header: chain, claims: issuer.claims, key: issuer.leaf.key });
  const withClaims = (claims: Readonly<Record<string, unknown>>) =>
    makeToken({ header: chain, claims: { ...issuer.claims, ...claims }, key: issuer.leaf.key });
  return {
    ...opened,
    issuer,
    good,
    withClaims,
    [Symbol.asyncDispose]: () => issuer.directory[Symbol.asyncDispose](),
  };
}

test("a token certified by the bundle is believed, by chain, by libtrust fingerprint, by thumbprint and from a JWK set", async () => {
  await using w = await world();
  assert.equal(await w.verdict(w.good), "yes");
  const listed = makeToken({ header: { kid: "listed" }, claims: w.issuer.claims, key: w.issuer.listed });
  assert.equal(await w.verdict(listed), "yes");
  const { authority, claims } = w.issuer;
  const ids = keyIdsOf(createPublicKey(authority.key));
  assert.match(ids[0] ?? "", /^(?:[A-Z2-7]{4}:){11}[A-Z2-7]{4}$/);
  for (const kid of ids)
    assert.equal(await w.verdict(makeToken({ header: { kid }, claims, key: authority.key })), "yes");
});

test("libtrust's fingerprint and the RFC 7638 thumbprint of known keys", () => {
  // RFC 7638, section 3.1.
  const n =
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
  const key = createPublicKey({ format: "jwk", key: { kty: "RSA", n, e: "AQAB" } });
  assert.equal(keyIdsOf(key)[1], "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
});

test("alg none, and HS256 with the public key as its secret", async () => {
  await using w = await world();
  const { claims, leaf, listed } = w.issuer;
  const headers = [{ x5c: [leaf.base64] }, { kid: "listed" }];
  const secrets = [leaf.key, listed].flatMap((key) => [
    createPublicKey(key).export({ type: "spki", format: "der" }),
    Buffer.from(createPublicKey(key).export({ type: "spki", format: "pem" })),
  ]);
  for (const header of headers) {
    assert.notEqual(await w.verdict(makeToken({ header, claims, key: undefined })), "yes");
    for (const alg of ["none", "None", "NONE", ""]) {
      assert.notEqual(await w.verdict(makeToken({ header: { ...header, alg }, claims, key: undefined })), "yes");
      assert.notEqual(await w.verdict(makeToken({ header: { ...header, alg }, claims, key: leaf.key })), "yes", alg);
    }
    for (const key of secrets) assert.notEqual(await w.verdict(makeToken({ header, claims, key })), "yes");
  }
});

test("a signature by another key, a changed payload, and a cut or longer token", async () => {
  await using w = await world();
  const forged = makeToken({ header: { x5c: [w.issuer.leaf.base64] }, claims: w.issuer.claims, key: newEcKey() });
  assert.equal(await w.verdict(forged), "the token's signature is not its key's");
  const [header, , signature] = w.good.split(".");
  const wide = { ...w.issuer.claims, access: [{ type: "repository", name: "team/app", actions: ["*"] }] };
  const payload = Buffer.from(JSON.stringify(wide)).toString("base64url");
  assert.equal(await w.verdict(`${header}.${payload}.${signature}`), "the token's signature is not its key's");
  for (const broken of [
    w.good.slice(0, -1),
    `${w.good}.x`,
    `${w.good}=`,
    w.good.split(".").slice(0, 2).join("."),
    "..",
    "x",
  ]) {
    assert.notEqual(await w.verdict(broken), "yes", broken.slice(-20));
  }
});

test("expired, not yet valid, endless, with dates that are none; a minute of leeway", async () => {
  await using w = await world();
  const now = Math.floor(w.clock.now() / 1_000);
  const expired = "the token has expired";
  assert.equal(await w.verdict(w.withClaims({ exp: now - 61 })), expired);
  assert.equal(await w.verdict(w.withClaims({ exp: now - 30 })), "yes");
  assert.equal(await w.verdict(w.withClaims({ nbf: now + 61 })), "the token is not valid yet");
  assert.equal(await w.verdict(w.withClaims({ nbf: now + 30 })), "yes");
  for (const exp of [undefined, null, "9999999999", 1e300, -1, [now + 600]]) {
    assert.match(await w.verdict(w.withClaims({ exp })), /no end|expired|known form/, String(exp));
  }
  assert.equal(await w.verdict(w.withClaims({ nbf: "never" })), "the token's nbf is no date");
});

test("a token believed a moment ago is not believed past its end", async () => {
  await using w = await world();
  const now = Math.floor(w.clock.now() / 1_000);
  const short = w.withClaims({ exp: now - 50 });
  const resource = { kind: "collection", gun: "team/app", actions: ["pull"] } as const;
  assert.equal(await w.verdict(short), "yes");
  assert.ok(w.access.known(`Bearer ${short}`, resource));
  w.clock.advance(11 * second);
  assert.ok(!w.access.known(`Bearer ${short}`, resource));
  assert.equal(await w.verdict(short), "the token has expired");
});

test("another audience, another issuer, and lists of audiences", async () => {
  await using w = await world();
  for (const aud of ["notary", "NOTARY-LAB", ["other"], [], undefined, "", { "notary-lab": 1 }]) {
    assert.equal(await w.verdict(w.withClaims({ aud })), "the token is for another audience", JSON.stringify(aud));
  }
  assert.equal(await w.verdict(w.withClaims({ aud: ["other", "notary-lab"] })), "yes");
  for (const iss of ["lab-issuer2", "LAB-ISSUER", "", undefined, ["lab-issuer"], "__proto__"]) {
    assert.match(await w.verdict(w.withClaims({ iss })), /another issuer|no issuer/, String(iss));
  }
});

test("another collection: prefixes, upper case, patterns and encodings of the name are other names", async () => {
  await using w = await world();
  for (const name of [
    "team/app2",
    "team/ap",
    "team",
    "TEAM/APP",
    "team/*",
    "*",
    "**",
    "team%2Fapp",
    "team/app/",
    "/team/app",
  ]) {
    const token = w.withClaims({ access: [{ type: "repository", name, actions: ["*"] }] });
    assert.equal(await w.verdict(token), "the credentials do not allow it", name);
  }
  assert.equal(await w.verdict(w.good, "team/app2"), "the credentials do not allow it");
  for (const access of [
    undefined,
    "repository:team/app:pull",
    [{ type: "registry", name: "team/app", actions: ["*"] }],
    [{ type: "repository", name: "team/app", actions: "*" }],
    [{ type: "repository", name: ["team/app"], actions: ["*"] }],
    [null, 7, []],
  ]) {
    assert.equal(await w.verdict(w.withClaims({ access })), "the credentials do not allow it", JSON.stringify(access));
  }
});

test("pull does not become push, push alone does not pull, and * is everything on its own collection only", async () => {
  await using w = await world();
  assert.notEqual(await w.verdict(w.good, "team/app", "push", "pull"), "yes");
  assert.notEqual(await w.verdict(w.good, "team/app", "*"), "yes");
  const allow = (...actions: string[]) => w.withClaims({ access: [{ type: "repository", name: "team/app", actions }] });
  assert.notEqual(await w.verdict(allow("push")), "yes");
  assert.equal(await w.verdict(allow("push", "pull"), "team/app", "push", "pull"), "yes");
  assert.notEqual(await w.verdict(allow("push", "pull"), "team/app", "*"), "yes");
  for (const action of ["pull", "push", "*"] as const)
    assert.equal(await w.verdict(allow("*"), "team/app", action), "yes");
  assert.notEqual(await w.verdict(allow("*"), "team/other"), "yes");
  const two = w.withClaims({
    access: ["pull", "push"].map((action) => ({ type: "repository", name: "team/app", actions: [action] })),
  });
  assert.equal(await w.verdict(two, "team/app", "push", "pull"), "yes");
});

test("the catalog needs its own right, and no docker token administers", async () => {
  await using w = await world();
  const allowed = async (token: string, kind: "catalog" | "ping" | "admin") =>
    (await w.decide(`Bearer ${token}`, { kind })).isAllowed;
  const everything = w.withClaims({
    access: [
      { type: "registry", name: "catalog", actions: ["*"] },
      { type: "registry", name: "admin", actions: ["*"] },
    ],
  });
  for (const kind of ["catalog", "ping"] as const) {
    assert.equal(await allowed(w.good, kind), false);
    assert.equal(await allowed(everything, kind), true);
  }
  assert.equal(await allowed(everything, "admin"), false);
});

test("an unknown key, one key's id with another's signature, and keys that the token brings itself", async () => {
  await using w = await world();
  const { claims, leaf, listed } = w.issuer;
  const mine = newEcKey();
  const jwk = publicJwk(mine);
  const verdict = (header: Readonly<Record<string, unknown>>, key = mine) =>
    w.verdict(makeToken({ header, claims, key }));
  assert.equal(await verdict({ kid: "nobody's" }), "the token's key is not known");
  assert.equal(await verdict({ kid: "__proto__" }), "the token's key is not known");
  assert.equal(await verdict({ kid: "listed" }), "the token's signature is not its key's");
  assert.equal(await verdict({ kid: "listed" }, leaf.key), "the token's signature is not its key's");
  assert.equal(await verdict({}, listed), "the token names no key");
  assert.equal(await verdict({ jwk }), "the token's key is not known");
  assert.equal(await verdict({ jwk, kid: "listed" }, listed), "the token's key is not known");
  for (const header of [{ jku: "https://evil.example.com/jwks" }, { x5u: "https://evil.example.com/x.pem" }]) {
    assert.equal(await verdict(header), "the token names no key");
    assert.equal(await verdict({ ...header, kid: "listed" }), "the token's signature is not its key's");
  }
  assert.notEqual(await verdict({ kid: "listed", crit: ["b64"], b64: false }, listed), "yes");
});

test("a key that the token brings along must be one of ours, or the one that its chain certifies", async () => {
  await using w = await world();
  const { claims, authority, leaf, listed } = w.issuer;
  const mine = newEcKey();
  const verdict = (jwk: unknown, key = mine) => w.verdict(makeToken({ header: { jwk }, claims, key }));
  assert.equal(await verdict(publicJwk(authority.key), authority.key), "yes");
  assert.equal(await verdict(publicJwk(listed), listed), "yes");
  assert.equal(await verdict(publicJwk(leaf.key, { x5c: [leaf.base64] }), leaf.key), "yes");
  const forged = "the token's signature is not its key's";
  assert.equal(await verdict(publicJwk(authority.key)), forged);
  assert.equal(await verdict(publicJwk(leaf.key, { x5c: [leaf.base64] })), forged);
  const other = "the key that the token brings is not the certified one";
  assert.equal(await verdict(publicJwk(mine, { x5c: [leaf.base64] })), other);
  assert.equal(await verdict(publicJwk(authority.key, { x5c: [leaf.base64] }), authority.key), other);
  assert.equal(await verdict(publicJwk(leaf.key), leaf.key), "the token's key is not known");
  assert.equal(await verdict(publicJwk(mine, { kid: "listed" })), "the token's key is not known");
  const own = makeCertificate({ name: "authority", now: w.clock.now(), isCa: true, key: mine });
  assert.match(await verdict(publicJwk(mine, { x5c: [own.base64] })), /does not lead to the bundle/);
  for (const none of ["x", 7, true, {}, { kty: "oct", k: "c2VjcmV0" }, [publicJwk(authority.key)]]) {
    assert.equal(await verdict(none, authority.key), "the key that the token brings is none", JSON.stringify(none));
  }
});

test("what Go takes for no chain is none, and a certificate may be broken into lines", async () => {
  await using w = await world();
  const { claims, leaf, listed } = w.issuer;
  for (const x5c of [[], null]) {
    assert.equal(await w.verdict(makeToken({ header: { x5c, kid: "listed" }, claims, key: listed })), "yes");
  }
  const x5c = [leaf.base64.replace(/(.{64})/g, "$1\r\n")];
  assert.equal(await w.verdict(makeToken({ header: { x5c }, claims, key: leaf.key })), "yes");
});

test("a claim that is no integer harms nothing", async () => {
  await using w = await world();
  assert.equal(await w.verdict(w.withClaims({ score: 0.25, big: 2 ** 60, sub: 1.5 })), "yes");
  assert.match(await w.verdict(w.withClaims({ exp: 1e30 })), /no end/);
});

test("a chain of one's own, an expired authority, a leaf that plays authority, and a path that is too long", async () => {
  await using w = await world();
  const { claims, authority, leaf, clock } = w.issuer;
  const now = clock.now();
  const day = 24 * 3_600 * second;
  const verdict = (chain: readonly { readonly base64: string }[], key = leaf.key) =>
    w.verdict(makeToken({ header: { x5c: chain.map((each) => each.base64) }, claims, key }));
  const unreached = "the token's chain does not lead to the bundle";
  const own = makeCertificate({ name: "authority", now, isCa: true });
  const ownLeaf = makeCertificate({ name: "signing key", now, issuer: own });
  assert.equal(await verdict([ownLeaf, own], ownLeaf.key), unreached);
  assert.equal(await verdict([ownLeaf, own, authority], ownLeaf.key), unreached);
  assert.equal(await verdict([leaf, authority]), "yes");
  const byLeaf = makeCertificate({ name: "x", now, issuer: leaf });
  assert.equal(await verdict([byLeaf, leaf], byLeaf.key), unreached);
  const middle = makeCertificate({ name: "middle", now, issuer: authority, isCa: true });
  const below = makeCertificate({ name: "below", now, issuer: middle });
  assert.equal(await verdict([below, middle], below.key), "yes");
  assert.equal(await verdict([below], below.key), unreached);
  const mayNotSign = makeCertificate({ name: "no signing", now, issuer: authority, isCa: true, keyUsage: 0x80 });
  const belowThat = makeCertificate({ name: "below", now, issuer: mayNotSign });
  assert.equal(await verdict([belowThat, mayNotSign], belowThat.key), unreached);
  const short = makeCertificate({ name: "short", now, issuer: authority, isCa: true, pathLength: 0 });
  const under = makeCertificate({ name: "under", now, issuer: short, isCa: true });
  const last = makeCertificate({ name: "last", now, issuer: under });
  assert.equal(await verdict([last, under, short], last.key), unreached);
  const old = makeCertificate({ name: "old", now, issuer: authority, notBefore: now - 2 * day, notAfter: now - day });
  const early = makeCertificate({
    name: "early",
    now,
    issuer: authority,
    notBefore: now + day,
    notAfter: now + 2 * day,
  });
  for (const each of [old, early]) {
    assert.equal(await verdict([each], each.key), "a certificate of the token's chain is expired or not yet valid");
  }
  clock.advance(2 * day);
  const fresh = makeCertificate({ name: "fresh", now: clock.now(), issuer: authority });
  const seconds = Math.floor(clock.now() / 1_000);
  const late = { ...claims, exp: seconds + 600 };
  assert.equal(
    await w.verdict(makeToken({ header: { x5c: [fresh.base64] }, claims: late, key: fresh.key })),
    "the certificate of the bundle that vouches for the token is expired or not yet valid",
  );
});

test("certificates that all vouch for each other: each is looked at once, not once a path", async (t) => {
  await using w = await world();
  const now = w.clock.now();
  const one = makeCertificate({ name: "loop", now, isCa: true });
  const others = Array.from({ length: 7 }, () => makeCertificate({ name: "loop", now, isCa: true, key: one.key }));
  const header = { x5c: [one, ...others].map(({ base64 }) => base64) };
  const token = makeToken({ header, claims: w.issuer.claims, key: one.key });
  const verify = t.mock.method(X509Certificate.prototype, "verify");
  assert.equal(await w.verdict(token), "the token's chain does not lead to the bundle");
  // All orders of seven are 13,700 signatures to check: seconds of this server, for anybody who asks.
  assert.ok(verify.mock.callCount() <= 7, `${verify.mock.callCount()} signatures`);
});

test("chains that are none, and a chain whose failure a known key id must not mend", async () => {
  await using w = await world();
  const { claims, leaf, listed } = w.issuer;
  for (const x5c of ["x", 7, [7], [""], ["AAAA"], [leaf.base64, "AAAA"], new Array(9).fill(leaf.base64)]) {
    const token = makeToken({ header: { x5c, kid: "listed" }, claims, key: listed });
    assert.match(await w.verdict(token), /chain/, JSON.stringify(x5c)?.slice(0, 60));
  }
});

test("two keys of one id and one kind are a contradiction; RSA keys that are too short do not count", async () => {
  const w = await dockerIssuer();
  await using _directory = w.directory;
  const one = newEcKey();
  const short = generateKeyPairSync("rsa", { modulusLength: 1_024 }).privateKey;
  const keys = [
    publicJwk(one, { kid: "two" }),
    publicJwk(newEcKey(), { kid: "two" }),
    publicJwk(short, { kid: "short" }),
    publicJwk(w.listed, { kid: "for encryption", use: "enc" }),
    { kty: "oct", k: "c2VjcmV0", kid: "oct" },
    publicJwk(w.listed, { kid: "good", alg: "ES256", d: "x", jku: "https://evil.example.com" }),
  ];
  await writeFile(w.jwksPath, JSON.stringify({ keys }));
  const opened = await openWorld({ dockerTokens: w.options }, w.clock);
  const verdict = (kid: string, key = w.listed) =>
    opened.verdict(makeToken({ header: { kid }, claims: w.claims, key }));
  assert.equal(await verdict("good"), "yes");
  for (const [kid, key] of [
    ["two", one],
    ["short", short],
    ["for encryption", w.listed],
  ] as const) {
    assert.equal(await verdict(kid, key), "the token's key is not known", kid);
  }
  const hmac = makeToken({ header: { kid: "oct" }, claims: w.claims, key: Buffer.from("secret") });
  assert.equal(await opened.verdict(hmac), "the token's key is not known");
});

test("the challenge is notary-server's, member for member", async () => {
  await using w = await world();
  const challenge = async (authorization: string | undefined, kind: "ping" | "collection") => {
    const resource =
      kind === "ping" ? ({ kind } as const) : ({ kind, gun: "auth/app", actions: ["push", "pull"] } as const);
    const decision = await w.decide(authorization, resource);
    return decision.isAllowed ? "" : decision.challenge;
  };
  const start = 'Bearer realm="https://auth.example.com/token",service="notary-lab",scope=';
  assert.equal(await challenge(undefined, "ping"), `${start}"registry:catalog:*"`);
  assert.equal(await challenge(undefined, "collection"), `${start}"repository:auth/app:push,pull"`);
  assert.equal(
    await challenge("Bearer x.y.z", "collection"),
    `${start}"repository:auth/app:push,pull",error="invalid_token"`,
  );
  assert.equal(
    await challenge(`Bearer ${w.good}`, "collection"),
    `${start}"repository:auth/app:push,pull",error="insufficient_scope"`,
  );
  assert.equal(await challenge("Basic dTpw", "ping"), `${start}"registry:catalog:*"`);
});

test("a giant token is turned away before anything of it is read", async () => {
  await using w = await world();
  const big = w.withClaims({ padding: "x".repeat(16_384) });
  const decision = await w.decide(`Bearer ${big}`, { kind: "collection", gun: "team/app", actions: ["pull"] });
  assert.ok(!decision.isAllowed && decision.why === "the authorization header is too long");
});

test("a request for no action at all is a request for nothing, not for everything", async () => {
  await using w = await world();
  const decision = await w.decide(`Bearer ${w.good}`, { kind: "collection", gun: "team/app", actions: [] });
  assert.equal(decision.isAllowed, false);
});
