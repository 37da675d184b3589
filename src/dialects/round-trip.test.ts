// Properties: what is encoded decodes to the same content and to the same bytes again, in both dialects, whatever the names; a
// document signed with signDocument verifies.
import assert from "node:assert/strict";
import { before } from "node:test";
import fc from "fast-check";
import { type JsonValue, parseRoleName, parseTuf1RoleName, type RoleName } from "../bytes/index.ts";
import { generateSigner, type Signer } from "../keys/index.ts";
import { inBothDialects } from "../testing/index.ts";
import {
  countSigners,
  type DelegatedRole,
  type DialectName,
  type MetaEntry,
  type Signed,
  signDocument,
  type Target,
} from "../tuf/index.ts";
import { dialectNamed } from "./index.ts";

let signers: readonly Signer[] = [];
before(async () => {
  signers = await Promise.all([generateSigner(), generateSigner("ed25519"), generateSigner("ecdsa-p384")]);
});

const runs = { numRuns: 150 };
const hostile = fc.constantFrom(
  "__proto__",
  "constructor",
  "..",
  "",
  "<&>\u2028\u2029",
  '"\\',
  "\u{1F600}\uE000",
  "1",
  "01",
  "é",
);
/** Text without what notary1 refuses: control characters. */
const text = fc
  .oneof(fc.string({ unit: "grapheme" }), hostile)
  .filter((it) => it.isWellFormed() && !/[\u0000-\u001f]/.test(it));
const size = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const hashes = fc
  .record({ sha256: bytes(32), sha512: fc.option(bytes(64)), other: fc.option(bytes(3)) })
  .map(
    ({ sha256, sha512, other }) =>
      new Map([
        ["sha256", sha256],
        ...(sha512 ? ([["sha512", sha512]] as const) : []),
        ...(other ? ([["x-new", other]] as const) : []),
      ]),
  );

function bytes(length: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: length, maxLength: length });
}

const { json } = fc.letrec<{ json: JsonValue }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3 },
    text,
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("json"), { maxLength: 3 }),
    fc.array(fc.tuple(text, tie("json")), { maxLength: 3 }).map((members) => Object.fromEntries(members)),
  ),
}));

const target: fc.Arbitrary<Target> = fc.record({
  length: size,
  hashes,
  custom: fc.option(json, { nil: undefined }).map((custom) => custom ?? undefined),
});

function roleName(dialect: DialectName): fc.Arbitrary<RoleName> {
  if (dialect === "notary1")
    return fc.stringMatching(/^[-a-z0-9_]{1,20}$/).map((name) => parseRoleName(`targets/${name}`));
  return text
    .filter((it) => it.length > 0 && it.length < 40 && !/[\u007f]/.test(it))
    .map((it) => parseTuf1RoleName(`targets/${it}`));
}

function delegatedRole(dialect: DialectName): fc.Arbitrary<DelegatedRole> {
  const keys = signers.map(({ publicKey }) => dialectNamed(dialect).makeKey(publicKey).id);
  return fc.record({
    name: roleName(dialect),
    keyIds: fc.subarray(keys),
    threshold: fc.integer({ min: 1, max: 5 }),
    terminating: dialect === "tuf1" ? fc.boolean() : fc.constant(false),
    paths: fc
      .array(text, { maxLength: 3 })
      .map((list): DelegatedRole["paths"] =>
        dialect === "notary1" ? { kind: "prefixes", prefixes: list } : { kind: "patterns", patterns: list },
      ),
  });
}

function entry(dialect: DialectName): fc.Arbitrary<MetaEntry> {
  if (dialect === "notary1") return fc.record({ version: fc.constant(undefined), length: size, hashes });
  return fc.record({
    version: fc.integer({ min: 1 }),
    length: fc.option(size, { nil: undefined }),
    hashes: fc.oneof(hashes, fc.constant(new Map())),
  });
}

