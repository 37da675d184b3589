// Invariant 3: no input, however malformed, gives anything but a coded error. Vectors of real programs are mutated and fed to
// every decoder of src/bytes and src/keys. Seeded, so that a failure can be repeated; FUZZ_RUNS=100000 digs deeper.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import {
  CountersignError,
  DerReader,
  decodeBase64,
  decodeHex,
  decodeUtf8,
  encodeCanonicalJson,
  formatPem,
  parseJson,
  parsePem,
  parseRfc3339,
  parseSignedJson,
} from "../bytes/index.ts";
import { parseCertificate, parseCertificates } from "./certificate.ts";
import {
  publicKeyFromHexPoint,
  publicKeyFromPem,
  publicKeyFromRawEd25519,
  publicKeyFromSpki,
} from "./parse-public-key.ts";
import type { SignatureScheme } from "./public-key.ts";
import { verifySignature } from "./verify-signature.ts";

const runs = Number(process.env.FUZZ_RUNS ?? 1500);
const vectors = new URL("../../vectors/", import.meta.url);

/** mulberry32: small, seeded, good enough to choose mutations. */
function randomSource(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const interesting = [0, 1, 0x22, 0x2c, 0x30, 0x5c, 0x7b, 0x7d, 0x7f, 0x80, 0x81, 0xa0, 0xed, 0xff];

/** A few changes: a flipped, changed, removed, repeated or inserted piece, or a cut. */
function mutate(input: Uint8Array, random: (below: number) => number): Uint8Array {
  let bytes = Array.from(input);
  for (let change = random(4); change >= 0; change--) {
    const at = random(bytes.length + 1);
    const length = 1 + random(8);
    const piece = bytes.slice(at, at + length);
    switch (random(7)) {
      case 0:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
        break;
      case 1:
        bytes[at] = interesting[random(interesting.length)] ?? 0;
        break;
      case 2:
        bytes.splice(at, length);
        break;
      case 3:
        bytes.splice(random(bytes.length + 1), 0, ...piece);
        break;
      case 4:
        bytes.splice(at, 0, random(256));
        break;
      case 5:
        bytes = bytes.slice(0, at);
        break;
      default:
        bytes = Array.from({ length: random(64) }, () => random(256));
    }
  }
  return Uint8Array.from(bytes, (byte) => byte);
}

/** Runs `decode` on mutations of the seeds; only a CountersignError that is not a bug may come out. */
function fuzz(name: string, seeds: readonly Uint8Array[], decode: (bytes: Uint8Array) => unknown): void {
  test(`fuzz: ${name}`, () => {
    assert.ok(seeds.length > 0);
    const random = randomSource(20_261_122);
    for (let run = 0; run < runs; run++) {
      const input = mutate(seeds[random(seeds.length)] ?? new Uint8Array(0), random);
      try {
        decode(input);
      } catch (error) {
        const isCoded = error instanceof CountersignError && error.kind !== "bug";
        assert.ok(isCoded, `run ${run}, input ${Buffer.from(input).toString("hex")}: ${String(error)}`);
      }
    }
  });
}

function files(folder: string, ending: string): readonly Uint8Array[] {
  const place = new URL(folder, vectors);
  return readdirSync(place)
    .filter((name) => name.endsWith(ending))
    .map((name) => new Uint8Array(readFileSync(new URL(name, place))));
}

const text = (value: string) => new Uint8Array(Buffer.from(value));
const notaryKeys = JSON.parse(readFileSync(new URL("notary1/keys/key-vectors.json", vectors), "utf8")) as {
  KeyType: string;
  PublicB64: string;
  SigB64: string;
}[];
const tufKeys = JSON.parse(readFileSync(new URL("tuf1/keys.json", vectors), "utf8")) as {
  spki: string;
  signature: string;
  uncompressedPointHex?: string;
  compressedPointHex?: string;
}[];

const documents = [...files("tuf1/repository-compact/", ".json"), ...files("notary1/metadata/restored-db/", ".json")];
const spkis = tufKeys.map(({ spki }) => decodeHex(spki));
const certificates = notaryKeys
  .filter(({ KeyType }) => KeyType.endsWith("-x509"))
  .map(({ PublicB64 }) => decodeBase64(PublicB64));
const points = tufKeys.flatMap((key) => [key.uncompressedPointHex ?? [], key.compressedPointHex ?? []].flat());

fuzz("parseSignedJson", documents, (bytes) => {
  const { signed, signedBytes } = parseSignedJson(bytes, { numbers: "integral" });
  assert.deepEqual(signedBytes, encodeCanonicalJson(signed)); // whichever of the three ways gave them
});
fuzz("parseJson", documents, (bytes) => assert.deepEqual(parseJson(bytes), JSON.parse(decodeUtf8(bytes))));
fuzz("parsePem", files("notary1/keys/", ".key"), (bytes) => {
  for (const { label, bytes: body, headers } of parsePem(decodeUtf8(bytes))) {
    assert.deepEqual(parsePem(formatPem(label, body, headers)), [{ label, headers, bytes: body }]);
  }
});
fuzz("parseCertificates", certificates, (bytes) => parseCertificates(decodeUtf8(bytes)));
fuzz(
  "parseCertificate",
  certificates.flatMap((pem) => parseCertificates(decodeUtf8(pem)).map(({ der }) => der)),
  parseCertificate,
);
fuzz("publicKeyFromSpki", spkis, publicKeyFromSpki);
fuzz(
  "publicKeyFromPem",
  spkis.map((spki) => text(formatPem("PUBLIC KEY", spki))),
  (bytes) => publicKeyFromPem(decodeUtf8(bytes)),
);
fuzz("publicKeyFromHexPoint", points.map(text), (bytes) => publicKeyFromHexPoint(decodeUtf8(bytes)));
fuzz("publicKeyFromRawEd25519", [spkis[0]?.subarray(-32) ?? text("")], publicKeyFromRawEd25519);
fuzz("parseRfc3339", [text("2026-12-06T07:17:42.697130789+01:00")], (bytes) => parseRfc3339(decodeUtf8(bytes)));
fuzz("decodeHex and decodeBase64", [text("00ff"), text("AAECAw==")], (bytes) => {
  const input = decodeUtf8(bytes);
  if (input.length % 2 === 0) decodeHex(input);
  decodeBase64(input);
});
fuzz("DerReader", [...spkis, ...certificates], (bytes) => {
  const walk = (reader: DerReader): void => {
    while (!reader.isAtEnd) {
      if (((reader.peekTag() ?? 0) & 0x20) !== 0) walk(reader.enter(reader.peekTag()));
      else reader.next();
    }
  };
  walk(new DerReader(bytes));
});

test("fuzz: verifySignature answers false for every changed signature and never throws", () => {
  const schemes = ["ecdsa-sha256-raw", "ecdsa-sha256-der", "ed25519", "rsa-pss-sha256", "rsa-pkcs1v15-sha256"] as const;
  const random = randomSource(7);
  const signatures = [
    ...tufKeys.map(({ signature }) => decodeHex(signature)),
    ...notaryKeys.map(({ SigB64 }) => decodeBase64(SigB64)),
  ];
  const keys = spkis.map(publicKeyFromSpki);
  for (let run = 0; run < runs; run++) {
    const key = keys[random(keys.length)];
    const scheme: SignatureScheme | undefined = schemes[random(schemes.length)];
    const signature = mutate(signatures[random(signatures.length)] ?? text(""), random);
    assert.ok(key !== undefined && scheme !== undefined);
    assert.equal(verifySignature(key, scheme, text("another message"), signature), false);
  }
});
