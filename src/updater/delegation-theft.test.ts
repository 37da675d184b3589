// Delegation theft: a role speaks for what was not given to it, with keys that are not the role's, or through a parent that may not
// delegate it. Every hop is checked with what its own delegator says, each time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type JsonValue, parseRoleName } from "../bytes/index.ts";
import { inBothDialects, rejectsWith, SimulatedReader, Simulator, sampleTarget } from "../testing/index.ts";

inBothDialects("a target outside the delegated paths is not found, however well it is signed", async (dialect) => {
  const simulator = await Simulator.create();
  await simulator.delegate("targets", "targets/alice", ["alice-"]);
  const alice = simulator.role("targets/alice").targets;
  for (const name of ["alice-1", "bob-1", "1.0", "Alice-1", "alice"])
    alice.set(name, sampleTarget(`alice says ${name}`));
  await simulator.publish("targets", "targets/alice");
  const collection = await new SimulatedReader(simulator).open(dialect);
  assert.equal((await collection.lookup("alice-1"))?.role, "targets/alice");
  assert.equal((await collection.lookup("1.0"))?.role, "targets");
  for (const name of ["bob-1", "Alice-1", "alice", "alice-1/x", "x/alice-1"]) {
    assert.equal((await collection.lookup(name))?.role, undefined, name);
  }
  assert.deepEqual((await collection.listTargets()).map((found) => found.name).sort(), ["1.0", "alice-1"]);
});

inBothDialects("a child gets no more than its parent has", async (dialect) => {
  const simulator = await Simulator.create();
  await simulator.delegate("targets", "targets/alice", ["alice-"]);
  await simulator.delegate("targets/alice", "targets/alice/helper", ["", "alice-"]);
  const helper = simulator.role("targets/alice/helper").targets;
  for (const name of ["alice-2", "bob-2"]) helper.set(name, sampleTarget(`helper says ${name}`));
  await simulator.publish("targets", "targets/alice", "targets/alice/helper");
  const collection = await new SimulatedReader(simulator).open(dialect);
  const found = await collection.lookup("alice-2");
  assert.deepEqual(
    found?.chain.map((facts) => facts.role),
    ["targets", "targets/alice", "targets/alice/helper"],
  );
  assert.equal(await collection.lookup("bob-2"), undefined);
  assert.equal(
    (await collection.listTargets()).some((listed) => listed.name === "bob-2"),
    false,
  );
});

inBothDialects("the first delegation that has the name decides", async (dialect) => {
  const simulator = await Simulator.create();
  for (const name of ["targets/zeta", "targets/2", "targets/1"]) {
    await simulator.delegate("targets", name);
    simulator.role(name).targets.set("shared", sampleTarget(name));
  }
  simulator.role("targets/1").targets.set("1.0", sampleTarget("never asked"));
  await simulator.publish("targets", "targets/zeta", "targets/2", "targets/1");
  const collection = await new SimulatedReader(simulator).open(dialect);
  assert.equal((await collection.lookup("shared"))?.role, "targets/zeta");
  assert.equal((await collection.lookup("1.0"))?.role, "targets");
  assert.equal((await collection.listTargets()).find((found) => found.name === "shared")?.role, "targets/zeta");
});

inBothDialects("a withheld delegation ends the search instead of letting a lower one answer", async (dialect) => {
  const simulator = await Simulator.create();
  for (const name of ["targets/high", "targets/low"]) {
    await simulator.delegate("targets", name);
    simulator.role(name).targets.set("shared", sampleTarget(name));
  }
  await simulator.publish("targets", "targets/high", "targets/low");
  simulator.source(dialect).lies.set("targets/high", { kind: "missing" });
  const collection = await new SimulatedReader(simulator).open(dialect);
  await rejectsWith(collection.lookup("shared"), "metadata.missing");
  await rejectsWith(collection.listTargets(), "metadata.missing");
  simulator.source(dialect).lies.clear();
  assert.equal((await collection.lookup("shared"))?.role, "targets/high");
});

inBothDialects(
  "a delegation that was never published ends the search in tuf1 and is passed over in notary1",
  async (dialect) => {
    const simulator = await Simulator.create();
    for (const name of ["targets/never", "targets/low"]) await simulator.delegate("targets", name);
    simulator.role("targets/low").targets.set("shared", sampleTarget("low"));
    await simulator.publish("targets", "targets/low");
    const collection = await new SimulatedReader(simulator).open(dialect);
    const found = await collection.lookup("shared");
    assert.equal(found?.role, dialect === "notary1" ? "targets/low" : undefined);
  },
);

