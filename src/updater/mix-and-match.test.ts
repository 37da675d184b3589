// Mix and match: every document is genuine, but they were never published together.
import assert from "node:assert/strict";
import { inBothDialects, rejectsWith, SimulatedReader, Simulator, sampleTarget } from "../testing/index.ts";

inBothDialects("targets of another publish in place of those the snapshot lists", async (dialect) => {
  for (const listHashes of [true, false]) {
    const simulator = await Simulator.create();
    simulator.listHashes = listHashes;
    await simulator.publish("targets");
    await simulator.publish("targets");
    const reader = new SimulatedReader(simulator);
    const source = simulator.source(dialect);
    const [older] = source.stored.targets;
    assert.ok(older);
    source.lies.set("targets", { kind: "bytes", bytes: older.bytes });
    const codes = ["metadata.hash_mismatch", "metadata.version_mismatch", "metadata.length_mismatch"] as const;
    await rejectsWith(reader.open(dialect), ...codes);
    assert.equal(reader.caches[dialect].documents.has(older.role), false);
  }
});

inBothDialects("targets newer than those the snapshot lists", async (dialect) => {
  for (const listHashes of [true, false]) {
    const simulator = await Simulator.create();
    simulator.listHashes = listHashes;
    await simulator.publish("targets");
    await simulator.publishTargets("targets");
    const source = simulator.source(dialect);
    const newer = source.stored.targets.at(-1);
    assert.ok(newer);
    source.lies.set("targets", { kind: "bytes", bytes: newer.bytes });
    const codes = ["metadata.hash_mismatch", "metadata.version_mismatch", "metadata.length_mismatch"] as const;
    await rejectsWith(new SimulatedReader(simulator).open(dialect), ...codes);
  }
});

inBothDialects("a snapshot that the timestamp does not list", async (dialect) => {
  for (const listHashes of [true, false]) {
    const simulator = await Simulator.create();
    simulator.listHashes = listHashes;
    await simulator.publish("targets");
    await simulator.publish("targets");
    const source = simulator.source(dialect);
    for (const other of source.stored.snapshots.slice(0, -1)) {
      source.lies.set("snapshot", { kind: "bytes", bytes: other.bytes });
      const codes = ["metadata.hash_mismatch", "metadata.version_mismatch", "metadata.length_mismatch"] as const;
      await rejectsWith(new SimulatedReader(simulator).open(dialect), ...codes);
    }
  }
});

inBothDialects("one delegated role's document served as another's", async (dialect) => {
  for (const listHashes of [true, false]) {
    const simulator = await Simulator.create();
    simulator.listHashes = listHashes;
    const alice = await simulator.delegate("targets", "targets/alice", ["alice-"]);
    const bob = await simulator.delegate("targets", "targets/bob", ["bob-"]);
    bob.signers = alice.signers; // one person in two roles: only the parent tells the files apart
    simulator.role("targets/alice").targets.set("bob-1", sampleTarget("made for another role"));
    simulator.role("targets/bob").targets.set("bob-1", sampleTarget("bob one"));
    simulator.role("targets/bob").version = 2;
    await simulator.publish("targets", "targets/alice", "targets/bob");
    const source = simulator.source(dialect);
    const stray = source.stored.targets.find((document) => document.role === "targets/alice");
    assert.ok(stray);
    source.lies.set("targets/bob", { kind: "bytes", bytes: stray.bytes });
    const collection = await new SimulatedReader(simulator).open(dialect);
    const codes = ["metadata.hash_mismatch", "metadata.version_mismatch", "metadata.length_mismatch"] as const;
    await rejectsWith(collection.lookup("bob-1"), ...codes);
  }
});

inBothDialects("a document of one role served as another role", async (dialect) => {
  const simulator = await Simulator.create();
  const { stored, lies } = simulator.source(dialect);
  const documents = [...stored.roots.values(), ...stored.timestamps, ...stored.snapshots, ...stored.targets].map(
    (document) => (document instanceof Uint8Array ? document : document.bytes),
  );
  const ask = { "root newest": 0, timestamp: 1, snapshot: 2, targets: 3 };
  for (const [what, own] of Object.entries(ask)) {
    for (const [index, bytes] of documents.entries()) {
      if (index === own) continue;
      lies.clear();
      lies.set(what, { kind: "bytes", bytes });
      await rejectsWith(
        new SimulatedReader(simulator).open(dialect),
        "metadata.wrong_type",
        "metadata.invalid",
        "metadata.hash_mismatch",
        "metadata.length_mismatch",
      );
    }
  }
});

inBothDialects("notary1: a snapshot made before the trusted root", async (dialect) => {
  if (dialect === "tuf1") return; // TUF 1.0 snapshots do not list the root
  const simulator = await Simulator.create();
  const reader = new SimulatedReader(simulator);
  await reader.open(dialect);
  await simulator.publishRoot();
  await simulator.publish();
  await reader.open(dialect);
  const { snapshots } = simulator.source(dialect).stored;
  const [before] = snapshots;
  assert.ok(before);
  snapshots.push(before);
  await simulator.publishTimestamp();
  await rejectsWith(reader.open(dialect), "metadata.rollback", "metadata.root_mismatch");
  await rejectsWith(
    reader.open(dialect, { cache: new SimulatedReader(simulator).caches.notary1 }),
    "metadata.root_mismatch",
  );
});
