// Freeze: a mirror goes on serving what was true once. It can hide an update only until the timestamp expires.
import assert from "node:assert/strict";
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

inBothDialects("a frozen mirror is believed until its timestamp expires and no longer", async (dialect) => {
  const clock = fakeClock();
  const simulator = await Simulator.create({ clock: clock.now });
  const reader = new SimulatedReader(simulator);
  await reader.open(dialect);
  const source = simulator.source(dialect);
  const frozen = source.stored.timestamps.at(-1);
  assert.ok(frozen);
  simulator.role("targets").targets.set("1.0", sampleTarget("two"));
  await simulator.publish("targets");
  source.lies.set("timestamp", { kind: "bytes", bytes: frozen.bytes });
  clock.advance(day - hour);
  assert.equal((await reader.open(dialect)).targets.version, 1);
  clock.advance(hour + 1);
  await rejectsWith(reader.open(dialect), "metadata.expired");
  await rejectsWith(new SimulatedReader(simulator).open(dialect), "metadata.expired");
});

inBothDialects(
  "a snapshot frozen under renewed timestamps is believed until it expires and no longer",
  async (dialect) => {
    const clock = fakeClock();
    const simulator = await Simulator.create({ clock: clock.now });
    const reader = new SimulatedReader(simulator);
    for (let days = 0; days < 7; days++) {
      await simulator.publishTimestamp();
      await reader.open(dialect);
      clock.advance(day);
    }
    await simulator.publishTimestamp();
    clock.advance(1);
    await rejectsWith(reader.open(dialect), "metadata.expired");
  },
);

inBothDialects("one run judges everything at one instant, however long it takes", async (dialect) => {
  const clock = fakeClock();
  const simulator = await Simulator.create({ clock: clock.now });
  const source = simulator.source(dialect);
  source.beforeAnswer = () => clock.advance(day);
  const collection = await new SimulatedReader(simulator).open(dialect);
  assert.ok(await collection.lookup("1.0"));
});
