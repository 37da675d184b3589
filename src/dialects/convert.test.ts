// The same content in the other dialect: it means the same there, or it is refused.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import fc from "fast-check";
import { type ErrorCode, isCountersignError, parseRoleName, parseTuf1RoleName } from "../bytes/index.ts";
import { buildSelfSignedCertificate, generateSigner, type Signer } from "../keys/index.ts";
import { day, testStart } from "../testing/index.ts";
import { allowsTarget, type DelegatedRole, type Delegations, type Root, type Targets } from "../tuf/index.ts";
import { maxDepth, patternsOfPrefixes, prefixesOfPatterns } from "./convert-paths.ts";
import { convertRoot, convertTargets, notary1, tuf1 } from "./index.ts";

const role = parseRoleName("targets");
let signers: readonly Signer[] = [];

before(async () => {
  signers = await Promise.all([generateSigner(), generateSigner("rsa"), generateSigner("ed25519")]);
});

function refused(action: () => unknown, code: ErrorCode = "preflight.inexpressible"): void {
  assert.throws(action, (error) => isCountersignError(error, code));
}

function targetsWith(delegated: Partial<DelegatedRole>, names: readonly string[] = ["1.0"]): Targets {
  const keys = new Map(signers.map(({ publicKey }) => notary1.makeKey(publicKey)).map((key) => [key.id, key] as const));
  const delegation: DelegatedRole = {
    name: parseRoleName("targets/releases"),
    keyIds: [...keys.keys()],
    threshold: 2,
    paths: { kind: "prefixes", prefixes: [""] },
    terminating: false,
    ...delegated,
  };
  return {
    type: "targets",
    version: 7,
    expires: notary1.formatExpiry(testStart + 123),
    extra: {},
    targets: new Map(
      names.map((name) => [name, { length: 1, hashes: new Map([["sha256", new Uint8Array(32)]]), custom: { a: 1 } }]),
    ),
    delegations: { keys, roles: [delegation], succinct: undefined },
  };
}

test("targets go to tuf1 and back unchanged but for the date's fraction", () => {
  const original = targetsWith({ paths: { kind: "prefixes", prefixes: ["", "v1.", "team/", "a/b/c/d/e"] } });
  const there = convertTargets(role, original, tuf1);
  tuf1.encodeSigned(there);
  const back = convertTargets(role, there, notary1);
  assert.deepEqual(
    notary1.encodeSigned(back),
    notary1.encodeSigned({ ...original, expires: notary1.formatExpiry(testStart) }),
  );
});

test("a prefix becomes one pattern per depth; image tags are the first", () => {
  assert.deepEqual(patternsOfPrefixes([""]), ["*", "*/*", "*/*/*", "*/*/*/*"]);
  assert.deepEqual(patternsOfPrefixes(["v1."]), ["v1.*", "v1.*/*", "v1.*/*/*", "v1.*/*/*/*"]);
  assert.deepEqual(patternsOfPrefixes(["a/b/"]), ["a/b/*", "a/b/*/*"]);
  assert.deepEqual(prefixesOfPatterns(["*", "*/*", "*/*/*", "*/*/*/*"]), [""]);
});

test("patterns reach exactly what the prefixes reach, down to the documented depth", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", ".", "/"), maxLength: 7 });
  fc.assert(
    fc.property(fc.array(text, { maxLength: 3 }), text, (prefixes, name) => {
      const patterns = patternsOfPrefixes(prefixes);
      const byPrefix = allowsTarget({ kind: "prefixes", prefixes }, name);
      const byPattern = allowsTarget({ kind: "patterns", patterns }, name);
      if (byPattern) assert.ok(byPrefix, "a pattern reaches further than its prefix");
      if (byPrefix && name.split("/").length <= maxDepth)
        assert.ok(byPattern, "a pattern reaches less than its prefix");
      assert.deepEqual(new Set(prefixesOfPatterns(patterns)), new Set(prefixes));
    }),
  );
});

test("a prefix that some TUF client would read as a wildcard is refused", () => {
  for (const prefix of ["*", "a?", "[ab]", "{a,b}", "!a", "a/!b", "#a", "a\\b", "@(a)", "a|b"])
    refused(() => patternsOfPrefixes([prefix]));
});

test("a pattern that a prefix would widen is refused", () => {
  for (const patterns of [
    ["*"],
    ["v1.*"],
    ["v1"],
    ["*", "*/*", "*/*/*"],
    ["*.tgz"],
    ["v?"],
    ["*", "*/*", "*/*/*", "*/*/*/*", "x"],
  ]) {
    refused(() => prefixesOfPatterns(patterns));
  }
});

