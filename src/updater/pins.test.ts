// Pins: no root is believed because a server says so.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isCountersignError, parseRoleName } from "../bytes/index.ts";
import { bothDialects, inBothDialects, rejectsWith, SimulatedReader, Simulator } from "../testing/index.ts";
import { formatPin, type KeyPin, type Pin, parsePin } from "./pins.ts";

const root = parseRoleName("root");
const keyPin = (signer: Simulator["keys"]["root"][number]): KeyPin => ({ kind: "key", id: signer.publicKey.id });

async function certificatePins(simulator: Simulator): Promise<KeyPin[]> {
  const keys = await Promise.all(simulator.keys.root.map((signer) => simulator.keyOf("notary1", "root", signer)));
  return keys.map((key) => ({ kind: "certificate", id: key.id }));
}

test("a pin is 64 hex digits, or certificate: and 64 hex digits", () => {
  const id = "0123456789abcdef".repeat(4);
  assert.deepEqual(parsePin(id), { kind: "key", id });
  assert.deepEqual(parsePin(`key:${id}`), { kind: "key", id });
  assert.deepEqual(parsePin(`certificate:${id}`), { kind: "certificate", id });
  for (const text of [id, `certificate:${id}`]) assert.equal(formatPin(parsePin(text)), text);
  for (const text of [
    "",
    id.slice(1),
    `${id}0`,
    id.toUpperCase(),
    `sha256:${id}`,
    `certificate:`,
    ` ${id}`,
    "x".repeat(10_000),
  ]) {
    assert.throws(
      () => parsePin(text),
      (error) => isCountersignError(error, "usage.invalid"),
    );
  }
});

inBothDialects("an unpinned collection is refused before anything is asked", async (dialect) => {
  const simulator = await Simulator.create();
  const reader = new SimulatedReader(simulator);
  await rejectsWith(reader.open(dialect, { pins: [] }), "pin.missing");
  assert.deepEqual(simulator.source(dialect).takeRequests(), []);
});

inBothDialects("a root of somebody else is refused, and nothing of it is kept", async (dialect) => {
  const simulator = await Simulator.create();
  const reader = new SimulatedReader(simulator);
  const pins = [keyPin(await simulator.newSigner())];
  await rejectsWith(reader.open(dialect, { pins }), "pin.mismatch");
  assert.equal(reader.caches[dialect].documents.size, 0);
  assert.equal(reader.memory.bytes, undefined);
});

inBothDialects("a root that lists the pinned key without its signature is refused", async (dialect) => {
  const simulator = await Simulator.create();
  const [pinned] = simulator.keys.root;
  assert.ok(pinned);
  const thief = await simulator.newSigner();
  simulator.keys.root.push(thief);
  simulator.signers.set(root, [thief]);
  await simulator.publishRoot();
  await simulator.publish();
  simulator.source(dialect).stored.roots.delete(1);
  await rejectsWith(new SimulatedReader(simulator).open(dialect, { pins: [keyPin(pinned)] }), "pin.mismatch");
});

inBothDialects("one pinned key among several signers is enough, the root's own threshold stays", async (dialect) => {
  const simulator = await Simulator.create();
  simulator.keys.root.push(await simulator.newSigner());
  simulator.thresholds.root = 2;
  await simulator.publishRoot();
  await simulator.publish();
  for (const signer of simulator.keys.root) {
    await new SimulatedReader(simulator).open(dialect, { pins: [keyPin(signer)] });
  }
});

inBothDialects("trust on first use happens once: a cached root is held on to", async (dialect) => {
  const simulator = await Simulator.create();
  const reader = new SimulatedReader(simulator);
  const options = { pins: [], trustOnFirstUse: true };
  assert.equal((await reader.open(dialect, options)).anchor.kind, "firstUse");
  const impostor = await Simulator.create();
  await rejectsWith(reader.open(dialect, { ...options, source: impostor.source(dialect) }), "threshold.unmet");
  await reader.open(dialect, options);
  await rejectsWith(reader.open(dialect, { pins: [] }), "pin.missing");
});

inBothDialects("trust on first use does not soften pins", async (dialect) => {
  const simulator = await Simulator.create();
  const pins = [keyPin(await simulator.newSigner())];
  await rejectsWith(new SimulatedReader(simulator).open(dialect, { pins, trustOnFirstUse: true }), "pin.mismatch");
});

