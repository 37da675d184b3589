// Interruption: a reader may be killed, lose the network or run out of disk at any step. What it leaves behind is a prefix of what it
// had verified, and the next run works as if nothing had happened.
import assert from "node:assert/strict";
import { CountersignError } from "../bytes/index.ts";
import { inBothDialects, SimulatedReader, Simulator, sampleTarget } from "../testing/index.ts";
import type { DialectName } from "../tuf/index.ts";

const steps = 40;

/** A reader that knows version 1 of a collection that has since rotated every key, twice, and published anew. */
async function staleReader(dialect: DialectName) {
  const simulator = await Simulator.create();
  await simulator.delegate("targets", "targets/releases", ["release-"]);
  simulator.role("targets/releases").targets.set("release-1", sampleTarget("release one"));
  await simulator.publish("targets", "targets/releases");
  const reader = new SimulatedReader(simulator);
  await (await reader.open(dialect)).lookup("release-1");
  for (let rotation = 0; rotation < 2; rotation++) {
    const previous = [...simulator.keys.root];
    for (const role of ["root", "targets", "snapshot", "timestamp"] as const) {
      simulator.keys[role].splice(0, 1, await simulator.newSigner());
    }
    await simulator.publishRoot(previous);
  }
  simulator.role("targets/releases").targets.set("release-1", sampleTarget("rebuilt"));
  await simulator.publish("targets", "targets/releases");
  return { simulator, reader };
}

async function lookUp(reader: SimulatedReader, dialect: DialectName) {
  return (await reader.open(dialect)).lookup("release-1");
}

/** Every document in the cache is one that was published, never a mixture. */
function assertGenuine(simulator: Simulator, reader: SimulatedReader, dialect: DialectName): void {
  const { roots, timestamps, snapshots, targets } = simulator.source(dialect).stored;
  const published = new Set(
    [...roots.values(), ...[...timestamps, ...snapshots, ...targets].map((document) => document.bytes)].map((bytes) =>
      Buffer.from(bytes).toString("hex"),
    ),
  );
  for (const [role, bytes] of reader.caches[dialect].documents) {
    assert.ok(published.has(Buffer.from(bytes).toString("hex")), role);
  }
}

async function interruptedEverywhere(
  dialect: DialectName,
  interrupt: (simulator: Simulator, reader: SimulatedReader, fail: () => void) => void,
  restore: (simulator: Simulator, reader: SimulatedReader) => void,
): Promise<number> {
  for (let step = 0; step < steps; step++) {
    const { simulator, reader } = await staleReader(dialect);
    let left = step;
    interrupt(simulator, reader, () => {
      if (left-- === 0) throw new CountersignError("download.failed", "interrupted");
    });
    const outcome = await lookUp(reader, dialect).catch((error: unknown) => error);
    restore(simulator, reader);
    assertGenuine(simulator, reader, dialect);
    const found = await lookUp(reader, dialect);
    assert.deepEqual(found?.target.hashes, sampleTarget("rebuilt").hashes);
    if (!(outcome instanceof Error)) return step;
  }
  throw new Error("the refresh never got through");
}

inBothDialects("a refresh cut off at any fetch is followed by a clean one", async (dialect) => {
  const fetches = await interruptedEverywhere(
    dialect,
    (simulator, _, fail) => {
      simulator.source(dialect).beforeAnswer = fail;
    },
    (simulator) => {
      simulator.source(dialect).beforeAnswer = undefined;
    },
  );
  assert.ok(fetches >= 7, `${fetches} fetches`);
});

inBothDialects("a refresh cut off at any write to the cache is followed by a clean one", async (dialect) => {
  const writes = await interruptedEverywhere(
    dialect,
    (_, reader, fail) => {
      reader.caches[dialect].beforeWrite = fail;
    },
    (_, reader) => {
      reader.caches[dialect].beforeWrite = undefined;
    },
  );
  assert.ok(writes >= 6, `${writes} writes`);
});

inBothDialects("a refresh cut off at any write to the memory is followed by a clean one", async (dialect) => {
  const writes = await interruptedEverywhere(
    dialect,
    (_, reader, fail) => {
      reader.memory.beforeWrite = fail;
    },
    (_, reader) => {
      reader.memory.beforeWrite = undefined;
    },
  );
  assert.ok(writes >= 3, `${writes} writes`);
});

inBothDialects("nothing is answered before it is remembered", async (dialect) => {
  const { reader } = await staleReader(dialect);
  reader.memory.beforeWrite = () => {
    throw new CountersignError("disk.full", "no space left");
  };
  const outcome = await lookUp(reader, dialect).catch((error: unknown) => error);
  assert.ok(outcome instanceof CountersignError && outcome.code === "disk.full");
});
