// A bundle is judged exactly as the same documents from the network: nothing in it is believed because it came in one file.
import assert from "node:assert/strict";
import {
  day,
  fakeClock,
  inBothDialects,
  rejectsWith,
  SimulatedReader,
  Simulator,
  sampleTarget,
} from "../testing/index.ts";
import type { DialectName } from "../tuf/index.ts";
import { type Bundle, type BundleDocument, encodeBundle } from "./bundle.ts";
import { bundleSource } from "./bundle-source.ts";
import type { Collection } from "./collection.ts";
import { verifyBundle } from "./verify-bundle.ts";
import { wholeBundle } from "./whole-bundle.ts";

async function start(dialect: DialectName) {
  const clock = fakeClock();
  const simulator = await Simulator.create({ clock: clock.now });
  const reader = new SimulatedReader(simulator);
  const previous = [...simulator.keys.root];
  simulator.keys.root.splice(0, 1, await simulator.newSigner());
  await simulator.publishRoot(previous);
  await simulator.delegate("targets", "targets/releases", ["release-"]);
  simulator.role("targets/releases").targets.set("release-1", sampleTarget("release one"));
  await simulator.publish("targets", "targets/releases");
  const collection = await reader.open(dialect);
  await collection.roles();
  const bundle = bundleOf(collection);
  const options = { gun: simulator.gun, pins: reader.pins, now: clock.now() };
  return { clock, simulator, reader, bundle, options };
}

function bundleOf(collection: Collection): Bundle {
  const { roots, timestamp, snapshot, targets } = collection.documents();
  const documents: BundleDocument[] = [...roots, timestamp, snapshot, ...targets.values()];
  return { gun: collection.gun, dialect: collection.dialect, documents };
}

inBothDialects("a saved bundle verifies offline like the network", async (dialect) => {
  const { bundle, options } = await start(dialect);
  const collection = await verifyBundle(encodeBundle(bundle), options);
  assert.equal((await collection.lookup("release-1"))?.role, "targets/releases");
  assert.equal((await collection.listTargets()).length, 2);
  assert.equal(collection.root.version, 2);
});

inBothDialects("a bundle without pins, with others, of another name, or too old is refused", async (dialect) => {
  const { simulator, bundle, options, clock } = await start(dialect);
  const bytes = encodeBundle(bundle);
  await rejectsWith(verifyBundle(bytes, { ...options, pins: [] }), "pin.missing");
  const stranger = await simulator.newSigner();
  const pins = [{ kind: "key", id: stranger.publicKey.id }] as const;
  await rejectsWith(verifyBundle(bytes, { ...options, pins }), "pin.mismatch");
  const other = await Simulator.create({ gun: "registry.example.com/team/other" });
  await rejectsWith(verifyBundle(bytes, { ...options, gun: other.gun }), "bundle.invalid");
  await rejectsWith(verifyBundle(bytes, { ...options, now: clock.now() + 2 * day }), "metadata.expired");
});

inBothDialects("a bundle that says it is of this collection still has to be", async (dialect) => {
  const { bundle, options } = await start(dialect);
  const { bundle: stolen } = await start(dialect);
  const bytes = encodeBundle({ ...stolen, gun: bundle.gun });
  await rejectsWith(verifyBundle(bytes, options), "pin.mismatch");
});

inBothDialects("a bundle with any document changed or left out is refused", async (dialect) => {
  const { bundle, options } = await start(dialect);
  for (const [index, document] of bundle.documents.entries()) {
    const without = bundle.documents.filter((_, at) => at !== index);
    const lookUp = async (documents: readonly BundleDocument[]) =>
      (await verifyBundle(encodeBundle({ ...bundle, documents }), options)).lookup("release-1");
    const outcome = await lookUp(without).catch((error: unknown) => error);
    // The first root may be spared where the newest one is signed by the pinned key.
    if (document.role !== "root") assert.ok(outcome instanceof Error, `${document.role} left out`);
    const changed = document.bytes.map((byte, at) => (at === document.bytes.indexOf(0x3a) + 30 ? byte ^ 1 : byte));
    await assert.rejects(lookUp(bundle.documents.with(index, { role: document.role, bytes: changed })));
  }
});

inBothDialects("an old bundle cannot roll a reader back", async (dialect) => {
  const { simulator, reader, bundle, options } = await start(dialect);
  await simulator.publish("targets", "targets/releases");
  await reader.open(dialect);
  await rejectsWith(verifyBundle(encodeBundle(bundle), { ...options, memory: reader.memory }), "metadata.rollback");
});

inBothDialects("what a bundle leaves out comes from the cache or the fallback", async (dialect) => {
  const { simulator, reader, bundle } = await start(dialect);
  await simulator.publishTimestamp();
  const newer = simulator.source(dialect).stored.timestamps.at(-1);
  assert.ok(newer);
  const documents: BundleDocument[] = [newer];
  const warm = await reader.open(dialect, { source: bundleSource({ ...bundle, documents }) });
  assert.equal(warm.timestamp.version, newer.version);
  const fallback = simulator.source(dialect);
  const roots = bundle.documents.filter((document) => document.role === "root");
  fallback.takeRequests();
  const fresh = new SimulatedReader(simulator);
  fresh.pins = reader.pins;
  await fresh.open(dialect, { source: bundleSource({ ...bundle, documents: [...roots, newer] }, fallback) });
  assert.deepEqual(fallback.takeRequests(), ["snapshot", "targets"]);
});

inBothDialects(
  "a bundle to carry away verifies for readers with the first pin and with the newest",
  async (dialect) => {
    const { simulator, reader, options } = await start(dialect);
    const newest = new SimulatedReader(simulator);
    const collection = await newest.open(dialect);
    assert.equal(collection.documents().roots.length, 1); // the newest root is vouched for: no need to walk
    const bytes = encodeBundle(await wholeBundle(collection, simulator.source(dialect)));
    for (const { pins } of [reader, newest]) {
      const read = await verifyBundle(bytes, { ...options, pins });
      assert.equal((await read.lookup("release-1"))?.role, "targets/releases");
    }
  },
);

inBothDialects("roots that do not lead to the trusted one do not get into a bundle", async (dialect) => {
  const { simulator } = await start(dialect);
  const collection = await new SimulatedReader(simulator).open(dialect);
  const impostor = await Simulator.create({ gun: simulator.gun });
  await rejectsWith(wholeBundle(collection, impostor.source(dialect)), "threshold.unmet");
});
