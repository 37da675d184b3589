// Offline: an unexpired cached chain may answer when the caller allows it, and the answer says so. A server that refuses, lies or has
// lost the collection is not offline.
import assert from "node:assert/strict";
import { CountersignError } from "../bytes/index.ts";
import {
  day,
  fakeClock,
  inBothDialects,
  rejectsWith,
  SimulatedReader,
  Simulator,
  sampleTarget,
} from "../testing/index.ts";

const unreachable = new CountersignError("download.unreachable", "no route to the trust server");
const allowed = { offline: "allowed" } as const;

async function start() {
  const clock = fakeClock();
  const simulator = await Simulator.create({ clock: clock.now });
  await simulator.delegate("targets", "targets/releases", ["release-"]);
  simulator.role("targets/releases").targets.set("release-1", sampleTarget("release one"));
  await simulator.publish("targets", "targets/releases");
  return { clock, simulator, reader: new SimulatedReader(simulator) };
}

inBothDialects("a reader that may not be offline says what failed", async (dialect) => {
  const { simulator, reader } = await start();
  await reader.open(dialect);
  simulator.source(dialect).down = unreachable;
  await rejectsWith(reader.open(dialect), "download.unreachable");
});

inBothDialects("a cached chain answers until it expires, and says that it is cached", async (dialect) => {
  const { clock, simulator, reader } = await start();
  await (await reader.open(dialect)).lookup("release-1");
  const source = simulator.source(dialect);
  source.takeRequests();
  source.down = unreachable;
  const collection = await reader.open(dialect, allowed);
  assert.deepEqual(collection.freshness, { kind: "cached", reason: unreachable });
  assert.ok(await collection.lookup("release-1"));
  assert.equal(source.takeRequests().length, 1); // one failure is enough to know
  clock.advance(day + 1);
  await rejectsWith(reader.open(dialect, allowed), "metadata.expired");
});

inBothDialects("what is not cached is not answered", async (dialect) => {
  const { simulator, reader } = await start();
  simulator.source(dialect).down = unreachable;
  await rejectsWith(reader.open(dialect, allowed), "download.unreachable");
  simulator.source(dialect).down = undefined;
  await reader.open(dialect);
  simulator.source(dialect).down = unreachable;
  await rejectsWith((await reader.open(dialect, allowed)).lookup("release-1"), "download.unreachable");
});

inBothDialects("a tampered cache does not answer offline either", async (dialect) => {
  const { simulator, reader } = await start();
  await reader.open(dialect);
  simulator.source(dialect).down = unreachable;
  const { documents } = reader.caches[dialect];
  for (const [role, bytes] of [...documents]) {
    documents.set(
      role,
      bytes.map((byte, index) => (index === 40 ? byte ^ 1 : byte)),
    );
    await rejectsWith(reader.open(dialect, allowed), "download.unreachable");
    documents.set(role, bytes);
  }
});

inBothDialects("a refusal, a lie or a missing collection is not offline", async (dialect) => {
  const { simulator, reader } = await start();
  await reader.open(dialect);
  const source = simulator.source(dialect);
  for (const code of ["download.denied", "download.too_large", "download.redirected", "tls.untrusted"] as const) {
    source.down = new CountersignError(code, "refused");
    await rejectsWith(reader.open(dialect, allowed), code);
  }
  source.down = undefined;
  source.lies.set("timestamp", { kind: "missing" });
  await rejectsWith(reader.open(dialect, allowed), "metadata.missing");
  const [older] = source.stored.timestamps;
  assert.ok(older);
  source.lies.set("timestamp", { kind: "bytes", bytes: older.bytes });
  await rejectsWith(reader.open(dialect, allowed), "metadata.rollback");
});
