// Fast-forward: a thief of online keys pushes versions to the sky, so that whatever the owner publishes afterwards looks like a rollback.
// New timestamp or snapshot keys in the root let readers start counting afresh (TUF 1.0.34, 5.3.11), in both dialects.
import assert from "node:assert/strict";
import { CountersignError, parseRoleName } from "../bytes/index.ts";
import {
  bothDialects,
  inBothDialects,
  rejectsWith,
  SimulatedReader,
  Simulator,
  sampleTarget,
} from "../testing/index.ts";
import type { DialectName } from "../tuf/index.ts";

const sky = 2 ** 40;

async function fastForwarded(simulator: Simulator, withTargets: boolean) {
  Object.assign(simulator.versions, { snapshot: sky, timestamp: sky });
  if (withTargets) simulator.role("targets").version = sky;
  await simulator.publish("targets");
}

async function recover(
  simulator: Simulator,
  roles: readonly ("targets" | "snapshot" | "timestamp")[],
  keepOld = false,
) {
  for (const role of roles) {
    const [old] = simulator.keys[role];
    simulator.keys[role].splice(0, 1, await simulator.newSigner());
    if (keepOld && role === "timestamp" && old !== undefined) simulator.keys.timestamp.push(old);
  }
  for (const dialect of bothDialects) {
    const { stored } = simulator.source(dialect);
    stored.snapshots.length = 0;
    stored.timestamps.length = 0;
    stored.targets.splice(1);
  }
  Object.assign(simulator.versions, { snapshot: 5, timestamp: 5 });
  simulator.role("targets").version = 5;
  simulator.role("targets").targets.set("1.0", sampleTarget("recovered"));
  await simulator.publishRoot();
  await simulator.publish("targets");
}

const other = (dialect: DialectName): DialectName => (dialect === "tuf1" ? "notary1" : "tuf1");

inBothDialects("versions pushed up by a thief of the online keys are forgotten with the keys", async (dialect) => {
  const simulator = await Simulator.create();
  const reader = new SimulatedReader(simulator);
  await fastForwarded(simulator, false);
  assert.equal((await reader.open(dialect)).timestamp.version, sky);
  await recover(simulator, ["timestamp", "snapshot"]);
  const collection = await reader.open(dialect);
  assert.deepEqual([collection.timestamp.version, collection.targets.version], [5, 5]);
});

inBothDialects("and so is the targets version, when that key was stolen too", async (dialect) => {
  const simulator = await Simulator.create();
  const reader = new SimulatedReader(simulator);
  await fastForwarded(simulator, true);
  for (const each of bothDialects) await reader.open(each);
  await recover(simulator, ["timestamp", "snapshot", "targets"]);
  for (const each of [dialect, other(dialect)]) {
    const found = await (await reader.open(each)).lookup("1.0");
    assert.deepEqual(found?.target.hashes, sampleTarget("recovered").hashes);
  }
});

inBothDialects("an old key that stays listed beside the new one does not hold the old versions up", async (dialect) => {
  const simulator = await Simulator.create();
  const reader = new SimulatedReader(simulator);
  simulator.keys.timestamp.push(await simulator.newSigner());
  await simulator.publishRoot();
  await fastForwarded(simulator, false);
  await reader.open(dialect);
  // The first of two timestamp keys goes, the second, which signed as well, stays.
  simulator.keys.timestamp.splice(0, 1);
  await recover(simulator, ["snapshot"]);
  assert.equal((await reader.open(dialect)).timestamp.version, 5);
});

inBothDialects("nor does it when the run that saw the new root was cut off behind it", async (dialect) => {
  const simulator = await Simulator.create();
  const reader = new SimulatedReader(simulator);
  simulator.keys.timestamp.push(await simulator.newSigner());
  await simulator.publishRoot();
  await fastForwarded(simulator, false);
  await reader.open(dialect);
  simulator.keys.timestamp.splice(0, 1);
  await recover(simulator, ["snapshot"]);
  const { documents } = reader.caches[dialect];
  const { lies, stored } = simulator.source(dialect);
  const newest = stored.roots.get(3);
  assert.ok(newest);
  // Cut off right after the new root was cached.
  lies.set("root 4", { kind: "error", error: new CountersignError("download.failed", "interrupted") });
  await rejectsWith(reader.open(dialect), "download.failed");
  lies.clear();
  assert.deepEqual(documents.get(parseRoleName("root")), newest);
  assert.equal((await reader.open(dialect)).timestamp.version, 5);
});

inBothDialects("without new online keys the high versions hold, whoever asks to go back", async (dialect) => {
  const simulator = await Simulator.create();
  const reader = new SimulatedReader(simulator);
  await fastForwarded(simulator, true);
  await reader.open(dialect);
  await recover(simulator, []);
  await rejectsWith(reader.open(dialect), "metadata.rollback");
});

inBothDialects("an old root replayed after the recovery does not bring the old counting back", async (dialect) => {
  const simulator = await Simulator.create();
  const reader = new SimulatedReader(simulator);
  await reader.open(dialect);
  await recover(simulator, ["timestamp", "snapshot"]);
  await reader.open(dialect);
  await simulator.publish("targets");
  await reader.open(dialect);
  // targets 6 is remembered; the other dialect, met for the first time with the same rotation, must not reset it.
  const { stored, lies } = simulator.source(other(dialect));
  const older = stored.timestamps.at(-2);
  assert.ok(older);
  lies.set("timestamp", { kind: "bytes", bytes: older.bytes });
  await rejectsWith(reader.open(other(dialect)), "metadata.rollback");
});
