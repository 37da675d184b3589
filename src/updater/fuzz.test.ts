// Fuzz: whatever a server makes of the documents, a reader ends with the true answer or with a coded error; never with another target,
// never with a plain exception, and never with something false in its cache. Seeded; FUZZ_RUNS raises the number of runs.
import assert from "node:assert/strict";
import { decodeUtf8, encodeUtf8, equalBytes, isCountersignError } from "../bytes/index.ts";
import { inBothDialects, SimulatedReader, type SimulatedSource, Simulator, sampleTarget } from "../testing/index.ts";

const runs = Number(process.env.FUZZ_RUNS ?? 250);

/** mulberry32: small, seeded, good enough to scatter mutations. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

type Random = (below: number) => number;

const tokens = [
  '"',
  "{",
  "}",
  "[]",
  "null",
  "0",
  "-1",
  "1e9",
  "99999999999999999999",
  ',"version":9',
  '"__proto__":{}',
  "\\u0000",
  " ",
  "é",
];

function pick<T>(random: Random, list: readonly T[]): T {
  const item = list[random(list.length)];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
}

function mutate(random: Random, bytes: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  const at = random(bytes.length);
  const length = random(40);
  const head = bytes.subarray(0, at);
  switch (random(8)) {
    case 0:
      return bytes.map((byte, index) => (index === at ? byte ^ (1 << random(8)) : byte));
    case 1:
      return head;
    case 2:
      return new Uint8Array([...head, ...bytes.subarray(at + length)]);
    case 3:
      return new Uint8Array([...head, ...bytes.subarray(Math.max(0, at - length), at), ...bytes.subarray(at)]);
    case 4:
      return new Uint8Array([...head, ...encodeUtf8(pick(random, tokens)), ...bytes.subarray(at)]);
    case 5:
      return changeNumber(random, bytes);
    case 6:
      return pick(random, others);
    default: {
      const other = pick(random, others);
      return new Uint8Array([...head, ...other.subarray(random(other.length))]);
    }
  }
}

/** Another digit somewhere: versions, lengths, dates and thresholds that still parse. */
function changeNumber(random: Random, bytes: Uint8Array): Uint8Array {
  const text = decodeUtf8(bytes);
  const digits = [...text.matchAll(/[0-9]/g)].map((match) => match.index);
  if (digits.length === 0) return bytes;
  const at = pick(random, digits);
  return encodeUtf8(text.slice(0, at) + String(random(10)) + text.slice(at + 1));
}

function everyDocument(source: SimulatedSource): readonly Uint8Array[] {
  const { roots, timestamps, snapshots, targets } = source.stored;
  return [...roots.values(), ...[...timestamps, ...snapshots, ...targets].map((document) => document.bytes)];
}

inBothDialects("random changes to what is served never change the answer", async (dialect) => {
  const simulator = await Simulator.create();
  await simulator.delegate("targets", "targets/releases", ["release-"]);
  simulator.role("targets/releases").targets.set("release-1", sampleTarget("release zero"));
  await simulator.publish("targets", "targets/releases");
  const old = new SimulatedReader(simulator);
  await (await old.open(dialect)).lookup("release-1");
  const previous = [...simulator.keys.root];
  simulator.keys.root.splice(0, 1, await simulator.newSigner());
  await simulator.publishRoot(previous);
  simulator.role("targets/releases").targets.set("release-1", sampleTarget("release one"));
  await simulator.publish("targets", "targets/releases");
  const truth = sampleTarget("release one").hashes;
  const source = simulator.source(dialect);
  const documents = everyDocument(source);
  // Replayed as it was, an old timestamp shows a fresh reader what was true then, until it expires: that is freeze, not this test.
  const replays = source.stored.timestamps.slice(0, -1).map((document) => document.bytes);
  const random = seeded(20261101);
  const outcomes = new Map<string, number>();
  const asked = ["root 1", "root 2", "root newest", "timestamp", "snapshot", "targets", "targets/releases"];
  for (let run = 0; run < runs; run++) {
    source.lies.clear();
    for (let lies = 0; lies <= random(2); lies++) {
      const base = pick(random, documents);
      const bytes = mutate(random, base, documents);
      const isReplay = replays.some((old) => base === old || equalBytes(bytes, old));
      if (!isReplay) source.lies.set(pick(random, asked), { kind: "bytes", bytes });
    }
    const reader = new SimulatedReader(simulator);
    reader.pins = random(2) === 0 ? old.pins : reader.pins;
    if (random(2) === 0)
      for (const [role, bytes] of old.caches[dialect].documents) reader.caches[dialect].documents.set(role, bytes);
    try {
      const found = await (await reader.open(dialect)).lookup("release-1");
      assert.deepEqual(found?.target.hashes, truth, `run ${run}`);
      outcomes.set("true", (outcomes.get("true") ?? 0) + 1);
    } catch (error) {
      if (!isCountersignError(error) || error.kind === "bug") throw error;
      outcomes.set(error.code, (outcomes.get(error.code) ?? 0) + 1);
    }
    source.lies.clear();
    assert.deepEqual(
      (await (await reader.open(dialect)).lookup("release-1"))?.target.hashes,
      truth,
      `after run ${run}`,
    );
  }
  // The mutations reach deep enough to mean something.
  assert.ok(outcomes.size > 5, JSON.stringify([...outcomes]));
});