function signed(dialect: DialectName): fc.Arbitrary<Signed> {
  const { formatExpiry, makeKey } = dialectNamed(dialect);
  const keys = new Map(signers.map(({ publicKey }) => makeKey(publicKey)).map((key) => [key.id, key] as const));
  const common = {
    version: fc.integer({ min: 1 }),
    expires: fc.integer({ min: 0, max: 4e12 }).map((at) => formatExpiry(at)),
    extra: fc
      .array(
        fc.tuple(
          text.map((name) => `x${name}`),
          json,
        ),
        { maxLength: 2 },
      )
      .map((list) => Object.fromEntries(list)),
  };
  const roleKeys = fc.record({ keyIds: fc.subarray([...keys.keys()]), threshold: fc.integer({ min: 1, max: 9 }) });
  const targets = fc.record({
    type: fc.constant("targets" as const),
    ...common,
    targets: fc.array(fc.tuple(text, target), { maxLength: 5 }).map((list) => new Map(list)),
    delegations: fc
      .uniqueArray(delegatedRole(dialect), { maxLength: 3, selector: ({ name }) => name })
      .map((roles) => ({ keys, roles, succinct: undefined })),
  });
  const root = fc.record({
    type: fc.constant("root" as const),
    ...common,
    consistentSnapshot: fc.boolean(),
    keys: fc.constant(keys),
    roles: fc.record({ root: roleKeys, targets: roleKeys, snapshot: roleKeys, timestamp: roleKeys }),
  });
  const top = fc.constantFrom("root", "targets").map((name) => parseRoleName(name));
  const snapshot = fc.record({
    type: fc.constant("snapshot" as const),
    ...common,
    meta: fc
      .tuple(
        entry(dialect),
        entry(dialect),
        fc.array(fc.tuple(fc.oneof(top, roleName(dialect)), entry(dialect)), { maxLength: 4 }),
      )
      .map(([a, b, rest]) => new Map([[parseRoleName("root"), a], [parseRoleName("targets"), b], ...rest])),
  });
  const timestamp = fc.record({ type: fc.constant("timestamp" as const), ...common, snapshot: entry(dialect) });
  return fc.oneof(root, targets, snapshot, timestamp);
}

/** Without the null prototypes of generated records. */
function plain(value: unknown): unknown {
  return structuredClone(value);
}

function decode(dialect: DialectName, type: Signed["type"], wire: Uint8Array) {
  const { decodeRoot, decodeSnapshot, decodeTargets, decodeTimestamp } = dialectNamed(dialect);
  if (type === "root") return decodeRoot(wire);
  if (type === "snapshot") return decodeSnapshot(wire);
  return type === "timestamp" ? decodeTimestamp(wire) : decodeTargets(parseRoleName("targets"), wire);
}

inBothDialects("what is encoded decodes to the same bytes and the same content", async (name) => {
  const dialect = dialectNamed(name);
  fc.assert(
    fc.property(signed(name), (content) => {
      const signedBytes = dialect.encodeSigned(content);
      const document = decode(name, content.type, dialect.assemble(signedBytes, []));
      assert.deepEqual(Buffer.from(document.signedBytes), Buffer.from(signedBytes));
      assert.deepEqual(Buffer.from(dialect.encodeSigned(document.signed)), Buffer.from(signedBytes));
      assert.equal(document.signed.version, content.version);
      if (content.type === "targets" && document.signed.type === "targets") {
        assert.deepEqual(plain(new Map(document.signed.targets)), plain(content.targets)); // order does not matter
        const decoded = document.signed.delegations?.roles;
        assert.deepEqual(plain(decoded), plain(content.delegations?.roles));
      }
    }),
    runs,
  );
});

inBothDialects("what is signed verifies after the wire, and with one bit changed does not", async (name) => {
  const dialect = dialectNamed(name);
  const keys = signers.map((signer) => ({ signer, key: dialect.makeKey(signer.publicKey) }));
  const listed = new Map(keys.map(({ key }) => [key.id, key]));
  const role = { keyIds: [...listed.keys()], threshold: 3 };
  await fc.assert(
    fc.asyncProperty(signed(name), fc.nat(), async (content, at) => {
      const made = await signDocument(dialect, parseRoleName(content.type), content, keys);
      const document = decode(name, content.type, made.bytes);
      assert.equal(countSigners(dialect, document, listed, role).met, true);
      const forged = document.signedBytes.slice();
      const place = at % forged.length;
      forged[place] = (forged[place] ?? 0) ^ 1;
      assert.equal(countSigners(dialect, { ...document, signedBytes: forged }, listed, role).signers.length, 0);
    }),
    { numRuns: 40 },
  );
});
