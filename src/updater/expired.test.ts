// Expired documents of every kind: valid signatures that are out of date decide nothing.
import assert from "node:assert/strict";
import { parseRoleName } from "../bytes/index.ts";
import {
  day,
  fakeClock,
  hour,
  inBothDialects,
  rejectsWith,
  SimulatedReader,
  Simulator,
  sampleTarget,
} from "../testing/index.ts";

async function start() {
  const clock = fakeClock();
  const simulator = await Simulator.create({ clock: clock.now });
  return { clock, simulator, reader: new SimulatedReader(simulator) };
}

inBothDialects("an expired root, timestamp, snapshot or targets is refused, cached or new", async (dialect) => {
  for (const role of ["root", "timestamp", "snapshot", "targets"] as const) {
    const { clock, simulator, reader } = await start();
    if (role === "targets") simulator.role("targets").lifetime = hour;
    else simulator.lifetimes[role] = hour;
    if (role === "root") await simulator.publishRoot();
    await simulator.publish("targets");
    await reader.open(dialect);
    clock.advance(hour + 1);
    if (role !== "timestamp") await simulator.publishTimestamp();
    await rejectsWith(reader.open(dialect), "metadata.expired");
    await rejectsWith(new SimulatedReader(simulator).open(dialect), "metadata.expired");
  }
});

inBothDialects("an expired document is not cached, but the ones trusted before it are", async (dialect) => {
  const { clock, simulator, reader } = await start();
  simulator.role("targets").lifetime = hour;
  await simulator.publish("targets");
  clock.advance(hour + 1);
  await simulator.publishTimestamp();
  await rejectsWith(reader.open(dialect), "metadata.expired");
  assert.deepEqual([...reader.caches[dialect].documents.keys()], ["root", "timestamp", "snapshot"]);
});

inBothDialects("a renewed document heals the reader", async (dialect) => {
  const { clock, simulator, reader } = await start();
  simulator.lifetimes.root = hour;
  await simulator.publishRoot();
  await simulator.publish();
  await reader.open(dialect);
  clock.advance(30 * day);
  await rejectsWith(reader.open(dialect), "metadata.expired");
  simulator.lifetimes.root = 365 * day;
  await simulator.publishRoot();
  await simulator.publish("targets");
  assert.equal((await reader.open(dialect)).root.version, 3);
});

inBothDialects(
  "roots that expired in the middle of the chain do not stop a reader that comes late",
  async (dialect) => {
    const { clock, simulator, reader } = await start();
    await reader.open(dialect);
    simulator.lifetimes.root = hour;
    await simulator.publishRoot();
    await simulator.publishRoot();
    simulator.lifetimes.root = 365 * day;
    await simulator.publishRoot();
    clock.advance(2 * hour);
    await simulator.publish("targets");
    assert.equal((await reader.open(dialect)).root.version, 4);
  },
);

inBothDialects("an expired delegation decides nothing, and the reader says why", async (dialect) => {
  const { clock, simulator, reader } = await start();
  await simulator.delegate("targets", "targets/releases", ["release-"]);
  simulator.role("targets/releases").lifetime = hour;
  simulator.role("targets/releases").targets.set("release-1", sampleTarget("release one"));
  await simulator.publish("targets", "targets/releases");
  assert.ok(await (await reader.open(dialect)).lookup("release-1"));
  clock.advance(hour + 1);
  const collection = await reader.open(dialect);
  if (dialect === "tuf1") {
    await rejectsWith(collection.lookup("release-1"), "metadata.expired");
  } else {
    assert.equal(await collection.lookup("release-1"), undefined);
    assert.deepEqual(
      collection.warnings.map((warning) => warning.code),
      ["metadata.expired"],
    );
  }
  assert.deepEqual(
    (await collection.listTargets()).map((found) => found.name),
    ["1.0"],
  );
  assert.equal(collection.documents().targets.has(parseRoleName("targets/releases")), false);
});