inBothDialects("the newest root counts when the pin is of a key that came later", async (dialect) => {
  const simulator = await Simulator.create();
  const previous = [...simulator.keys.root];
  simulator.keys.root.splice(0, 1, await simulator.newSigner());
  await simulator.publishRoot(previous);
  await simulator.publish();
  assert.equal((await new SimulatedReader(simulator).open(dialect)).root.version, 2);
});

inBothDialects("a key that came and went in between anchors the chain where it stood", async (dialect) => {
  const simulator = await Simulator.create();
  const pins: Pin[] = [];
  for (let rotation = 0; rotation < 3; rotation++) {
    const previous = [...simulator.keys.root];
    simulator.keys.root.splice(0, 1, await simulator.newSigner());
    await simulator.publishRoot(previous);
    if (rotation === 0) pins.push(...simulator.keys.root.map(keyPin));
  }
  await simulator.publish();
  const collection = await new SimulatedReader(simulator).open(dialect, { pins });
  assert.equal(collection.root.version, 4);
  assert.deepEqual(collection.anchor, { kind: "pinned", pins });
});

inBothDialects("taking a pin away takes away what was trusted because of it", async (dialect) => {
  const simulator = await Simulator.create();
  const reader = new SimulatedReader(simulator);
  const previous = [...simulator.keys.root];
  await reader.open(dialect);
  simulator.keys.root.splice(0, 1, await simulator.newSigner());
  await simulator.publishRoot(previous);
  await simulator.publish();
  await reader.open(dialect);
  simulator.source(dialect).takeRequests();
  await reader.open(dialect); // rotated away from the pin, but the chain from it is remembered
  assert.equal(simulator.source(dialect).takeRequests().includes("root newest"), false);
  await rejectsWith(reader.open(dialect, { pins: [keyPin(await simulator.newSigner())] }), "pin.mismatch");
});

test("one pin holds for both dialects", async () => {
  const simulator = await Simulator.create();
  const reader = new SimulatedReader(simulator);
  for (const dialect of bothDialects) await reader.open(dialect);
});

test("a pin of a Notary certificate holds in notary1 and says nothing in tuf1", async () => {
  const simulator = await Simulator.create();
  const reader = new SimulatedReader(simulator);
  const pins = await certificatePins(simulator);
  await reader.open("notary1", { pins });
  await rejectsWith(reader.open("tuf1", { pins }), "pin.mismatch");
});

test("only pinned certificates count towards the threshold, as in Notary", async () => {
  const simulator = await Simulator.create();
  simulator.keys.root.push(await simulator.newSigner());
  simulator.thresholds.root = 2;
  await simulator.publishRoot();
  await simulator.publish();
  const pins = await certificatePins(simulator);
  await new SimulatedReader(simulator).open("notary1", { pins });
  simulator.source("notary1").stored.roots.delete(1); // the threshold was one there
  await rejectsWith(new SimulatedReader(simulator).open("notary1", { pins: pins.slice(0, 1) }), "pin.mismatch");
});

test("tuf1: a key id that the root's author chose to look like the pin is no pin", async () => {
  const simulator = await Simulator.create();
  const pins = [keyPin(await simulator.newSigner())];
  const [pin] = pins;
  assert.ok(pin);
  simulator.mangle.set(root, (signed, dialect) => {
    if (dialect === "notary1") return undefined;
    const { keys, roles } = signed as { keys: Record<string, unknown>; roles: { root: { keyids: string[] } } };
    const [id] = roles.root.keyids;
    assert.ok(id);
    keys[pin.id] = keys[id];
    delete keys[id];
    roles.root.keyids = [pin.id];
    return undefined;
  });
  simulator.resign.set(root, (signatures, dialect) =>
    dialect === "notary1" ? signatures : signatures.map((each) => ({ ...each, keyId: pin.id })),
  );
  await simulator.publishRoot();
  await simulator.publish();
  simulator.source("tuf1").stored.roots.delete(1);
  await rejectsWith(new SimulatedReader(simulator).open("tuf1", { pins }), "pin.mismatch");
  const certificatePin: Pin[] = [{ kind: "certificate", id: pin.id }];
  await rejectsWith(new SimulatedReader(simulator).open("tuf1", { pins: certificatePin }), "pin.mismatch");
});

test("a certificate id pinned as a key is told apart in the hint", async () => {
  const simulator = await Simulator.create();
  const pins = (await certificatePins(simulator)).map((pin) => parsePin(pin.id));
  const error = await new SimulatedReader(simulator).open("notary1", { pins }).catch((thrown: unknown) => thrown);
  assert.ok(isCountersignError(error, "pin.mismatch"));
  assert.match(error.hints.join(), /certificate:/);
});
