// Certificates made by hand, each wrong in one way that a lenient reader would let pass.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  derBitString,
  derBoolean,
  derElement,
  derExplicit,
  derInteger,
  derObjectIdentifier,
  derOctetString,
  derSequence,
  derSetOfOne,
  derTag,
  derUtf8String,
  encodeUtf8,
} from "../bytes/index.ts";
import { parseCertificate } from "./certificate.ts";
import { generateSigner } from "./memory-signer.ts";

const { publicKey } = await generateSigner();
const ecdsaSha256 = "1.2.840.10045.4.3.2";
const basicConstraints = (isCa: boolean) =>
  derSequence(
    derObjectIdentifier("2.5.29.19"),
    derBoolean(true),
    derOctetString(isCa ? derSequence(derBoolean(true)) : derSequence()),
  );
const utcTime = (text: string) => derElement(derTag.utcTime, encodeUtf8(text));
const generalizedTime = (text: string) => derElement(derTag.generalizedTime, encodeUtf8(text));

interface Parts {
  readonly commonNames?: readonly Uint8Array[];
  readonly signature?: string;
  readonly notBefore?: Uint8Array;
  readonly spki?: Uint8Array;
  readonly extensions?: readonly Uint8Array[];
}

function certificate({
  commonNames = [derUtf8String("name")],
  signature = ecdsaSha256,
  notBefore = utcTime("261122071826Z"),
  spki = publicKey.spki,
  extensions = [basicConstraints(false)],
}: Parts): Uint8Array {
  const algorithm = derSequence(derObjectIdentifier(signature));
  const name = derSequence(
    ...commonNames.map((text) => derSetOfOne(derSequence(derObjectIdentifier("2.5.4.3"), text))),
  );
  const body = derSequence(
    derExplicit(0, derInteger(2)),
    derInteger(1),
    algorithm,
    name,
    derSequence(notBefore, generalizedTime("20500101000000Z")),
    name,
    spki,
    derExplicit(3, derSequence(...extensions)),
  );
  return derSequence(body, algorithm, derBitString(Uint8Array.of(1)));
}

const parse = (parts: Parts) => parseCertificate(certificate(parts));
const invalid = { code: "certificate.invalid" };

test("reads one that is right", () => {
  const { commonName, notBefore, notAfter, isCa, isWeaklySigned, publicKey: key } = parse({});
  assert.deepEqual(
    { commonName, notBefore, notAfter, isCa, isWeaklySigned, id: key?.id },
    {
      commonName: "name",
      notBefore: Date.UTC(2026, 10, 22, 7, 18, 26),
      notAfter: Date.UTC(2050, 0, 1),
      isCa: false,
      isWeaklySigned: false,
      id: publicKey.id,
    },
  );
});

test("two common names name nobody: readers differ in which one they take", () => {
  assert.equal(parse({ commonNames: [derUtf8String("a"), derUtf8String("b")] }).commonName, undefined);
  assert.equal(parse({ commonNames: [] }).commonName, undefined);
});

test("a common name that is no text or no UTF-8 is refused", () => {
  assert.throws(() => parse({ commonNames: [derInteger(1)] }), invalid);
  assert.throws(() => parse({ commonNames: [derElement(derTag.utf8String, Uint8Array.of(0xff))] }), invalid);
});

test("basic constraints decide once", () => {
  assert.equal(parse({ extensions: [basicConstraints(true)] }).isCa, true);
  assert.equal(parse({ extensions: [] }).isCa, false);
  assert.throws(() => parse({ extensions: [basicConstraints(true), basicConstraints(false)] }), invalid);
  assert.throws(() => parse({ extensions: [basicConstraints(false), basicConstraints(true)] }), invalid);
});

test("signatures over MD5 and SHA-1 are weak", () => {
  for (const oid of ["1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5", "1.2.840.10045.4.1", "1.2.840.10040.4.3"]) {
    assert.equal(parse({ signature: oid }).isWeaklySigned, true, oid);
  }
});

test("dates are dates, to the second and in UTC", () => {
  assert.equal(parse({ notBefore: utcTime("490101000000Z") }).notBefore, Date.UTC(2049, 0, 1));
  assert.equal(parse({ notBefore: utcTime("500101000000Z") }).notBefore, Date.UTC(1950, 0, 1));
  for (const notBefore of [
    utcTime("260231000000Z"),
    utcTime("261301000000Z"),
    utcTime("2611220718Z"),
    utcTime("261122071826+0100"),
    utcTime("261122240000Z"),
    generalizedTime("20261122071826.5Z"),
    generalizedTime("20261122071826"),
    derInteger(1),
  ]) {
    assert.throws(() => parse({ notBefore }), invalid);
  }
});

test("a key of a kind we do not use leaves the certificate readable and the key undefined", () => {
  const unknown = derSequence(derSequence(derObjectIdentifier("1.2.3.4")), derBitString(Uint8Array.of(1)));
  assert.equal(parse({ spki: unknown }).publicKey, undefined);
  assert.throws(() => parse({ spki: derSequence() }), invalid);
});
