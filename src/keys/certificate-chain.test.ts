// CA pins: who is and who is not certified by a pinned authority (vectors/certificates, made with OpenSSL).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type Certificate, parseCertificates } from "./certificate.ts";
import { buildSelfSignedCertificate } from "./certificate-builder.ts";
import { isCertifiedBy } from "./certificate-chain.ts";
import { generateSigner } from "./memory-signer.ts";

const now = Date.UTC(2026, 11, 1);

function load(...names: readonly string[]): readonly Certificate[] {
  return names.flatMap((name) =>
    parseCertificates(readFileSync(new URL(`../../vectors/certificates/${name}.crt`, import.meta.url), "utf8")),
  );
}

test("a leaf of the pinned authority, directly or through its intermediate, is certified", () => {
  assert.ok(isCertifiedBy(load("leaf"), load("ca"), now));
  assert.ok(isCertifiedBy(load("leaf"), load("ca2", "ca"), now));
  assert.ok(isCertifiedBy(load("deep", "im"), load("ca"), now));
  assert.ok(isCertifiedBy(load("deep"), load("im"), now), "an intermediate may be pinned itself");
  assert.ok(isCertifiedBy(load("leaf"), load("leaf"), now), "a leaf too");
});

test("another authority's, one without its intermediate, one for another purpose, one issued by a leaf are not", () => {
  assert.ok(!isCertifiedBy(load("leaf"), load("ca2"), now));
  assert.ok(!isCertifiedBy(load("leaf"), [], now));
  assert.ok(!isCertifiedBy([], load("ca"), now));
  assert.ok(!isCertifiedBy(load("deep"), load("ca"), now));
  assert.ok(!isCertifiedBy(load("eku"), load("ca"), now));
  assert.ok(!isCertifiedBy(load("fake", "leaf"), load("ca"), now));
  assert.ok(!isCertifiedBy(load("fake"), load("leaf"), now));
  assert.ok(!isCertifiedBy(load("forged"), load("ca"), now), "the issuer's name is not its signature");
});

test("out of date counts for nothing; an authority in the leaf's own bundle is no authority", () => {
  assert.ok(!isCertifiedBy(load("leaf"), load("ca"), Date.UTC(2020, 0, 1)));
  assert.ok(!isCertifiedBy(load("leaf"), load("ca"), Date.UTC(2227, 0, 1)));
  assert.ok(!isCertifiedBy(load("leaf", "ca"), load("ca2"), now));
  assert.ok(!isCertifiedBy(load("deep", "im", "im", "ca", "ca2"), load("ca2").slice(0, 0), now));
});

test("the certificate that Notary makes, for code signing only, satisfies no pin, not even one to itself", async () => {
  const certificate = await buildSelfSignedCertificate({
    commonName: "registry.example.com/team/app",
    notBefore: now - 1000,
    notAfter: now + 86_400_000,
    signer: await generateSigner(),
    usage: { kind: "root-of-trust" },
  });
  assert.ok(!isCertifiedBy([certificate], [certificate], now));
});
