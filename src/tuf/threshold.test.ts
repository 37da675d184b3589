// Who counts as a signer. The identity is the public key: whatever id, key type or certificate wraps it.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { isCountersignError, parseRoleName } from "../bytes/index.ts";
import { dialectNamed, notary1, tuf1 } from "../dialects/index.ts";
import { buildSelfSignedCertificate, generateSigner, type KeyId, type Signer, tufKeyId } from "../keys/index.ts";
import { day, inBothDialects, testStart } from "../testing/index.ts";
import {
  countSigners,
  type Dialect,
  type Document,
  type Key,
  requireThreshold,
  type Signature,
  type SigningKey,
  signDocument,
  type Timestamp,
} from "./index.ts";

const role = parseRoleName("timestamp");
let signers: readonly Signer[] = [];

before(async () => {
  signers = await Promise.all([generateSigner(), generateSigner(), generateSigner("ed25519"), generateSigner("rsa")]);
});

function signer(index: number): Signer {
  const found = signers[index];
  assert.ok(found !== undefined);
  return found;
}

function timestamp(dialect: Dialect, keys: readonly SigningKey[]): Promise<Document<Timestamp>> {
  const snapshot = {
    version: dialect.name === "tuf1" ? 1 : undefined,
    length: 1,
    hashes: new Map([["sha256", new Uint8Array(32)]]),
  };
  const signed = {
    type: "timestamp",
    version: 1,
    expires: dialect.formatExpiry(testStart),
    snapshot,
    extra: {},
  } as const;
  return signDocument(dialect, role, signed, keys);
}

function count(dialect: Dialect, document: Document, keys: readonly Key[], threshold: number) {
  const listed = new Map(keys.map((key) => [key.id, key]));
  return countSigners(dialect, document, listed, { keyIds: [...listed.keys()], threshold });
}

inBothDialects("keys of every kind count, each once", async (name) => {
  const dialect = dialectNamed(name);
  const keys = signers.map((each) => ({ signer: each, key: dialect.makeKey(each.publicKey) }));
  const document = await timestamp(dialect, keys);
  const all = count(
    dialect,
    document,
    keys.map(({ key }) => key),
    4,
  );
  assert.equal(all.met, true);
  assert.deepEqual(
    all.signers,
    signers.map((each) => each.publicKey.id),
  );
  assert.equal(
    count(
      dialect,
      document,
      keys.map(({ key }) => key),
      5,
    ).met,
    false,
  );
});

test("tuf1: one key under two key ids is one signer", async () => {
  const key = tuf1.makeKey(signer(0).publicKey);
  const twin: Key = { ...key, id: tufKeyId({ ...key.source, x: 1 }) };
  const document = await timestamp(tuf1, [
    { signer: signer(0), key },
    { signer: signer(0), key: twin },
  ]);
  assert.equal(document.signatures.length, 2);
  assert.deepEqual(count(tuf1, document, [key, twin], 2).signers, [signer(0).publicKey.id]);
});

test("tuf1: one key under two key types is one signer", async () => {
  const key = tuf1.makeKey(signer(0).publicKey);
  const source = { ...key.source, keytype: "ecdsa-sha2-nistp256" };
  const twin: Key = { ...key, id: tufKeyId(source), keyType: "ecdsa-sha2-nistp256", source };
  const document = await timestamp(tuf1, [
    { signer: signer(0), key },
    { signer: signer(0), key: twin },
  ]);
  assert.equal(count(tuf1, document, [key, twin], 2).met, false);
});

test("notary1: one key under two certificates, and bare, is one signer (Notary itself counts ids)", async () => {
  const dates = { notBefore: testStart, notAfter: testStart + day, signer: signer(0) };
  const certify = () =>
    buildSelfSignedCertificate({ ...dates, commonName: "registry.example.com/a", usage: { kind: "root-of-trust" } });
  const keys = [
    notary1.makeKey(signer(0).publicKey),
    notary1.makeKey(signer(0).publicKey, await certify()),
    notary1.makeKey(signer(0).publicKey, await certify()),
  ];
  assert.equal(new Set(keys.map(({ id }) => id)).size, 3);
  const document = await timestamp(
    notary1,
    keys.map((key) => ({ signer: signer(0), key })),
  );
  assert.equal(document.signatures.length, 3);
  assert.deepEqual(count(notary1, document, keys, 2).signers, [signer(0).publicKey.id]);
});

