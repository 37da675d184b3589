// One key is one signer. A threshold of two must not be met by one thief who lists his key twice: by repeating the signature, under a
// second key id, under another key type or under a second certificate.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRoleName } from "../bytes/index.ts";
import { inBothDialects, type MutableJson, rejectsWith, SimulatedReader, Simulator } from "../testing/index.ts";
import type { Key, Signature } from "../tuf/index.ts";

const targets = parseRoleName("targets");
const root = parseRoleName("root");

/** Targets needs two of two keys. */
async function twoOfTwo() {
  const simulator = await Simulator.create();
  const second = await simulator.newSigner();
  simulator.keys.targets.push(second);
  simulator.thresholds.targets = 2;
  await simulator.publishRoot();
  await simulator.publish("targets");
  return simulator;
}

inBothDialects("two of two is fine, one of two is not", async (dialect) => {
  const simulator = await twoOfTwo();
  await new SimulatedReader(simulator).open(dialect);
  for (const signer of simulator.keys.targets) {
    simulator.signers.set(targets, [signer]);
    await simulator.publish("targets");
    await rejectsWith(new SimulatedReader(simulator).open(dialect), "threshold.unmet");
  }
});

inBothDialects("the same signature listed twice counts once", async (dialect) => {
  const simulator = await twoOfTwo();
  simulator.resign.set(targets, ([first]) => (first === undefined ? [] : [first, first]));
  await simulator.publish("targets");
  await rejectsWith(new SimulatedReader(simulator).open(dialect), "threshold.unmet", "metadata.invalid");
});

inBothDialects("two signatures of one key, each made afresh, count once", async (dialect) => {
  const simulator = await twoOfTwo();
  const [first] = simulator.keys.targets;
  assert.ok(first);
  simulator.signers.set(targets, [first, first]);
  await simulator.publish("targets");
  await rejectsWith(new SimulatedReader(simulator).open(dialect), "threshold.unmet", "metadata.invalid");
});

/** Lists one more entry for the only targets key, with threshold 2, and signs targets under both. */
async function listedTwice(dialect: "notary1" | "tuf1", twin: (key: Key) => readonly [string, MutableJson]) {
  const simulator = await Simulator.create();
  const [signer] = simulator.keys.targets;
  assert.ok(signer);
  const [id, entry] = twin(await simulator.keyOf(dialect, "targets", signer));
  simulator.mangle.set(root, (signed, name) => {
    if (name !== dialect) return undefined;
    const { keys, roles } = signed as {
      keys: MutableJson;
      roles: { targets: { keyids: string[]; threshold: number } };
    };
    keys[id] = entry;
    roles.targets.keyids.push(id);
    roles.targets.threshold = 2;
    return undefined;
  });
  simulator.resign.set(targets, (signatures) =>
    signatures.flatMap((each): Signature[] => [each, { ...each, keyId: id as Signature["keyId"] }]),
  );
  await simulator.publishRoot();
  await simulator.publish("targets");
  return simulator;
}

test("tuf1: one key under two key ids counts once", async () => {
  const simulator = await listedTwice("tuf1", (key) => ["f".repeat(64), structuredClone(key.source) as MutableJson]);
  await rejectsWith(new SimulatedReader(simulator).open("tuf1"), "threshold.unmet");
});

test("tuf1: one key under two key types counts once", async () => {
  const simulator = await listedTwice("tuf1", (key) => [
    "e".repeat(64),
    { ...(structuredClone(key.source) as MutableJson), keytype: "ecdsa-sha2-nistp256" },
  ]);
  await rejectsWith(new SimulatedReader(simulator).open("tuf1"), "threshold.unmet");
});

test("notary1: one key under two certificates counts once, unlike in Notary", async () => {
  const simulator = await Simulator.create();
  const [signer] = simulator.keys.root;
  assert.ok(signer);
  const reader = new SimulatedReader(simulator);
  await reader.open("notary1");
  const { notary1 } = await import("../dialects/index.ts");
  const twin = notary1.makeKey(signer.publicKey, await simulator.newCertificate(signer));
  simulator.mangle.set(root, (signed, name) => {
    if (name !== "notary1") return undefined;
    const { keys, roles } = signed as { keys: MutableJson; roles: { root: { keyids: string[]; threshold: number } } };
    keys[twin.id] = structuredClone(twin.source) as MutableJson;
    roles.root.keyids.push(twin.id);
    roles.root.threshold = 2;
    return undefined;
  });
  simulator.resign.set(root, (signatures) => signatures.flatMap((each) => [each, { ...each, keyId: twin.id }]));
  await simulator.publishRoot();
  await simulator.publish();
  await rejectsWith(reader.open("notary1"), "threshold.unmet");
  await rejectsWith(new SimulatedReader(simulator).open("notary1"), "threshold.unmet");
});
