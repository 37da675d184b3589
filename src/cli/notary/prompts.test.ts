// Questions in Notary's words: programs that answer them (expect) wait for these.
import assert from "node:assert/strict";
import { it } from "node:test";
import { parseCanonicalKeyId } from "../../keys/index.ts";
import { notaryPassphrases } from "./prompts.ts";

it("a signer's key is asked for by the name in its file, without what could move the cursor", async () => {
  const asked: string[] = [];
  const ask = async (question: string): Promise<string> => {
    asked.push(question);
    return "correct-horse";
  };
  const provider = notaryPassphrases({ env: {}, canAsk: true, say: () => undefined, ask });
  const key = { purpose: "delegation", attempt: 1, isNew: false } as const;
  await provider({ ...key, keyId: parseCanonicalKeyId("a".repeat(64)), role: "alice" });
  await provider({ ...key, keyId: parseCanonicalKeyId("b".repeat(64)), role: "\u001b[2Jroot" });
  await provider({ ...key, keyId: parseCanonicalKeyId("c".repeat(64)) });
  assert.equal(asked[0], "Enter passphrase for alice key with ID aaaaaaa: ");
  assert.doesNotMatch(asked[1] ?? "", /\u001b/);
  assert.equal(asked[2], "Enter passphrase for delegation key with ID ccccccc: ");
});
