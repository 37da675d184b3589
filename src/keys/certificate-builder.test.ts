// Our certificates against Notary's own bytes and against OpenSSL's reading of them.
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { DerReader, decodeBase64, decodeUtf8 } from "../bytes/index.ts";
import { parseCertificates } from "./certificate.ts";
import { buildSelfSignedCertificate } from "./certificate-builder.ts";
import { generateSigner } from "./memory-signer.ts";
import type { KeyAlgorithm } from "./public-key.ts";

const notBefore = Date.UTC(2026, 10, 22, 7, 18, 26);
const notAfter = Date.UTC(2036, 10, 19, 7, 18, 26);
const vectorRoot = new URL("../../vectors/notary1/metadata/notary-full-history/root.v1.json", import.meta.url);

interface RootVector {
  readonly signed: { readonly keys: Record<string, { keytype: string; keyval: { public: string } }> };
}

test("rebuilds Notary's own root certificate byte for byte", async () => {
  const { signed } = JSON.parse(readFileSync(vectorRoot, "utf8")) as RootVector;
  const key = Object.values(signed.keys).find(({ keytype }) => keytype === "ecdsa-x509");
  const [theirs] = parseCertificates(decodeUtf8(decodeBase64(key?.keyval.public ?? "")));
  assert.ok(theirs?.publicKey);
  const outer = new DerReader(theirs.der).enter();
  const body = outer.enter();
  body.next();
  const serialNumber = body.unsignedInteger();
  outer.next();
  const signature = outer.bitString();
  const ours = await buildSelfSignedCertificate({
    commonName: theirs.commonName ?? "",
    notBefore: theirs.notBefore,
    notAfter: theirs.notAfter,
    signer: { publicKey: theirs.publicKey, sign: async () => signature },
    usage: { kind: "root-of-trust" },
    serialNumber,
  });
  assert.deepEqual(Buffer.from(ours.der), Buffer.from(theirs.der));
});

for (const algorithm of [
  "ecdsa-p256",
  "ecdsa-p384",
  "ecdsa-p521",
  "rsa",
  "ed25519",
] as const satisfies KeyAlgorithm[]) {
  test(`OpenSSL reads and verifies a root certificate of ${algorithm}`, async () => {
    const signer = await generateSigner(algorithm);
    const commonName = "registry.example.com:5000/team_a/app";
    const ours = await buildSelfSignedCertificate({
      commonName,
      notBefore,
      notAfter,
      signer,
      usage: { kind: "root-of-trust" },
    });
    const theirs = new X509Certificate(ours.pem);
    assert.equal(theirs.subject, `CN=${commonName}`);
    assert.equal(theirs.ca, false);
    assert.deepEqual(theirs.keyUsage, ["1.3.6.1.5.5.7.3.3"]);
    assert.equal(theirs.verify(signer.publicKey.keyObject), true);
    assert.equal(Date.parse(theirs.validTo), notAfter);
    assert.equal(ours.commonName, commonName);
    assert.equal(ours.publicKey?.id, signer.publicKey.id);
    assert.deepEqual(
      [ours.notBefore, ours.notAfter, ours.isCa, ours.isWeaklySigned],
      [notBefore, notAfter, false, false],
    );
  });
}

test("a TLS certificate names its hosts and addresses", async () => {
  const ours = await buildSelfSignedCertificate({
    commonName: "localhost",
    notBefore,
    notAfter: Date.UTC(2050, 0, 1),
    signer: await generateSigner(),
    usage: { kind: "tls-server", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1", "::1", "2001:db8::10.0.0.1"] },
  });
  const theirs = new X509Certificate(ours.pem);
  assert.equal(
    theirs.subjectAltName,
    "DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:2001:DB8:0:0:0:0:A00:1",
  );
  assert.equal(theirs.checkHost("localhost"), "localhost");
  assert.equal(theirs.checkIP("127.0.0.1"), "127.0.0.1");
  assert.deepEqual(theirs.keyUsage, ["1.3.6.1.5.5.7.3.1"]);
  assert.equal(ours.notAfter, Date.UTC(2050, 0, 1));
});

test("refuses addresses and names that are none, and dates the wrong way round", async () => {
  const signer = await generateSigner();
  const build = (dnsNames: string[], ipAddresses: string[], end = notAfter) =>
    buildSelfSignedCertificate({
      commonName: "x",
      notBefore,
      notAfter: end,
      signer,
      usage: { kind: "tls-server", dnsNames, ipAddresses },
    });
  for (const ip of ["", "1.2.3", "1.2.3.256", "01.2.3.4", ":::", "1::2::3", "12345::", "1:2:3:4:5:6:7:8:9", "1:2"]) {
    await assert.rejects(build([], [ip]), { code: "usage.invalid" }, ip);
  }
  for (const name of ["", "a b", "a\0b", "ü", "-".repeat(300)]) {
    await assert.rejects(build([name], []), { code: "usage.invalid" }, name);
  }
  await assert.rejects(build(["x"], [], notBefore), { code: "certificate.invalid" });
});
