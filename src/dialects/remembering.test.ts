// What is remembered is found by the array it came from and by nothing else: equal bytes elsewhere, another role or another dialect's
// decoder must be read for themselves.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isCountersignError, parseRoleName } from "../bytes/index.ts";
import { generateSigner } from "../keys/index.ts";
import { signDocument, type Targets } from "../tuf/index.ts";
import { notary1, tuf1 } from "./index.ts";
import { rememberingDialect } from "./remembering.ts";

const role = parseRoleName("targets");

async function signedTargets() {
  const signer = await generateSigner();
  const signed: Targets = {
    type: "targets",
    version: 1,
    expires: tuf1.formatExpiry(0),
    extra: {},
    targets: new Map(),
    delegations: undefined,
  };
  return signDocument(tuf1, role, signed, [{ signer, key: tuf1.makeKey(signer.publicKey) }]);
}

test("the same array is decoded once, a copy of it again", async () => {
  const { bytes } = await signedTargets();
  let decoded = 0;
  const dialect = rememberingDialect({
    ...tuf1,
    decodeTargets(...args) {
      decoded++;
      return tuf1.decodeTargets(...args);
    },
  });
  const first = dialect.decodeTargets(role, bytes);
  assert.equal(dialect.decodeTargets(role, bytes), first);
  assert.equal(decoded, 1);
  assert.deepEqual(dialect.decodeTargets(role, bytes.slice()), first);
  assert.equal(decoded, 2);
});

test("a document of one role is no answer for another", async () => {
  const { bytes } = await signedTargets();
  const dialect = rememberingDialect(tuf1);
  const other = parseRoleName("targets/releases");
  assert.equal(dialect.decodeTargets(role, bytes).role, role);
  assert.equal(dialect.decodeTargets(other, bytes).role, other);
  assert.throws(() => dialect.decodeSnapshot(bytes), { code: "metadata.wrong_type" });
});

test("bytes that do not decode are refused every time", () => {
  const dialect = rememberingDialect(notary1);
  const bytes = Buffer.from("{}");
  for (let time = 0; time < 2; time++) assert.throws(() => dialect.decodeRoot(bytes), isCountersignError);
});

test("what another dialect decoded is not taken over", async () => {
  const document = await signedTargets();
  const dialect = rememberingDialect(notary1);
  dialect.rememberTargets(document);
  assert.throws(() => dialect.decodeTargets(role, document.bytes), isCountersignError);
});

test("the same model is encoded once, an equal one again", async () => {
  const { signed } = await signedTargets();
  const dialect = rememberingDialect(tuf1);
  const bytes = dialect.encodeSigned(signed);
  assert.equal(dialect.encodeSigned(signed), bytes);
  const next = { ...signed, version: 2 };
  assert.deepEqual(dialect.encodeSigned(next), tuf1.encodeSigned(next));
});
