// What a signature covers: OLPC canonical JSON of what was received, written out here by hand so that no code of ours decides what is right
// (TUF 1.0.34, 4.2.1). Python's, Go's and Rust's writers order names by code points and leave control characters as they are.
import assert from "node:assert/strict";
import { it } from "node:test";
import { encodeHex, encodeUtf8 } from "../bytes/index.ts";
import { tuf1 } from "../dialects/index.ts";
import { dateAfter, rejectsWith, TufReader, TufTree } from "../testing/index.ts";

/** A timestamp with `"x":MEMBER` whose signature covers `canonical` and whose document holds `served`. */
async function readerOf(canonical: string, served: string): Promise<TufReader> {
  const tree = await TufTree.create();
  const text = (member: string): string =>
    `{"_type":"timestamp","expires":"${dateAfter(9)}","meta":{"snapshot.json":{"version":1}},"spec_version":"1.0.0","version":2,"x":${member}}`;
  const signer = tree.signer("timestamp");
  const sig = encodeHex(await signer.sign(encodeUtf8(text(canonical)), "ed25519"));
  const keyid = tuf1.makeKey(signer.publicKey).id;
  const document = `{"signatures": [{"keyid": "${keyid}", "sig": "${sig}"}], "signed": ${text(served)}}`;
  tree.files.set("metadata/timestamp.json", encodeUtf8(document));
  return TufReader.of(tree);
}

it("control characters and letters are covered raw, only quotes and backslashes escaped: not as in RFC 8785", async () => {
  const canonical = '"\n\u0001\t\u007f \u00e9 \\" \\\\ / \u2028"';
  const served = '"\\n\\u0001\\t\\u007f \\u00E9 \\" \\\\ \\/ \\u2028"';
  // In order, where the text itself can be made canonical, and out of order, where it is written anew.
  for (const [signed, sent] of [
    [canonical, served],
    [`{"a":1,"b":${canonical}}`, `{"b":${served},"a":1}`],
  ] as const) {
    assert.equal((await (await readerOf(signed, sent)).open().refresh()).timestamp, 2);
  }
});

it("members are covered in the order of their UTF-8 bytes, also where UTF-16 orders otherwise", async () => {
  const [replacement, grin] = ["\uFFFD", "\u{1F600}"];
  const canonical = `{"":0,"10":1,"9":2,"Z":3,"a":4,"${replacement}":5,"${grin}":6}`;
  const served = `{ "9": 2, "${grin}": 6, "a": 4, "10": 1, "${replacement}": 5, "Z": 3, "": 0 }`;
  assert.equal((await (await readerOf(canonical, served)).open().refresh()).timestamp, 2);
});

it("integers are covered digit by digit: two that JavaScript cannot tell apart are both refused", async () => {
  const reader = await readerOf("9007199254740992", "9007199254740993");
  await rejectsWith(reader.open().refresh(), "json.unsafe_integer");
  const largest = await readerOf("[9007199254740991,-9007199254740991,0]", "[9007199254740991, -9007199254740991, 0]");
  assert.equal((await largest.open().refresh()).timestamp, 2);
  for (const [number, code] of [
    ["1.0", "json.not_integer"],
    ["1e2", "json.not_integer"],
    ["01", "json.invalid"],
  ] as const) {
    await rejectsWith((await readerOf("1", number)).open().refresh(), code);
  }
});

it("members that nobody knows are covered: one that is changed, added or taken away breaks the signature", async () => {
  const canonical = '{"a":[1,{"b":null}],"c":"said"}';
  assert.equal((await (await readerOf(canonical, canonical)).open().refresh()).timestamp, 2);
  for (const served of [
    '{"a":[1,{"b":null}],"c":"lied"}',
    '{"a":[1,{}],"c":"said"}',
    '{"a":[1,{"b":null}],"c":"said","d":1}',
  ]) {
    await rejectsWith((await readerOf(canonical, served)).open().refresh(), "threshold.unmet");
  }
  await rejectsWith((await readerOf('{"a":1}', '{"a":1,"a":1}')).open().refresh(), "json.duplicate_member");
});
