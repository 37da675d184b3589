// What every Signer has to do, as one test body: an adapter's test calls it with a way to make a signer. Test code, kept beside the
// port's adapters; the door does not export it, because it loads the test runner.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { encodeUtf8, isCountersignError } from "../bytes/index.ts";
import { type SignatureScheme, type Signer, schemeFits, verifySignature } from "../keys/index.ts";

const schemes: readonly SignatureScheme[] = [
  "ecdsa-sha256-raw",
  "ecdsa-sha256-der",
  "ecdsa-sha384-der",
  "ecdsa-sha512-der",
  "ed25519",
  "rsa-pss-sha256",
  "rsa-pss-sha384",
  "rsa-pss-sha512",
  "rsa-pkcs1v15-sha256",
  "rsa-pkcs1v15-sha384",
  "rsa-pkcs1v15-sha512",
];

/** Registers the contract's tests. `secrets` are texts that must not be reachable through the signer. */
export function signerContract(
  name: string,
  make: () => Promise<{ readonly signer: Signer; readonly secrets: readonly string[] }>,
): void {
  test(`${name}: every scheme that fits the key signs what verifies, and nothing else verifies`, async () => {
    const { signer } = await make();
    const message = encodeUtf8('{"_type":"Targets"}');
    for (const scheme of schemes.filter((one) => schemeFits(signer.publicKey.algorithm, one))) {
      const signature = await signer.sign(message, scheme);
      assert.ok(verifySignature(signer.publicKey, scheme, message, signature), scheme);
      assert.ok(!verifySignature(signer.publicKey, scheme, encodeUtf8('{"_type":"Root"}'), signature), scheme);
    }
  });

  test(`${name}: a scheme of another kind of key is refused, not signed with something else`, async () => {
    const { signer } = await make();
    for (const scheme of schemes.filter((one) => !schemeFits(signer.publicKey.algorithm, one))) {
      await assert.rejects(signer.sign(new Uint8Array(8), scheme), (error) =>
        isCountersignError(error, "key.unsupported"),
      );
    }
  });

  test(`${name}: two signatures at once both verify`, async () => {
    const { signer } = await make();
    const scheme = schemes.find((one) => schemeFits(signer.publicKey.algorithm, one));
    assert.ok(scheme);
    const messages = [encodeUtf8("one"), encodeUtf8("two")];
    const signatures = await Promise.all(messages.map((message) => signer.sign(message, scheme)));
    for (const [index, signature] of signatures.entries()) {
      assert.ok(verifySignature(signer.publicKey, scheme, messages[index] ?? new Uint8Array(), signature));
    }
  });

  test(`${name}: printing the signer shows no secret`, async () => {
    const { signer, secrets } = await make();
    const shown = inspect(signer, { depth: 10, showHidden: true }) + JSON.stringify(signer);
    for (const secret of secrets) assert.ok(!shown.includes(secret));
  });
}
