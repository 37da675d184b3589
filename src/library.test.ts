// The library as its documentation shows it: the example of docs/library.md stands between the two marks below, word for word, is compiled
// with everything else, and runs against a real server in this process.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { it } from "node:test";
// example:begin
import { verify } from "countersign";

/** The reference to run, by digest: the tag may move after the check. */
async function imageToRun(image: string, rootKey: string): Promise<string> {
  const verdict = await verify({ image, pins: [rootKey] });
  if (!verdict.trusted) throw new Error(verdict.reasons.map((reason) => reason.message).join("; "));
  return `${verdict.gun}@${verdict.signed.digest}`;
}

// example:end
import { CountersignError } from "countersign";
import { addToLayout, TranscriptWorld } from "./cli/transcript-world.ts";
import { temporaryDirectory } from "./testing/index.ts";

const gun = "registry.example.com/team/app";

it("docs/library.md shows the example that is tested here", async () => {
  const [, shown] =
    /```ts\n(.*?)```/s.exec(await readFile(new URL("../docs/library.md", import.meta.url), "utf8")) ?? [];
  const source = await readFile(new URL(import.meta.url), "utf8");
  const [, tested] = /\/\/ example:begin\n(.*?)\/\/ example:end/s.exec(source) ?? [];
  assert.equal(tested?.trim(), shown?.trim());
});

it("verifies with few options, refuses with reasons, and throws what kept it from judging", async () => {
  await using directory = await temporaryDirectory();
  await using world = new TranscriptWorld(directory.path);
  const layout = join(directory.path, "image");
  const digest = await addToLayout(layout, "1.0", "hello");
  await world.direct(["collection"]);
  const rootKey = world.known.get("root") ?? "";
  await world.run(`countersign sign oci:${layout}:1.0 --as ${gun}:1.0`);
  const server = world.known.get("server") ?? "";
  const home = join(directory.path, "reader");
  const common = { server, home, image: `oci:${layout}:1.0`, as: `${gun}:1.0` };

  const trusted = await verify({ ...common, pins: [rootKey] });
  assert.ok(trusted.trusted);
  assert.equal(trusted.signed.digest, digest);

  const unpinned = await verify(common);
  assert.ok(!unpinned.trusted);
  assert.equal(unpinned.reasons[0].code, "pin.missing");

  await addToLayout(layout, "1.0", "evil");
  const moved = await verify({ ...common, pins: [rootKey] });
  assert.ok(!moved.trusted);
  assert.equal(moved.reasons[0].code, "image.mismatch");
  assert.ok(moved.reasons[0].message.includes(digest));

  const isBadPin = (error: unknown): boolean => error instanceof CountersignError && error.code === "usage.invalid";
  await assert.rejects(verify({ ...common, pins: ["abc"] }), isBadPin);
  await world.direct(["server", "stop"]);
  const isUnreachable = (error: unknown): boolean =>
    error instanceof CountersignError && error.code === "download.unreachable";
  await assert.rejects(verify({ ...common, pins: [rootKey] }), isUnreachable);
  await assert.rejects(imageToRun("registry.example.com/team/App:1.0", rootKey), /upper-case/);
});
