// Cache tampering: what lies on disk is no more trusted than what comes from the network. A damaged or planted file is found out,
// fetched again when the source is there, and never decides anything.
import assert from "node:assert/strict";
import { CountersignError, encodeUtf8, parseRoleName, type RoleName } from "../bytes/index.ts";
import { inBothDialects, rejectsWith, SimulatedReader, Simulator, sampleTarget } from "../testing/index.ts";
import type { DialectName } from "../tuf/index.ts";

const roles = ["root", "timestamp", "snapshot", "targets", "targets/releases"].map((name) => parseRoleName(name));

async function warmReader(dialect: DialectName, listHashes = true) {
  const simulator = await Simulator.create();
  simulator.listHashes = listHashes;
  await simulator.delegate("targets", "targets/releases", ["release-"]);
  simulator.role("targets/releases").targets.set("release-1", sampleTarget("release one"));
  await simulator.publish("targets", "targets/releases");
  const reader = new SimulatedReader(simulator);
  await (await reader.open(dialect)).lookup("release-1");
  return { simulator, reader, documents: reader.caches[dialect].documents };
}

function damages(bytes: Uint8Array): readonly Uint8Array[] {
  const flip = (at: number) => bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
  return [
    new Uint8Array(),
    encodeUtf8("{}"),
    encodeUtf8("null"),
    new Uint8Array(1000),
    bytes.subarray(0, bytes.length - 1),
    new Uint8Array([...bytes, 0x20]),
    flip(bytes.indexOf(0x3a) + 2),
    flip(Math.floor(bytes.length / 2)),
    flip(bytes.length - 20),
  ];
}

inBothDialects("a damaged cached document of any role is replaced, and the answer stays true", async (dialect) => {
  for (const listHashes of [true, false]) {
    for (const role of roles) {
      const { reader, documents } = await warmReader(dialect, listHashes);
      const original = documents.get(role);
      assert.ok(original);
      for (const damaged of damages(original)) {
        documents.set(role, damaged);
        const found = await (await reader.open(dialect)).lookup("release-1");
        assert.deepEqual(found?.target.hashes, sampleTarget("release one").hashes);
        // White space behind a document is not covered by its signatures: only a hash in the parent notices it.
        const isPadded = damaged.length > original.length && damaged.at(-1) === 0x20;
        const isHashed = role !== "timestamp" && (dialect === "notary1" || (listHashes && role !== "root"));
        if (!isPadded || isHashed) assert.deepEqual(documents.get(role), original, role);
      }
    }
  }
});

inBothDialects("a root planted in the cache is found out, although it is consistent in itself", async (dialect) => {
  const { simulator, reader, documents } = await warmReader(dialect);
  const original = documents.get(parseRoleName("root"));
  const impostor = await Simulator.create({ gun: simulator.gun });
  const planted = impostor.source(dialect).stored.roots.get(1);
  assert.ok(planted);
  documents.set(parseRoleName("root"), planted);
  assert.ok(await (await reader.open(dialect)).lookup("release-1"));
  assert.deepEqual(documents.get(parseRoleName("root")), original);
  // A whole planted chain, with a server that goes along.
  documents.set(parseRoleName("root"), planted);
  await rejectsWith(reader.open(dialect, { source: impostor.source(dialect) }), "pin.mismatch");
});

inBothDialects("a planted root is found out even after the owner moved away from the pinned key", async (dialect) => {
  const { simulator, reader, documents } = await warmReader(dialect);
  const previous = [...simulator.keys.root];
  simulator.keys.root.splice(0, 1, await simulator.newSigner());
  await simulator.publishRoot(previous);
  await simulator.publish();
  await reader.open(dialect);
  const impostor = await Simulator.create({ gun: simulator.gun });
  const planted = impostor.source(dialect).stored.roots.get(1);
  assert.ok(planted);
  documents.set(parseRoleName("root"), planted);
  await rejectsWith(reader.open(dialect, { source: impostor.source(dialect) }), "pin.mismatch");
  assert.equal((await reader.open(dialect)).root.version, 2);
});

inBothDialects("documents planted by somebody without keys are ignored", async (dialect) => {
  const { simulator, reader, documents } = await warmReader(dialect, false);
  const impostor = await Simulator.create({ gun: simulator.gun });
  impostor.versions.timestamp = 99;
  impostor.versions.snapshot = 99;
  impostor.role("targets").version = 99;
  await impostor.publish("targets");
  const { stored } = impostor.source(dialect);
  for (const list of [stored.timestamps, stored.snapshots, stored.targets]) {
    const document = list.at(-1);
    assert.ok(document);
    documents.set(document.role, document.bytes);
  }
  const collection = await reader.open(dialect);
  assert.equal(collection.timestamp.version, 2);
  assert.equal(collection.targets.version, 2);
});

inBothDialects("an older genuine document put back into the cache does not become the answer", async (dialect) => {
  const { simulator, reader, documents } = await warmReader(dialect);
  const older = new Map(documents);
  simulator.role("targets/releases").targets.set("release-1", sampleTarget("rebuilt"));
  await simulator.publish("targets", "targets/releases");
  await (await reader.open(dialect)).lookup("release-1");
  for (const [role, bytes] of older) documents.set(role, bytes);
  const found = await (await reader.open(dialect)).lookup("release-1");
  assert.deepEqual(found?.target.hashes, sampleTarget("rebuilt").hashes);
});

inBothDialects("a cache that reports damage is reported on, emptied and refilled", async (dialect) => {
  for (const role of roles.slice(0, 4)) {
    const { reader } = await warmReader(dialect);
    const cache = reader.caches[dialect];
    const failing: { role: RoleName | undefined } = { role };
    const collection = await reader.open(dialect, {
      cache: {
        read: async (asked) => {
          if (asked === failing.role) throw new CountersignError("cache.corrupt", `the file of ${asked} is damaged`);
          return cache.read(asked);
        },
        write: (asked, bytes) => cache.write(asked, bytes),
        remove: (asked) => cache.remove(asked),
      },
    });
    assert.deepEqual(
      collection.warnings.map((warning) => warning.code),
      ["cache.corrupt"],
    );
    assert.ok(cache.documents.has(role));
  }
});

inBothDialects("a disk that cannot be read or written is an error of its own, not silence", async (dialect) => {
  const { simulator, reader } = await warmReader(dialect);
  const denied = new CountersignError("disk.unreadable", "permission denied");
  const cache = { ...reader.caches[dialect], read: () => Promise.reject(denied) };
  await rejectsWith(
    reader.open(dialect, { cache: { read: cache.read, write: async () => {}, remove: async () => {} } }),
    "disk.unreadable",
  );
  await simulator.publishTimestamp();
  reader.caches[dialect].beforeWrite = () => {
    throw new CountersignError("disk.full", "no space left");
  };
  await rejectsWith(reader.open(dialect), "disk.full");
});
