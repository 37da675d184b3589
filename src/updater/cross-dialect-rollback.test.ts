// A collection carries two dialects, and a mirror can serve either. Without a memory that spans both, a reader that has seen version 3
// in one could be fed version 2 in the other.
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeUtf8 } from "../bytes/index.ts";
import { inBothDialects, rejectsWith, SimulatedReader, Simulator, sampleTarget } from "../testing/index.ts";
import type { DialectName } from "../tuf/index.ts";

const otherThan = (dialect: DialectName): DialectName => (dialect === "tuf1" ? "notary1" : "tuf1");

async function publishedTwice() {
  const simulator = await Simulator.create();
  await simulator.delegate("targets", "targets/releases", ["release-"]);
  simulator.role("targets/releases").targets.set("release-1", sampleTarget("release one"));
  await simulator.publish("targets", "targets/releases");
  return { simulator, reader: new SimulatedReader(simulator) };
}

/** Serves this dialect for ever as it is now. */
function freezeAt(simulator: Simulator, dialect: DialectName): void {
  const source = simulator.source(dialect);
  const timestamp = source.stored.timestamps.at(-1);
  assert.ok(timestamp);
  source.lies.set("timestamp", { kind: "bytes", bytes: timestamp.bytes });
  source.lies.set(`root ${Math.max(...source.stored.roots.keys()) + 1}`, { kind: "missing" });
  const newest = source.stored.roots.get(Math.max(...source.stored.roots.keys()));
  assert.ok(newest);
  source.lies.set("root newest", { kind: "bytes", bytes: newest });
}

inBothDialects("older targets in the other dialect are refused, also by a reader new to it", async (dialect) => {
  const { simulator, reader } = await publishedTwice();
  freezeAt(simulator, otherThan(dialect));
  simulator.role("targets").targets.set("1.0", sampleTarget("two"));
  await simulator.publish("targets");
  await reader.open(dialect);
  await rejectsWith(reader.open(otherThan(dialect)), "metadata.rollback");
  assert.equal(reader.caches[otherThan(dialect)].documents.has("targets" as never), false);
});

inBothDialects("an older delegation in the other dialect is refused", async (dialect) => {
  const { simulator, reader } = await publishedTwice();
  freezeAt(simulator, otherThan(dialect));
  simulator.role("targets/releases").targets.set("release-1", sampleTarget("rebuilt"));
  await simulator.publish("targets/releases");
  assert.ok(await (await reader.open(dialect)).lookup("release-1"));
  const other = await reader.open(otherThan(dialect));
  await rejectsWith(other.lookup("release-1"), "metadata.rollback");
  await rejectsWith(other.lookup("release-1"), "metadata.rollback");
});

inBothDialects("an older root in the other dialect is refused", async (dialect) => {
  const { simulator, reader } = await publishedTwice();
  freezeAt(simulator, otherThan(dialect));
  await simulator.publishRoot();
  await simulator.publish();
  await reader.open(dialect);
  await rejectsWith(reader.open(otherThan(dialect)), "metadata.rollback");
});

inBothDialects("level dialects are read one after the other", async (dialect) => {
  const { simulator, reader } = await publishedTwice();
  await (await reader.open(dialect)).listTargets();
  await (await reader.open(otherThan(dialect))).listTargets();
  await simulator.publishRoot();
  await simulator.publish("targets", "targets/releases");
  await (await reader.open(otherThan(dialect))).listTargets();
  await (await reader.open(dialect)).listTargets();
});

test("a damaged memory is reported, and the reader goes on", async () => {
  const { reader } = await publishedTwice();
  reader.memory.bytes = encodeUtf8("{");
  const collection = await reader.open("tuf1");
  assert.deepEqual(
    collection.warnings.map((warning) => warning.code),
    ["cache.corrupt"],
  );
  assert.deepEqual((await reader.open("tuf1")).warnings, []);
});
