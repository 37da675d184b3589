// The root chain: each root is signed by the one before it and by itself, one version at a time. Whoever could skip a step could
// hand a reader a root of his own.
import assert from "node:assert/strict";
import { parseRoleName } from "../bytes/index.ts";
import { inBothDialects, rejectsWith, SimulatedReader, Simulator } from "../testing/index.ts";

const root = parseRoleName("root");

inBothDialects("a reader follows rotations of every key, one version at a time", async (dialect) => {
  const simulator = await Simulator.create();
  const reader = new SimulatedReader(simulator);
  await reader.open(dialect);
  for (let rotation = 0; rotation < 3; rotation++) {
    const previous = [...simulator.keys.root];
    for (const role of ["root", "targets", "snapshot", "timestamp"] as const) {
      simulator.keys[role].splice(0, 1, await simulator.newSigner());
    }
    await simulator.publishRoot(previous);
    await simulator.publish("targets");
  }
  simulator.source(dialect).takeRequests();
  const collection = await reader.open(dialect);
  assert.equal(collection.root.version, 4);
  assert.ok(await collection.lookup("1.0"));
  const asked = simulator.source(dialect).takeRequests();
  assert.deepEqual(
    asked.filter((what) => what.startsWith("root")),
    ["root 2", "root 3", "root 4", "root 5"],
  );
  assert.deepEqual(
    collection.documents().roots.map((each) => each.signed.version),
    [1, 2, 3, 4],
  );
  // A reader that comes new with the oldest pin walks the same chain.
  const late = new SimulatedReader(simulator);
  late.pins = reader.pins;
  assert.equal((await late.open(dialect)).root.version, 4);
});

inBothDialects("a root not signed by enough of the old keys is refused", async (dialect) => {
  const simulator = await Simulator.create();
  const reader = new SimulatedReader(simulator);
  await reader.open(dialect);
  const before = reader.caches[dialect].documents.get(root);
  simulator.keys.root.splice(0, 1, await simulator.newSigner());
  await simulator.publishRoot();
  await simulator.publish();
  await rejectsWith(reader.open(dialect), "threshold.unmet");
  assert.deepEqual(reader.caches[dialect].documents.get(root), before);
});

inBothDialects("a root not signed by enough of its own keys is refused", async (dialect) => {
  const simulator = await Simulator.create();
  const reader = new SimulatedReader(simulator);
  await reader.open(dialect);
  const previous = [...simulator.keys.root];
  simulator.keys.root.splice(0, 1, await simulator.newSigner());
  simulator.signers.set(root, previous);
  await simulator.publishRoot();
  await simulator.publish();
  await rejectsWith(reader.open(dialect), "threshold.unmet");
});

inBothDialects("a root threshold of two holds for the next root, and for a first one", async (dialect) => {
  const simulator = await Simulator.create();
  simulator.keys.root.push(await simulator.newSigner());
  simulator.thresholds.root = 2;
  await simulator.publishRoot();
  await simulator.publish();
  const reader = new SimulatedReader(simulator);
  await reader.open(dialect);
  simulator.signers.set(root, simulator.keys.root.slice(0, 1));
  await simulator.publishRoot();
  await simulator.publish();
  await rejectsWith(reader.open(dialect), "threshold.unmet");
  await rejectsWith(new SimulatedReader(simulator).open(dialect), "threshold.unmet");
});

inBothDialects("a skipped root version is refused", async (dialect) => {
  const simulator = await Simulator.create();
  const reader = new SimulatedReader(simulator);
  await reader.open(dialect);
  await simulator.publishRoot();
  await simulator.publishRoot();
  await simulator.publish();
  const source = simulator.source(dialect);
  const third = source.stored.roots.get(3);
  assert.ok(third);
  source.lies.set("root 2", { kind: "bytes", bytes: third });
  await rejectsWith(reader.open(dialect), "metadata.version_mismatch");
});

inBothDialects("a root withheld by a mirror does not let it replace the rest", async (dialect) => {
  const simulator = await Simulator.create();
  const reader = new SimulatedReader(simulator);
  await reader.open(dialect);
  const previous = [...simulator.keys.root];
  for (const role of ["root", "targets", "snapshot", "timestamp"] as const) {
    simulator.keys[role].splice(0, 1, await simulator.newSigner());
  }
  await simulator.publishRoot(previous);
  await simulator.publish("targets");
  simulator.source(dialect).lies.set("root 2", { kind: "missing" });
  await rejectsWith(reader.open(dialect), "threshold.unmet");
});

inBothDialects("a root accepted before a later failure stays accepted, and nothing else does", async (dialect) => {
  const simulator = await Simulator.create();
  const reader = new SimulatedReader(simulator);
  await reader.open(dialect);
  const previous = [...simulator.keys.root];
  simulator.keys.root.splice(0, 1, await simulator.newSigner());
  await simulator.publishRoot(previous);
  simulator.keys.root.splice(0, 1, await simulator.newSigner());
  await simulator.publishRoot(); // not signed by the second root's key
  await simulator.publish("targets");
  const { documents } = reader.caches[dialect];
  const targets = documents.get(parseRoleName("targets"));
  await rejectsWith(reader.open(dialect), "threshold.unmet");
  assert.deepEqual(documents.get(root), simulator.source(dialect).stored.roots.get(2));
  assert.deepEqual(documents.get(parseRoleName("targets")), targets);
});
