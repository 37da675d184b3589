// Pinned certificate authorities: a root counts when certificates they have issued reach its threshold, and for nothing else
// (vectors/certificates; notary-v1, section 8).
import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parseGun, parseRoleName } from "../bytes/index.ts";
import { notary1, tuf1 } from "../dialects/index.ts";
import {
  buildSelfSignedCertificate,
  type Certificate,
  generateSigner,
  parseCertificates,
  type Signer,
  signerFromPrivateKey,
} from "../keys/index.ts";
import { type Dialect, type Key, type Root, signDocument } from "../tuf/index.ts";
import { type Pin, vouchingPins } from "./pins.ts";

const gun = parseGun("registry.example.com/team/app");
const now = Date.UTC(2026, 11, 1);
const file = (name: string) => readFileSync(new URL(`../../vectors/certificates/${name}`, import.meta.url), "utf8");
const certificatesOf = (name: string): readonly Certificate[] => parseCertificates(file(`${name}.crt`));
const authority = (name: string): Pin => ({ kind: "authority", certificates: certificatesOf(name), origin: name });
const leafSigner = signerFromPrivateKey(createPrivateKey(file("leaf.key")));
const own = await generateSigner();
const ownCertificate = await buildSelfSignedCertificate({
  commonName: gun,
  notBefore: now - 1000,
  notAfter: now + 86_400_000,
  signer: own,
  usage: { kind: "root-of-trust" },
});

async function rootOf(dialect: Dialect, signers: readonly { signer: Signer; key: Key }[], threshold = 1) {
  const keyIds = signers.map(({ key }) => key.id);
  const role = { keyIds, threshold };
  const signed: Root = {
    type: "root",
    version: 1,
    expires: dialect.formatExpiry(now + 86_400_000),
    consistentSnapshot: dialect.name === "tuf1",
    keys: new Map(signers.map(({ key }) => [key.id, key])),
    roles: { root: role, targets: role, snapshot: role, timestamp: role },
    extra: {},
  };
  return signDocument(dialect, parseRoleName("root"), signed, signers);
}

const leaf = { signer: leafSigner, key: notary1.makeKey(leafSigner.publicKey, certificatesOf("leaf")[0]) };
const selfMade = { signer: own, key: notary1.makeKey(own.publicKey, ownCertificate) };

test("a root signed under a certificate of the pinned authority is vouched for, by that pin", async () => {
  const root = await rootOf(notary1, [leaf]);
  const pins = [authority("ca2"), authority("ca")];
  assert.equal(vouchingPins(notary1, root, { gun, now }, pins).length, 2);
  assert.deepEqual(vouchingPins(notary1, root, { gun, now }, [authority("ca2")]), []);
});

test("self-made certificates, another collection's name and dates outside the certificate's count for nothing", async () => {
  const pins = [authority("ca")];
  assert.deepEqual(vouchingPins(notary1, await rootOf(notary1, [selfMade]), { gun, now }, pins), []);
  const root = await rootOf(notary1, [leaf]);
  const other = parseGun("registry.example.com/team/other");
  assert.deepEqual(vouchingPins(notary1, root, { gun: other, now }, pins), []);
  assert.deepEqual(vouchingPins(notary1, root, { gun, now: Date.UTC(2020, 0, 1) }, pins), []);
});

test("certified keys must reach the threshold by themselves", async () => {
  const root = await rootOf(notary1, [leaf, selfMade], 2);
  assert.deepEqual(vouchingPins(notary1, root, { gun, now }, [authority("ca")]), []);
  const both: readonly Pin[] = [authority("ca"), { kind: "certificate", id: selfMade.key.id }];
  assert.equal(vouchingPins(notary1, root, { gun, now }, both).length, 2);
});

test("tuf1 has no certificates: the same key vouches for nothing there", async () => {
  const root = await rootOf(tuf1, [{ signer: leafSigner, key: tuf1.makeKey(leafSigner.publicKey) }]);
  assert.deepEqual(vouchingPins(tuf1, root, { gun, now }, [authority("ca")]), []);
});
