// Keys, ids and signatures made by Notary itself (vectors/notary1), through our parsers: each must come out the same.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  decodeBase64,
  decodeUtf8,
  encodeUtf8,
  type JsonObject,
  type JsonValue,
  parseJson,
  parseSignedJson,
  sha256,
  sha512,
} from "../bytes/index.ts";
import { parseCertificates } from "./certificate.ts";
import { notaryKeyId } from "./key-id.ts";
import { publicKeyFromRawEd25519, publicKeyFromSpki } from "./parse-public-key.ts";
import type { PublicKey, SignatureScheme } from "./public-key.ts";
import { verifySignature } from "./verify-signature.ts";

const root = fileURLToPath(new URL("../../vectors/notary1/", import.meta.url));

interface KeyVector {
  readonly Name: string;
  readonly KeyType: string;
  readonly PublicB64: string;
  readonly KeyID: string;
  readonly CanonicalKeyID: string;
  readonly Method: string;
  readonly MessageUtf8: string;
  readonly SigB64: string;
}

function publicKeyOf(keyType: string, publicBase64: string): PublicKey {
  const bytes = decodeBase64(publicBase64);
  if (keyType === "ed25519") return publicKeyFromRawEd25519(bytes);
  if (!keyType.endsWith("-x509")) return publicKeyFromSpki(bytes);
  const key = parseCertificates(decodeUtf8(bytes))[0]?.publicKey;
  assert.ok(key);
  return key;
}

const schemeOf: Readonly<Record<string, SignatureScheme>> = {
  ecdsa: "ecdsa-sha256-raw",
  rsapss: "rsa-pss-sha256",
  rsapkcs1v15: "rsa-pkcs1v15-sha256",
  eddsa: "ed25519",
};

function verifies(key: PublicKey, method: string, message: Uint8Array, signature: Uint8Array): boolean {
  const scheme = schemeOf[method];
  return scheme !== undefined && verifySignature(key, scheme, message, signature);
}

const keyVectors = JSON.parse(readFileSync(`${root}keys/key-vectors.json`, "utf8")) as KeyVector[];
for (const vector of keyVectors) {
  test(`key ${vector.Name}: id, canonical id and signature as Notary's`, () => {
    assert.equal(notaryKeyId(vector.KeyType, vector.PublicB64), vector.KeyID);
    const key = publicKeyOf(vector.KeyType, vector.PublicB64);
    assert.equal(key.id, vector.CanonicalKeyID);
    const message = encodeUtf8(vector.MessageUtf8);
    const signature = decodeBase64(vector.SigB64);
    assert.equal(verifies(key, vector.Method, message, signature), true);
    assert.equal(verifies(key, vector.Method, encodeUtf8(`${vector.MessageUtf8} `), signature), false);
    const last = signature.length - 1;
    signature[last] = (signature[last] ?? 0) ^ 1;
    assert.equal(verifies(key, vector.Method, message, signature), false);
  });
}

// Every document that Notary stored in the captured collections: key ids, signatures by keys that are known somewhere in
// the collection, and the hashes by which one document names another.
test("every key id, signature and hash of the captured collections checks", () => {
  let checks = 0;
  const byteLists: Uint8Array[] = [];
  for (const collection of readdirSync(`${root}metadata`)) {
    const folder = `${root}metadata/${collection}/`;
    const documents = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".json"))
      .map((name) => ({ name, bytes: new Uint8Array(readFileSync(folder + name)) }))
      .map((file) => ({ ...file, ...parseSignedJson(file.bytes, { numbers: "integral" }) }));
    const keys = new Map<string, PublicKey>();
    for (const { signed } of documents) {
      for (const [id, key] of keysOf(signed)) {
        const publicBase64 = String(member(member(key, "keyval"), "public"));
        const keyType = String(member(key, "keytype"));
        assert.equal(notaryKeyId(keyType, publicBase64), id);
        keys.set(id, publicKeyOf(keyType, publicBase64));
        checks++;
      }
    }
    const byHash = new Map(documents.map(({ bytes }) => [hex64(sha256(bytes)), bytes]));
    for (const { name, signed, signedBytes, signatures, bytes } of documents) {
      byteLists.push(bytes);
      for (const entry of signatures as readonly JsonValue[]) {
        const key = keys.get(String(member(entry, "keyid")));
        if (key === undefined) continue;
        const signature = decodeBase64(String(member(entry, "sig")));
        assert.equal(
          verifies(key, String(member(entry, "method")), signedBytes, signature),
          true,
          `${collection}/${name}`,
        );
        checks++;
      }
      for (const meta of Object.values((member(signed, "meta") ?? {}) as JsonObject)) {
        const hashes = member(meta, "hashes");
        const child = byHash.get(String(member(hashes, "sha256")));
        if (child === undefined) continue;
        assert.equal(child.length, member(meta, "length"));
        assert.equal(hex64(sha512(child)), member(hashes, "sha512"));
        checks++;
      }
    }
  }
  assert.ok(byteLists.length > 100);
  assert.ok(checks > 300, `${checks} checks`);
});

function hex64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function member(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return value !== null && typeof value === "object" ? (value as JsonObject)[name] : undefined;
}

function keysOf(signed: JsonObject): readonly [string, JsonValue][] {
  const own = member(signed, "keys") ?? {};
  const delegated = member(member(signed, "delegations"), "keys") ?? {};
  return [...Object.entries(own as JsonObject), ...Object.entries(delegated as JsonObject)];
}

test("canonical JSON of the captured envelopes is a view wherever Notary wrote no escapes", () => {
  const bytes = new Uint8Array(readFileSync(`${root}metadata/notary-full-history/root.v1.json`));
  const { signedBytes } = parseSignedJson(bytes);
  assert.equal(signedBytes.buffer, bytes.buffer);
  assert.ok(parseJson(signedBytes));
});
