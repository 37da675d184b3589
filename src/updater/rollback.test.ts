// Rollback: a mirror, a restored backup or a thief of the online keys serves documents older than those a reader has seen.
import assert from "node:assert/strict";
import { parseRoleName } from "../bytes/index.ts";
import { inBothDialects, rejectsWith, SimulatedReader, Simulator, sampleTarget } from "../testing/index.ts";
import type { DialectName } from "../tuf/index.ts";

/** Each rule of rollback twice: with the memory that spans dialects, and with nothing but the cache. */
function withAndWithoutMemory(
  name: string,
  body: (dialect: DialectName, start: typeof readerOfTwoVersions) => Promise<void>,
): void {
  inBothDialects(name, (dialect) => body(dialect, readerOfTwoVersions));
  inBothDialects(`${name}, without memory`, (dialect) =>
    body(dialect, async () => {
      const { simulator, reader } = await readerOfTwoVersions();
      reader.remembers = false;
      return { simulator, reader };
    }),
  );
}

async function readerOfTwoVersions() {
  const simulator = await Simulator.create();
  await simulator.delegate("targets", "targets/releases", ["release-"]);
  simulator.role("targets/releases").targets.set("release-1", sampleTarget("release one"));
  await simulator.publish("targets", "targets/releases");
  simulator.role("targets/releases").targets.set("release-1", sampleTarget("release one, rebuilt"));
  simulator.role("targets").targets.set("1.0", sampleTarget("two"));
  await simulator.publish("targets", "targets/releases");
  return { simulator, reader: new SimulatedReader(simulator) };
}

withAndWithoutMemory("an old timestamp replayed by a mirror is refused and leaves no trace", async (dialect, start) => {
  const { simulator, reader } = await start();
  await reader.open(dialect);
  const { documents } = reader.caches[dialect];
  const before = new Map(documents);
  const source = simulator.source(dialect);
  for (const old of source.stored.timestamps.slice(0, -1)) {
    source.lies.set("timestamp", { kind: "bytes", bytes: old.bytes });
    await rejectsWith(reader.open(dialect), "metadata.rollback");
  }
  assert.deepEqual(documents, before);
  source.lies.clear();
  assert.equal((await reader.open(dialect)).timestamp.version, 3);
});

withAndWithoutMemory("an old snapshot under a new timestamp is refused", async (dialect, start) => {
  const { simulator, reader } = await start();
  await reader.open(dialect);
  const { snapshots } = simulator.source(dialect).stored;
  const [oldest] = snapshots;
  assert.ok(oldest);
  snapshots.push(oldest);
  await simulator.publishTimestamp();
  await rejectsWith(reader.open(dialect), "metadata.rollback");
});

withAndWithoutMemory("old targets under a new snapshot are refused", async (dialect, start) => {
  const { simulator, reader } = await start();
  await reader.open(dialect);
  const { targets } = simulator.source(dialect).stored;
  const old = targets.find((document) => document.role === "targets" && document.version === 2);
  assert.ok(old);
  targets.push(old);
  await simulator.publish();
  await rejectsWith(reader.open(dialect), "metadata.rollback");
});

withAndWithoutMemory("an old delegation under a new snapshot is refused", async (dialect, start) => {
  const { simulator, reader } = await start();
  assert.ok(await (await reader.open(dialect)).lookup("release-1"));
  const { targets } = simulator.source(dialect).stored;
  const old = targets.find((document) => document.role === "targets/releases" && document.version === 1);
  assert.ok(old);
  targets.push(old);
  await simulator.publish();
  const lookup = reader.open(dialect).then((collection) => collection.lookup("release-1"));
  await rejectsWith(lookup, "metadata.rollback");
});

withAndWithoutMemory("an old root served as the next one is refused", async (dialect, start) => {
  const { simulator, reader } = await start();
  await simulator.publishRoot();
  await simulator.publish();
  await reader.open(dialect);
  const source = simulator.source(dialect);
  const first = source.stored.roots.get(1);
  assert.ok(first);
  await simulator.publishRoot();
  await simulator.publish();
  source.lies.set("root 3", { kind: "bytes", bytes: first });
  await rejectsWith(reader.open(dialect), "metadata.rollback", "metadata.version_mismatch");
});

inBothDialects("a reader that lost its cache still remembers the versions it has seen", async (dialect) => {
  const { simulator, reader } = await readerOfTwoVersions();
  const source = simulator.source(dialect);
  const [firstTimestamp] = source.stored.timestamps;
  assert.ok(firstTimestamp);
  await (await reader.open(dialect)).lookup("release-1");
  reader.caches[dialect].documents.clear();
  source.lies.set("timestamp", { kind: "bytes", bytes: firstTimestamp.bytes });
  await rejectsWith(reader.open(dialect), "metadata.rollback");
});

inBothDialects("a reader that lost its cache cannot be taken back to an old root", async (dialect) => {
  const { simulator, reader } = await readerOfTwoVersions();
  const source = simulator.source(dialect);
  const before = { timestamp: source.stored.timestamps.at(-1), root: source.stored.roots.get(1) };
  assert.ok(before.timestamp && before.root);
  await simulator.publishRoot();
  await simulator.publish();
  await reader.open(dialect);
  reader.caches[dialect].documents.clear();
  source.lies.set("root newest", { kind: "bytes", bytes: before.root });
  source.lies.set("root 2", { kind: "missing" });
  source.lies.set("timestamp", { kind: "bytes", bytes: before.timestamp.bytes });
  await rejectsWith(reader.open(dialect), "metadata.rollback");
});

inBothDialects("an older snapshot with the roles of today is refused by its own version", async (dialect) => {
  const { simulator, reader } = await readerOfTwoVersions();
  reader.remembers = false;
  await reader.open(dialect);
  simulator.versions.snapshot = 1; // a thief of the online keys counts again from one
  await simulator.publish();
  await rejectsWith(reader.open(dialect), "metadata.rollback");
});

inBothDialects(
  "a role that vanishes from the snapshot is a rollback in tuf1, and is no answer in notary1",
  async (dialect) => {
    const { simulator, reader } = await readerOfTwoVersions();
    reader.remembers = false;
    assert.ok(await (await reader.open(dialect)).lookup("release-1"));
    simulator.unlisted.add(parseRoleName("targets/releases"));
    await simulator.publish();
    if (dialect === "tuf1") await rejectsWith(reader.open(dialect), "metadata.rollback");
    else assert.equal(await (await reader.open(dialect)).lookup("release-1"), undefined);
  },
);
