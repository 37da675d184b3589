// Keys, signatures and documents made by securesystemslib and python-tuf (vectors/tuf1).
import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { decodeHex, encodeHex, encodeUtf8, type JsonObject, parseJson, parseSignedJson } from "../bytes/index.ts";
import { tufKeyId } from "./key-id.ts";
import { signerFromPrivateKey } from "./memory-signer.ts";
import { publicKeyFromHexPoint, publicKeyFromPem, publicKeyFromRawEd25519 } from "./parse-public-key.ts";
import type { PublicKey, SignatureScheme } from "./public-key.ts";
import { verifySignature } from "./verify-signature.ts";

const folder = new URL("../../vectors/tuf1/", import.meta.url);

interface TufKey {
  readonly keytype: string;
  readonly scheme: string;
  readonly keyval: { readonly public: string };
}

interface KeyVector {
  readonly name: string;
  readonly keyid: string;
  readonly key: TufKey;
  readonly spki: string;
  readonly message: string;
  readonly signature: string;
  readonly privatePem: string;
  readonly uncompressedPointHex?: string;
  readonly compressedPointHex?: string;
}

const schemeOf: Readonly<Record<string, SignatureScheme>> = {
  ed25519: "ed25519",
  "ecdsa-sha2-nistp256": "ecdsa-sha256-der",
  "ecdsa-sha2-nistp384": "ecdsa-sha384-der",
  "ecdsa-sha2-nistp521": "ecdsa-sha512-der",
  "rsassa-pss-sha256": "rsa-pss-sha256",
  "rsassa-pss-sha384": "rsa-pss-sha384",
  "rsassa-pss-sha512": "rsa-pss-sha512",
  "rsa-pkcs1v15-sha256": "rsa-pkcs1v15-sha256",
  "rsa-pkcs1v15-sha384": "rsa-pkcs1v15-sha384",
  "rsa-pkcs1v15-sha512": "rsa-pkcs1v15-sha512",
};

function publicKeyOf(key: TufKey): PublicKey {
  return key.keytype === "ed25519"
    ? publicKeyFromRawEd25519(decodeHex(key.keyval.public))
    : publicKeyFromPem(key.keyval.public);
}

function schemeFor(key: TufKey): SignatureScheme {
  const scheme = schemeOf[key.scheme];
  assert.ok(scheme);
  return scheme;
}

const vectors = JSON.parse(readFileSync(new URL("keys.json", folder), "utf8")) as KeyVector[];
for (const vector of vectors) {
  test(`key ${vector.name}: id, bytes and signature as securesystemslib's`, async () => {
    const key = publicKeyOf(vector.key);
    const scheme = schemeFor(vector.key);
    const message = encodeUtf8(vector.message);
    const keyObject = parseJson(encodeUtf8(JSON.stringify(vector.key))) as JsonObject;
    assert.equal(tufKeyId(keyObject), vector.keyid);
    assert.equal(encodeHex(key.spki), vector.spki);
    assert.equal(verifySignature(key, scheme, message, decodeHex(vector.signature)), true);
    assert.equal(verifySignature(key, scheme, encodeUtf8("other"), decodeHex(vector.signature)), false);
    const signer = signerFromPrivateKey(createPrivateKey(vector.privatePem));
    assert.equal(signer.publicKey.id, key.id);
    assert.equal(verifySignature(key, scheme, message, await signer.sign(message, scheme)), true);
    for (const point of [vector.uncompressedPointHex, vector.compressedPointHex]) {
      if (point !== undefined) assert.equal(publicKeyFromHexPoint(point).id, key.id);
    }
  });
}

interface RoleMembers {
  readonly keys?: Record<string, TufKey>;
  readonly delegations?: { readonly keys: Record<string, TufKey> };
}

for (const repository of ["repository-compact", "repository-indented"]) {
  test(`every key id and signature of python-tuf's ${repository} checks`, () => {
    const names = readdirSync(new URL(`${repository}/`, folder));
    const documents = names.map((name) =>
      parseSignedJson(new Uint8Array(readFileSync(new URL(`${repository}/${name}`, folder)))),
    );
    const keys = new Map<string, TufKey>();
    for (const { signed } of documents) {
      const role = signed as unknown as RoleMembers;
      for (const [id, key] of Object.entries({ ...role.keys, ...role.delegations?.keys })) {
        assert.equal(tufKeyId(key as unknown as JsonObject), id);
        keys.set(id, key);
      }
    }
    let count = 0;
    for (const { signedBytes, signatures } of documents) {
      for (const { keyid, sig } of signatures as unknown as { keyid: string; sig: string }[]) {
        const key = keys.get(keyid);
        assert.ok(key);
        assert.equal(verifySignature(publicKeyOf(key), schemeFor(key), signedBytes, decodeHex(sig)), true);
        count++;
      }
    }
    assert.equal(count, 16);
  });
}