test("tuf1: a terminating delegation ends what lies behind it", async () => {
  const simulator = await Simulator.create();
  for (const name of ["targets/first", "targets/second"]) await simulator.delegate("targets", name, ["v"]);
  simulator.role("targets/second").targets.set("v1", sampleTarget("second"));
  await simulator.publish("targets", "targets/first", "targets/second");
  assert.ok(await (await new SimulatedReader(simulator).open("tuf1")).lookup("v1"));
  simulator.mangle.set(parseRoleName("targets"), (signed, dialect) => {
    if (dialect === "notary1") return undefined; // cannot say it
    const [first] = (signed as { delegations: { roles: { terminating: boolean }[] } }).delegations.roles;
    if (first !== undefined) first.terminating = true;
    return undefined;
  });
  await simulator.publish("targets");
  assert.equal(await (await new SimulatedReader(simulator).open("tuf1")).lookup("v1"), undefined);
});

// alice may not write bob's file; she can only delegate to a role of that name with a key of hers, hoping that the file that was
// accepted (and cached) through `targets` is taken as accepted through her.
test("tuf1: a role accepted through one delegator is checked again for another", async () => {
  const simulator = await Simulator.create();
  await simulator.delegate("targets", "targets/alice", ["shared-"]);
  const bob = await simulator.delegate("targets", "targets/bob", ["bob-"]);
  simulator.role("targets/bob").targets.set("bob-1", sampleTarget("bob one"));
  simulator.role("targets/bob").targets.set("shared-1", sampleTarget("bob's, but not his to say"));
  simulator.role("targets/alice").delegations.push({
    ...bob,
    signers: [await simulator.newSigner()],
    prefixes: [""],
  });
  // Signed by the real bob: the simulator asks the first delegation of that name.
  await simulator.publish("targets", "targets/alice", "targets/bob");
  const reader = new SimulatedReader(simulator);
  const collection = await reader.open("tuf1");
  assert.ok(await collection.lookup("bob-1"));
  await rejectsWith(collection.lookup("shared-1"), "threshold.unmet");
  assert.ok(reader.caches.tuf1.documents.has(parseRoleName("targets/bob")));
  await rejectsWith((await reader.open("tuf1")).lookup("shared-1"), "threshold.unmet");
  assert.ok(await (await reader.open("tuf1")).lookup("bob-1"));
});

test("notary1: a role that delegates to somebody else's child is refused", async () => {
  const simulator = await Simulator.create();
  await simulator.delegate("targets", "targets/alice", ["alice-"]);
  await simulator.delegate("targets", "targets/bob", ["bob-"]);
  simulator.mangle.set(parseRoleName("targets/alice"), (signed, dialect) => {
    if (dialect === "tuf1") return undefined;
    const { delegations } = signed as { delegations: { roles: { name: string }[] } };
    for (const role of delegations.roles) role.name = "targets/bob";
    return undefined;
  });
  await simulator.delegate("targets/alice", "targets/alice/x");
  await simulator.publish("targets", "targets/bob", "targets/alice");
  const collection = await new SimulatedReader(simulator).open("notary1");
  await rejectsWith(collection.lookup("alice-1"), "metadata.invalid", "role.invalid");
});

test("tuf1: delegations in a circle end", async () => {
  const simulator = await Simulator.create();
  await simulator.delegate("targets", "targets/loop");
  await simulator.delegate("targets/loop", "targets/loop/back");
  let top: JsonValue = null;
  simulator.mangle.set(parseRoleName("targets"), (signed, dialect) => {
    if (dialect === "tuf1") top = structuredClone(signed.delegations ?? null);
    return undefined;
  });
  simulator.mangle.set(parseRoleName("targets/loop/back"), (signed, dialect) => {
    if (dialect === "tuf1") signed.delegations = top;
    return undefined;
  });
  await simulator.publish("targets", "targets/loop", "targets/loop/back");
  const collection = await new SimulatedReader(simulator).open("tuf1");
  assert.equal(await collection.lookup("nowhere"), undefined);
  assert.equal((await collection.listTargets()).length, 1);
  assert.equal(collection.documents().targets.size, 3);
});
