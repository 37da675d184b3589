// The plain path: what a reader is told, and how little it has to ask for.
import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf, encodeUtf8, isCountersignError } from "../bytes/index.ts";
import { day, fakeClock, inBothDialects, SimulatedReader, Simulator, sampleTarget } from "../testing/index.ts";

inBothDialects("a lookup says digest, role, keys, versions and the earliest expiry", async (dialect) => {
  const simulator = await Simulator.create();
  const collection = await new SimulatedReader(simulator).open(dialect);
  const found = await collection.lookup("1.0");
  assert.ok(found);
  assert.deepEqual(found.digests, [digestOf(encodeUtf8("one"))]);
  assert.equal(found.length, 3);
  assert.equal(found.role, "targets");
  assert.deepEqual(
    found.chain.map((facts) => [facts.role, facts.version, facts.signedBy]),
    [["targets", 1, simulator.keys.targets.map((signer) => signer.publicKey.id)]],
  );
  assert.equal(found.expires.at, simulator.clock() + day);
  assert.equal(collection.root.version, 1);
  assert.deepEqual(
    collection.root.signedBy,
    simulator.keys.root.map((signer) => signer.publicKey.id),
  );
  assert.equal(collection.anchor.kind, "pinned");
  assert.equal(collection.freshness.kind, "online");
  assert.deepEqual(collection.warnings, []);
  assert.equal(await collection.lookup("2.0"), undefined);
});

test("a first read asks for each document once, a warm one for next to nothing", async () => {
  const simulator = await Simulator.create();
  const reader = new SimulatedReader(simulator);
  await reader.open("tuf1");
  assert.deepEqual(simulator.source("tuf1").takeRequests(), [
    "root newest",
    "root 2",
    "timestamp",
    "snapshot",
    "targets",
  ]);
  await reader.open("notary1");
  assert.deepEqual(simulator.source("notary1").takeRequests(), ["root newest", "timestamp", "snapshot", "targets"]);
  reader.caches.tuf1.writes.length = 0;
  await reader.open("tuf1");
  assert.deepEqual(simulator.source("tuf1").takeRequests(), ["root 2", "timestamp"]);
  await reader.open("notary1");
  assert.deepEqual(simulator.source("notary1").takeRequests(), ["timestamp"]);
  assert.deepEqual(reader.caches.tuf1.writes, []);
  await simulator.publishTimestamp();
  await reader.open("notary1");
  assert.deepEqual(simulator.source("notary1").takeRequests(), ["timestamp"]);
});

inBothDialects("documents are cached in the order in which they were trusted", async (dialect) => {
  const reader = new SimulatedReader(await Simulator.create());
  await reader.open(dialect);
  assert.deepEqual(reader.caches[dialect].writes, ["root", "timestamp", "snapshot", "targets"]);
});

inBothDialects("a delegated role is fetched only when a question needs it", async (dialect) => {
  const simulator = await Simulator.create();
  await simulator.delegate("targets", "targets/releases", ["release-"]);
  simulator.role("targets/releases").targets.set("release-1", sampleTarget("release one"));
  await simulator.publish("targets", "targets/releases");
  const reader = new SimulatedReader(simulator);
  const source = simulator.source(dialect);
  const collection = await reader.open(dialect);
  source.takeRequests();
  await collection.lookup("1.0");
  await collection.lookup("other");
  assert.deepEqual(source.takeRequests(), []);
  const [found, again] = await Promise.all([collection.lookup("release-1"), collection.lookup("release-1")]);
  assert.deepEqual(source.takeRequests(), ["targets/releases"]);
  assert.deepEqual(found, again);
  assert.equal(found?.role, "targets/releases");
  assert.deepEqual(
    found?.chain.map((facts) => facts.role),
    ["targets", "targets/releases"],
  );
  const listed = await collection.listTargets();
  assert.deepEqual(listed.map((each) => [each.name, each.role]).sort(), [
    ["1.0", "targets"],
    ["release-1", "targets/releases"],
  ]);
  await (await reader.open(dialect)).lookup("release-1");
  assert.equal(source.takeRequests().includes("targets/releases"), false);
});

inBothDialects("roles are reported with who may sign them and in what state they are", async (dialect) => {
  const clock = fakeClock();
  const simulator = await Simulator.create({ clock: clock.now });
  const used = await simulator.delegate("targets", "targets/used", ["u"]);
  await simulator.delegate("targets", "targets/never", ["n"]);
  await simulator.delegate("targets", "targets/expired", ["e"]);
  simulator.role("targets/expired").lifetime = day / 2;
  simulator.role("targets/used").targets.set("u1", sampleTarget("used"));
  await simulator.publish("targets", "targets/used", "targets/expired");
  clock.advance(day * 0.75);
  const collection = await new SimulatedReader(simulator).open(dialect);
  const roles = await collection.roles();
  assert.deepEqual(
    roles.map((report) => [report.role, report.delegatedBy, report.threshold, report.state.kind]),
    [
      ["targets", undefined, 1, "trusted"],
      ["targets/used", "targets", 1, "trusted"],
      ["targets/never", "targets", 1, "unpublished"],
      ["targets/expired", "targets", 1, "unusable"],
    ],
  );
  assert.deepEqual(
    roles[1]?.keys,
    used.signers.map((signer) => signer.publicKey.id),
  );
  assert.ok(collection.warnings.every((warning) => isCountersignError(warning, "metadata.expired")));
  assert.equal(collection.warnings.length, 1);
});
