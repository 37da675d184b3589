// Wrong key: documents signed by somebody, but not by those whom the delegator names.
import assert from "node:assert/strict";
import { parseRoleName } from "../bytes/index.ts";
import { inBothDialects, rejectsWith, SimulatedReader, Simulator, sampleTarget } from "../testing/index.ts";

const refusals = ["threshold.unmet", "signature.none"] as const;

inBothDialects("a document of any role signed by a stranger's key is refused and leaves no trace", async (dialect) => {
  for (const role of ["timestamp", "snapshot", "targets"] as const) {
    const simulator = await Simulator.create();
    const reader = new SimulatedReader(simulator);
    await reader.open(dialect);
    const before = reader.caches[dialect].documents.get(parseRoleName(role));
    simulator.signers.set(parseRoleName(role), [await simulator.newSigner()]);
    await simulator.publish("targets");
    await rejectsWith(reader.open(dialect), ...refusals);
    assert.deepEqual(reader.caches[dialect].documents.get(parseRoleName(role)), before);
    await rejectsWith(new SimulatedReader(simulator).open(dialect), ...refusals);
  }
});

inBothDialects("a stranger's signature under a listed key's id counts for nothing", async (dialect) => {
  const simulator = await Simulator.create();
  const role = parseRoleName("targets");
  const stranger = await simulator.newSigner();
  const [listed] = simulator.keys.targets;
  assert.ok(listed);
  const ids = {
    notary1: await simulator.keyOf("notary1", role, listed),
    tuf1: await simulator.keyOf("tuf1", role, listed),
  };
  simulator.signers.set(role, [stranger]);
  simulator.resign.set(role, (signatures, name) => signatures.map((each) => ({ ...each, keyId: ids[name].id })));
  await simulator.publish("targets");
  await rejectsWith(new SimulatedReader(simulator).open(dialect), "threshold.unmet");
});

inBothDialects("no signatures, and empty ones, are too few", async (dialect) => {
  for (const strip of ["none", "empty"] as const) {
    const simulator = await Simulator.create();
    simulator.resign.set(parseRoleName("targets"), (signatures) =>
      strip === "none" ? [] : signatures.map((each) => ({ ...each, signature: new Uint8Array() })),
    );
    await simulator.publish("targets");
    await rejectsWith(new SimulatedReader(simulator).open(dialect), ...refusals);
  }
});

inBothDialects("a key of another role does not sign for this one", async (dialect) => {
  const simulator = await Simulator.create();
  simulator.signers.set(parseRoleName("targets"), [...simulator.keys.snapshot, ...simulator.keys.timestamp]);
  await simulator.publish("targets");
  await rejectsWith(new SimulatedReader(simulator).open(dialect), "threshold.unmet");
});

inBothDialects("a delegation signed by its parent's key instead of its own is refused", async (dialect) => {
  const simulator = await Simulator.create();
  await simulator.delegate("targets", "targets/releases");
  simulator.role("targets/releases").targets.set("release-1", sampleTarget("release one"));
  simulator.signers.set(parseRoleName("targets/releases"), simulator.keys.targets);
  await simulator.publish("targets", "targets/releases");
  const collection = await new SimulatedReader(simulator).open(dialect);
  if (dialect === "tuf1") await rejectsWith(collection.lookup("release-1"), "threshold.unmet");
  else assert.equal(await collection.lookup("release-1"), undefined);
});

inBothDialects("documents of another collection, all in order, are refused", async (dialect) => {
  const simulator = await Simulator.create();
  const other = await Simulator.create({ gun: "registry.example.com/team/other" });
  const reader = new SimulatedReader(simulator);
  await rejectsWith(reader.open(dialect, { source: other.source(dialect) }), "pin.mismatch", "certificate.invalid");
  await reader.open(dialect);
  other.versions.timestamp = 9;
  await other.publish("targets");
  await rejectsWith(reader.open(dialect, { source: other.source(dialect) }), "threshold.unmet");
});

inBothDialects("a root made for another collection by the same owner is refused in notary1", async (dialect) => {
  if (dialect === "tuf1") return; // TUF 1.0 roots do not name their collection: one root key a collection is what tells them apart
  const simulator = await Simulator.create();
  const other = await Simulator.create({ gun: "registry.example.com/team/other" });
  other.keys.root.splice(0, 1, ...simulator.keys.root);
  await other.publishRoot();
  const root = other.source(dialect).stored.roots.get(2);
  assert.ok(root);
  const source = simulator.source(dialect);
  source.lies.set("root newest", { kind: "bytes", bytes: root });
  await rejectsWith(new SimulatedReader(simulator).open(dialect), "certificate.invalid");
});
