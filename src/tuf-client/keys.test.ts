// Which keys count, however their writers spelled them, and which do not. TUF 1.0.34, 4.2; python-tuf's and older tools' ways.
import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { it } from "node:test";
import { encodeHex } from "../bytes/index.ts";
import { tuf1 } from "../dialects/index.ts";
import { generateSigner, type KeyAlgorithm, type SignatureScheme, type Signer } from "../keys/index.ts";
import { type LooseJson, rejectsWith, TufReader, TufTree } from "../testing/index.ts";

/** Whether a timestamp signed by `signer` with `scheme` is taken when the root spells the key as `key`. */
async function isTaken(signer: Signer, scheme: SignatureScheme, key: LooseJson): Promise<boolean> {
  const tree = await TufTree.create();
  const reader = await TufReader.of(tree);
  const root = tree.role("root");
  const { id } = tuf1.makeKey(signer.publicKey);
  root.keys[id] = key;
  root.roles.timestamp.keyids = [id];
  tree.signers.set("timestamp", [{ publicKey: signer.publicKey, sign: (message) => signer.sign(message, scheme) }]);
  await tree.publish("root", "timestamp");
  const refreshed = reader.open().refresh();
  const taken = refreshed.then(
    () => true,
    () => false,
  );
  if (!(await taken)) await rejectsWith(refreshed, "threshold.unmet");
  return taken;
}

function pem(signer: Signer): string {
  const key = createPublicKey({ key: Buffer.from(signer.publicKey.spki), format: "der", type: "spki" });
  return key.export({ type: "spki", format: "pem" }).toString();
}

it("keys of every kind verify, in every scheme that fits them", async () => {
  const schemes: readonly (readonly [KeyAlgorithm, string, readonly (readonly [string, SignatureScheme])[]])[] = [
    ["ecdsa-p256", "ecdsa", [["ecdsa-sha2-nistp256", "ecdsa-sha256-der"]]],
    ["ecdsa-p384", "ecdsa", [["ecdsa-sha2-nistp384", "ecdsa-sha384-der"]]],
    ["ecdsa-p521", "ecdsa", [["ecdsa-sha2-nistp521", "ecdsa-sha512-der"]]],
    [
      "rsa",
      "rsa",
      [
        ["rsassa-pss-sha256", "rsa-pss-sha256"],
        ["rsassa-pss-sha384", "rsa-pss-sha384"],
        ["rsassa-pss-sha512", "rsa-pss-sha512"],
        ["rsa-pkcs1v15-sha256", "rsa-pkcs1v15-sha256"],
        ["rsa-pkcs1v15-sha384", "rsa-pkcs1v15-sha384"],
        ["rsa-pkcs1v15-sha512", "rsa-pkcs1v15-sha512"],
      ],
    ],
  ];
  for (const [algorithm, keytype, named] of schemes) {
    const signer = await generateSigner(algorithm);
    for (const [scheme, signed] of named) {
      assert.ok(await isTaken(signer, signed, { keytype, scheme, keyval: { public: pem(signer) } }), scheme);
    }
  }
  const signer = await generateSigner("ed25519");
  const raw = encodeHex(signer.publicKey.spki.subarray(-32));
  for (const text of [raw, raw.toUpperCase()]) {
    assert.ok(await isTaken(signer, "ed25519", { keytype: "ed25519", scheme: "ed25519", keyval: { public: text } }));
  }
});

it("elliptic keys are read as old and careless writers wrote them", async () => {
  for (const [algorithm, size, scheme, signed] of [
    ["ecdsa-p256", 65, "ecdsa-sha2-nistp256", "ecdsa-sha256-der"],
    ["ecdsa-p384", 97, "ecdsa-sha2-nistp384", "ecdsa-sha384-der"],
  ] as const) {
    const signer = await generateSigner(algorithm);
    const point = Buffer.from(signer.publicKey.spki.subarray(-size));
    const texts = [
      pem(signer),
      pem(signer).trimEnd(),
      pem(signer).replaceAll("\n", "\r\n"),
      point.toString("hex"),
      point.toString("hex").toUpperCase(),
      compress(point).toString("hex"),
    ];
    for (const text of texts) {
      for (const keytype of ["ecdsa", scheme]) {
        const key = { keytype, scheme, keyval: { public: text }, keyid_hash_algorithms: ["md5"], "x-more": [1] };
        assert.ok(await isTaken(signer, signed, key), `${keytype} ${text.slice(0, 40)}`);
      }
    }
  }
});

/** A point by its x and the parity of its y (SEC 1, 2.3.3). */
function compress(point: Buffer): Buffer {
  const parity = (point.at(-1) ?? 0) & 1;
  return Buffer.concat([Buffer.from([2 + parity]), point.subarray(1, (point.length + 1) / 2)]);
}

it("a key in a scheme that does not fit it, of another length, or that is none counts for nothing", async () => {
  const signer = await generateSigner("ed25519");
  const raw = encodeHex(signer.publicKey.spki.subarray(-32));
  const p256 = await generateSigner("ecdsa-p256");
  const ed25519 = { keytype: "ed25519", scheme: "ed25519" };
  for (const key of [
    { ...ed25519, keyval: { public: raw.slice(2) } },
    { ...ed25519, keyval: { public: `${raw}00` } },
    { ...ed25519, keyval: { public: "zz".repeat(32) } },
    { ...ed25519, keyval: { public: "" } },
    { ...ed25519, keyval: { public: null } },
    { ...ed25519, keyval: {} },
    { ...ed25519, scheme: "ed448", keyval: { public: raw } },
    { ...ed25519, scheme: "ecdsa-sha2-nistp256", keyval: { public: raw } },
    { ...ed25519, keytype: "ml-dsa-65", keyval: { public: raw } },
    { ...ed25519, keytype: "rsa", keyval: { public: pem(p256) } },
    { ...ed25519, keytype: "__proto__", keyval: { public: raw } },
  ]) {
    assert.equal(await isTaken(signer, "ed25519", key), false, JSON.stringify(key));
  }
  const mismatched = { keytype: "ecdsa", scheme: "ecdsa-sha2-nistp384", keyval: { public: pem(p256) } };
  assert.equal(await isTaken(p256, "ecdsa-sha256-der", mismatched), false);
});