inBothDialects("what does not verify counts for nothing and harms nothing", async (name) => {
  const dialect = dialectNamed(name);
  const [good, other] = [signer(0), signer(1)].map((each) => dialect.makeKey(each.publicKey));
  assert.ok(good !== undefined && other !== undefined);
  const document = await timestamp(dialect, [{ signer: signer(0), key: good }]);
  const [real] = document.signatures;
  assert.ok(real !== undefined);
  const method = real.method;
  const junk: readonly Signature[] = [
    { keyId: other.id, method, signature: new Uint8Array() },
    { keyId: other.id, method, signature: real.signature },
    { keyId: other.id, method, signature: new Uint8Array(100_000) },
    { keyId: good.id, method: "rsapss", signature: new Uint8Array(64) },
    { keyId: "__proto__" as KeyId, method, signature: real.signature },
  ];
  const mixed = { ...document, signatures: [...junk, real] };
  assert.deepEqual(count(dialect, mixed, [good, other], 1).keyIds, [good.id]);
  assert.equal(count(dialect, mixed, [good, other], 2).met, false);
  const unusable: Key = { ...good, publicKey: undefined };
  assert.equal(count(dialect, mixed, [unusable], 1).met, false);
});

inBothDialects("a key that is known but not the role's does not count", async (name) => {
  const dialect = dialectNamed(name);
  const key = dialect.makeKey(signer(0).publicKey);
  const document = await timestamp(dialect, [{ signer: signer(0), key }]);
  assert.equal(countSigners(dialect, document, new Map([[key.id, key]]), { keyIds: [], threshold: 1 }).met, false);
  assert.equal(countSigners(dialect, document, new Map(), { keyIds: [key.id], threshold: 1 }).met, false);
});

test("a threshold that is no integer of at least one is refused, never met", async () => {
  const key = tuf1.makeKey(signer(0).publicKey);
  const document = await timestamp(tuf1, [{ signer: signer(0), key }]);
  for (const threshold of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(
      () => count(tuf1, document, [key], threshold),
      (error) => isCountersignError(error, "threshold.invalid"),
    );
  }
});

test("thousands of signatures are refused instead of verified", async () => {
  const key = tuf1.makeKey(signer(0).publicKey);
  const document = await timestamp(tuf1, [{ signer: signer(0), key }]);
  const signatures = Array.from({ length: 1001 }, () => ({
    keyId: key.id,
    method: undefined,
    signature: new Uint8Array(70),
  }));
  assert.throws(
    () => count(tuf1, { ...document, signatures }, [key], 1),
    (error) => isCountersignError(error, "limit.exceeded"),
  );
});

test("a document without signatures says so", async () => {
  const document = await timestamp(tuf1, []);
  assert.throws(
    () => requireThreshold(tuf1, document, new Map(), { keyIds: [], threshold: 1 }, "root"),
    (error) => isCountersignError(error, "signature.none"),
  );
});

test("the search for signers stops at the threshold unless all are asked for", async () => {
  const keys = signers.map((each) => ({ signer: each, key: tuf1.makeKey(each.publicKey) }));
  const document = await timestamp(tuf1, keys);
  const listed = new Map(keys.map(({ key }) => [key.id, key]));
  const roleKeys = { keyIds: [...listed.keys()], threshold: 2 };
  assert.equal(countSigners(tuf1, document, listed, roleKeys).signers.length, 2);
  assert.equal(countSigners(tuf1, document, listed, roleKeys, { countAll: true }).signers.length, 4);
});

inBothDialects("a signature that verified once proves nothing of other bytes", async (name) => {
  const dialect = dialectNamed(name);
  const key = dialect.makeKey(signer(0).publicKey);
  const document = await timestamp(dialect, [{ signer: signer(0), key }]);
  assert.equal(count(dialect, document, [key], 1).met, true);
  const otherBytes = dialect.encodeSigned({ ...document.signed, version: 2 });
  assert.equal(count(dialect, { ...document, signedBytes: otherBytes }, [key], 1).met, false);
  assert.equal(count(dialect, document, [key], 1).met, true);
});

inBothDialects("a signature that verified once proves nothing of another key under the same id", async (name) => {
  const dialect = dialectNamed(name);
  const key = dialect.makeKey(signer(0).publicKey);
  const document = await timestamp(dialect, [{ signer: signer(0), key }]);
  assert.equal(count(dialect, document, [key], 1).met, true);
  const impostor = { ...dialect.makeKey(signer(1).publicKey), id: key.id };
  assert.deepEqual(count(dialect, document, [impostor], 1).signers, []);
});

test("a signature that did not verify is looked at again under the right key", async () => {
  const key = tuf1.makeKey(signer(0).publicKey);
  const document = await timestamp(tuf1, [{ signer: signer(0), key }]);
  const impostor = { ...tuf1.makeKey(signer(1).publicKey), id: key.id };
  assert.equal(count(tuf1, document, [impostor], 1).met, false);
  assert.equal(count(tuf1, document, [key], 1).met, true);
});
