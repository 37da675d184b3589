// A root key's certificate says which collection it is for: another collection's root must not pass as this one's.
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { derBoolean, derOctetString, derSequence, formatPem } from "../bytes/index.ts";
import { type Certificate, parseCertificate, parseCertificates } from "./certificate.ts";
import { buildSelfSignedCertificate } from "./certificate-builder.ts";
import { generateSigner } from "./memory-signer.ts";
import { checkRootCertificate, rootCertificateFault } from "./root-certificate.ts";

const day = 24 * 60 * 60 * 1000;
const now = Date.UTC(2026, 10, 22);
const gun = "registry.example.com/team/app";
const signer = await generateSigner();
const build = (commonName: string, notBefore = now - day, notAfter = now + 3650 * day) =>
  buildSelfSignedCertificate({ commonName, notBefore, notAfter, signer, usage: { kind: "root-of-trust" } });
const fault = (certificates: readonly Certificate[], at = now) => rootCertificateFault(certificates, { gun, now: at });

test("the name itself and a prefix that ends in * are taken, nothing else", async () => {
  for (const name of [gun, "registry.example.com/team/*", "registry.example.com/*", "*", `${gun}*`]) {
    const certificate = await build(name);
    assert.equal(checkRootCertificate([certificate], { gun, now }), certificate, name);
  }
  for (const name of [
    "registry.example.com/team/app2",
    "registry.example.com/team",
    "registry.example.com/other/*",
    `${gun}/`,
    "*/app",
    "",
    "registry.example.com/te*m/app",
    gun.toUpperCase(),
  ]) {
    const certificate = await build(name);
    assert.match(fault([certificate]) ?? "", /^the certificate is for /, name);
    assert.throws(() => checkRootCertificate([certificate], { gun, now }), { code: "certificate.invalid" });
  }
});

test("dates: one day of clock skew before, none after, and none checked for a root trusted before", async () => {
  const certificate = await build(gun, now, now + 10 * day);
  assert.equal(fault([certificate], now - day), undefined);
  assert.match(fault([certificate], now - day - 1) ?? "", /valid only from 2026-11-22/);
  assert.equal(fault([certificate], now + 10 * day), undefined);
  assert.match(fault([certificate], now + 10 * day + 1) ?? "", /expired on 2026-12-02/);
  assert.equal(rootCertificateFault([certificate], { gun, now: now + 99 * day, checkDates: false }), undefined);
});

test("a bundle is one leaf and then certificate authorities", async () => {
  const leaf = await build(gun);
  const authority = { ...leaf, isCa: true };
  assert.equal(fault([leaf, authority]), undefined);
  assert.match(fault([]) ?? "", /no certificate/);
  assert.match(fault([authority, leaf]) ?? "", /authority/);
  assert.match(fault([leaf, leaf]) ?? "", /more than one leaf/);
});

test("a certificate signed over SHA-1 or holding an unusable key is refused", async () => {
  const leaf = await build(gun);
  assert.match(fault([{ ...leaf, isWeaklySigned: true }]) ?? "", /SHA-1/);
  assert.match(fault([{ ...leaf, publicKey: undefined }]) ?? "", /key/);
});

test("reads what OpenSSL reads in the certificates that Notary made", () => {
  const folder = new URL("../../vectors/notary1/", import.meta.url);
  const vectors = JSON.parse(readFileSync(new URL("keys/key-vectors.json", folder), "utf8")) as {
    KeyType: string;
    PublicB64: string;
  }[];
  const pems = vectors
    .filter(({ KeyType }) => KeyType.endsWith("-x509"))
    .map(({ PublicB64 }) => Buffer.from(PublicB64, "base64").toString());
  assert.equal(pems.length, 2);
  for (const pem of pems) {
    const [ours] = parseCertificates(pem);
    const theirs = new X509Certificate(pem);
    assert.ok(ours);
    assert.equal(ours.pem, pem);
    assert.equal(`CN=${ours.commonName}`, theirs.subject);
    assert.equal(ours.notBefore, Date.parse(theirs.validFrom));
    assert.equal(ours.notAfter, Date.parse(theirs.validTo));
    assert.equal(ours.isCa, theirs.ca);
    assert.equal(ours.publicKey?.keyObject.equals(theirs.publicKey), true);
  }
});

test("a certificate authority is recognised, and basic constraints said twice are refused", async () => {
  const leaf = await build(gun);
  const plain = Buffer.from(leaf.der).toString("hex");
  const notCa = Buffer.from(derOctetString(derSequence())).toString("hex"); // 04023000
  assert.ok(plain.includes(`0101ff${notCa}`));
  // The same length: SEQUENCE { TRUE } instead of `critical` and an empty SEQUENCE.
  const isCa = Buffer.from(derOctetString(derSequence(derBoolean(true)))).toString("hex");
  const authority = parseCertificate(
    Buffer.from(
      plain.replace(
        `30 0c 0603551d13 0101ff ${notCa}`.replaceAll(" ", ""),
        `30 0c 0603551d13 ${isCa}`.replaceAll(" ", ""),
      ),
      "hex",
    ),
  );
  assert.equal(authority.isCa, true);
});

test("text that holds no certificate, something else, too many or damaged ones is refused", async () => {
  const leaf = await build(gun);
  for (const pem of [
    "",
    "x",
    formatPem("PUBLIC KEY", leaf.der),
    leaf.pem + formatPem("PRIVATE KEY", Uint8Array.of(1)),
    leaf.pem.repeat(17),
    leaf.pem.slice(0, -5),
    formatPem("CERTIFICATE", leaf.der.subarray(1)),
    formatPem("CERTIFICATE", Uint8Array.of(...leaf.der, 0)),
    " ".repeat(2_000_000),
  ]) {
    assert.throws(() => parseCertificates(pem), { code: "certificate.invalid" });
  }
  assert.equal(parseCertificates(leaf.pem.repeat(2)).length, 2);
});
