// Keys of notary-signer: what the real one wrote opens, and nothing that was changed does.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { isCountersignError } from "../bytes/index.ts";
import { passphrasesFromEnvironment } from "../notary-signer/index.ts";
import type { KeyMaterial, KeyRow } from "./notary-source.ts";
import { openPrivateKey } from "./private-keys.ts";
import { SampleDeployment, samplePassphrase } from "./sample-deployment.ts";

const vectors: {
  readonly passphrase: string;
  readonly rows: readonly {
    algorithm: string;
    keyId: string;
    gun: string;
    role: string;
    public: string;
    private: string;
  }[];
} = JSON.parse(readFileSync(new URL("../../vectors/notary1/keys/notary-signer-rows.json", import.meta.url), "utf8"));

const passphrases = passphrasesFromEnvironment({
  NOTARY_SIGNER_TESTALIAS: vectors.passphrase,
  NOTARY_SIGNER_OLD: "another",
});

const samples = vectors.rows.map((row): { readonly row: KeyRow; readonly material: KeyMaterial } => ({
  row: {
    ...row,
    id: 1,
    passphraseAlias: "testalias",
    createdAt: 0,
    lastUsed: undefined,
    isDeleted: false,
  },
  material: { public: Buffer.from(row.public, "base64"), private: row.private },
}));
const [ecdsa, ed25519] = samples;
assert.ok(ecdsa !== undefined && ed25519 !== undefined);

test("keys that notary-signer sealed open, with the id it gave them", async () => {
  for (const { row, material } of samples) {
    const { privateKey, publicKey } = await openPrivateKey(row, material, passphrases);
    assert.equal(publicKey.id, row.keyId);
    assert.equal(privateKey.type, "private");
  }
});

const changes: readonly (readonly [string, string, Partial<KeyRow>, Partial<KeyMaterial>])[] = [
  ["another alias's passphrase", "key.passphrase_wrong", { passphraseAlias: "old" }, {}],
  ["an alias without a passphrase", "key.passphrase_missing", { passphraseAlias: "gone" }, {}],
  ["an alias named like a member of every object", "key.passphrase_missing", { passphraseAlias: "__proto__" }, {}],
  ["a row whose id is another key's", "key.format", { keyId: ed25519.row.keyId }, {}],
  ["a row whose public half is another key's", "key.format", {}, { public: ed25519.material.public }],
  ["a secret half of another key", "key.format", {}, { private: ed25519.material.private }],
  ["no JWE", "key.format", {}, { private: "plain text" }],
  ["a JWE cut short", "key.format", {}, { private: ecdsa.material.private.slice(0, -4) }],
  [
    "a JWE that asks for four billion rounds",
    "key.format",
    {},
    { private: ecdsa.material.private.replace(/^[^.]+/, header({ p2c: 4_000_000_000 })) },
  ],
  [
    "a JWE of another kind",
    "key.format",
    {},
    { private: ecdsa.material.private.replace(/^[^.]+/, header({ alg: "dir" })) },
  ],
];

function header(change: object): string {
  const parsed: object = JSON.parse(Buffer.from(ecdsa?.material.private.split(".")[0] ?? "", "base64url").toString());
  return Buffer.from(JSON.stringify({ ...parsed, ...change })).toString("base64url");
}

for (const [what, code, row, material] of changes) {
  test(`${what} is refused: ${code}`, async () => {
    const changed = { row: { ...ecdsa.row, ...row }, material: { ...ecdsa.material, ...material } };
    await assert.rejects(openPrivateKey(changed.row, changed.material, passphrases), (error) => {
      assert.ok(isCountersignError(error), String(error));
      assert.ok(error.code === code || (error.code === "der.invalid" && code === "key.format"), error.code);
      assert.doesNotMatch(`${error.message} ${error.hints}`, /test passphrase|another/);
      return true;
    });
  });
}

test("a secret swapped for that of another row's key, sealed under the same passphrase, is refused", async () => {
  const source = new SampleDeployment();
  const [mine, other] = [await source.addKey("a/b", "timestamp"), await source.addKey("a/c", "timestamp")];
  const swapped = { public: mine.public, private: other.private };
  await assert.rejects(
    openPrivateKey(mine, swapped, () => samplePassphrase),
    (error) => isCountersignError(error, "key.format") && /another key/.test(error.message),
  );
});