test("what notary1 has no words for is refused", () => {
  const patterns = { kind: "patterns", patterns: [...patternsOfPrefixes([""])] } as const;
  const base = convertTargets(role, targetsWith({}), tuf1);
  const withRole = (changes: Partial<DelegatedRole>): Targets => ({
    ...base,
    delegations: {
      keys: base.delegations?.keys ?? new Map(),
      roles: (base.delegations?.roles ?? []).map((each) => ({ ...each, paths: patterns, ...changes })),
      succinct: undefined,
    },
  });
  convertTargets(role, withRole({}), notary1);
  refused(() => convertTargets(role, withRole({ terminating: true }), notary1));
  refused(() => convertTargets(role, withRole({ paths: { kind: "hashPrefixes", hashPrefixes: ["0"] } }), notary1));
  refused(() => convertTargets(role, withRole({ name: parseTuf1RoleName("targets/a/b") }), notary1));
  refused(() =>
    notary1.encodeSigned(convertTargets(role, withRole({ name: parseTuf1RoleName("targets/Upper Case") }), notary1)),
  );
  const succinct: Delegations = {
    keys: new Map(),
    roles: [],
    succinct: { keyIds: [], threshold: 1, bitLength: 2, namePrefix: "targets/b" },
  };
  refused(() => convertTargets(role, { ...base, delegations: succinct }, notary1));
});

test("a target deeper than a converted delegation reaches is refused in the delegated role", () => {
  const deep = targetsWith({}, ["a/b/c/d/e"]);
  convertTargets(role, deep, tuf1);
  refused(() => convertTargets(parseRoleName("targets/releases"), deep, tuf1));
});

test("control characters, fractions and unsafe integers are refused before anything is signed", () => {
  for (const name of ["a\tb", "a\nb", "\u0000"]) refused(() => notary1.encodeSigned(targetsWith({}, [name])));
  for (const custom of [1.5, 2 ** 53, { a: [Number.NaN] }, { "a\u0001": 1 }, "\ud800"]) {
    const content = targetsWith({});
    const targets = new Map([["x", { length: 1, hashes: new Map([["sha256", new Uint8Array(32)]]), custom }]]);
    refused(() => notary1.encodeSigned({ ...content, targets }));
  }
});

test("each dialect refuses the other's model instead of writing nonsense", () => {
  const content = targetsWith({});
  refused(() => tuf1.encodeSigned({ ...content, expires: tuf1.formatExpiry(testStart) }));
  refused(() => tuf1.encodeSigned({ ...content, delegations: undefined }));
  refused(() => notary1.encodeSigned(convertTargets(role, content, tuf1)));
});

async function notaryRoot(): Promise<Root> {
  const [signer] = signers;
  assert.ok(signer !== undefined);
  const certificates = await Promise.all(
    [0, 1].map(() =>
      buildSelfSignedCertificate({
        commonName: "example.com/a",
        notBefore: testStart,
        notAfter: testStart + day,
        signer,
        usage: { kind: "root-of-trust" },
      }),
    ),
  );
  const rootKeys = certificates.map((certificate) => notary1.makeKey(signer.publicKey, certificate));
  const bare = signers.map(({ publicKey }) => notary1.makeKey(publicKey));
  const keys = [...rootKeys, ...bare];
  const other = { keyIds: bare.slice(0, 1).map(({ id }) => id), threshold: 1 };
  return {
    type: "root",
    version: 3,
    expires: notary1.formatExpiry(testStart),
    extra: {},
    consistentSnapshot: false,
    keys: new Map(keys.map((key) => [key.id, key])),
    roles: {
      root: { keyIds: rootKeys.map(({ id }) => id), threshold: 1 },
      targets: other,
      snapshot: other,
      timestamp: other,
    },
  };
}

test("a root goes to tuf1 with one key per public key, and back only with a certificate", async () => {
  const root = await notaryRoot();
  const there = convertRoot(root, tuf1);
  assert.equal(there.keys.size, 1); // two certificates, a bare key: all one; unlisted keys stay behind
  assert.equal(there.consistentSnapshot, true);
  tuf1.encodeSigned(there);
  refused(() => convertRoot(there, notary1));
  const certificate = [...root.keys.values()][0]?.certificates[0];
  const back = convertRoot(there, notary1, () => certificate);
  assert.deepEqual(back.roles.root.keyIds, root.roles.root.keyIds.slice(0, 1));
  assert.equal(back.keys.size, 2);
});

test("a threshold that two certificates of one key reached in notary1 is refused: in tuf1 nobody could reach it", async () => {
  const root = await notaryRoot();
  refused(() => convertRoot({ ...root, roles: { ...root.roles, root: { ...root.roles.root, threshold: 2 } } }, tuf1));
});
