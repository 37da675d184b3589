// Since when a delegated key may sign. The server may keep little, lie, or be slow: the answer says less then, and never more than was verified.
import assert from "node:assert/strict";
import { CountersignError, parseRoleName } from "../bytes/index.ts";
import { dialectNamed } from "../dialects/index.ts";
import type { Signer } from "../keys/index.ts";
import { inBothDialects, type Lie, SimulatedReader, Simulator, sampleTarget } from "../testing/index.ts";
import type { DialectName } from "../tuf/index.ts";
import { type HistoryOptions, readDelegationHistory } from "./delegation-history.ts";

const targets = parseRoleName("targets");
const alices = parseRoleName("targets/alice");

/** `targets` goes up to this version, with nothing else new in it. */
async function publishUpTo(simulator: Simulator, version: number, role = "targets"): Promise<void> {
  while (simulator.role(role).version <= version) await simulator.publishTargets(role);
  await simulator.publish();
}

/** A key of a role with the version since which it is listed: `targets 3`, `at least targets 3`. */
async function sinceOf(
  simulator: Simulator,
  dialect: DialectName,
  role: string,
  signer: Signer | undefined,
  changes: Partial<HistoryOptions> & { readonly lie?: Lie } = {},
): Promise<string | undefined> {
  const collection = await new SimulatedReader(simulator).open(dialect);
  const reports = await collection.roles();
  const documents = collection.documents();
  const source = simulator.source(dialect);
  source.takeRequests();
  if (changes.lie !== undefined) source.lies.set("targets", changes.lie);
  const since = await readDelegationHistory(reports, { ...documents, dialect, source, ...changes });
  source.lies.clear();
  const report = reports.find((each) => each.role === role);
  assert.ok(report !== undefined && signer !== undefined);
  const found = since(report, signer.publicKey.id);
  return found && `${found.isExact ? "" : "at least "}${found.listedIn.role} ${found.listedIn.signed.version}`;
}

/** Alice's delegation comes in with targets `since`; the present version is `present`. */
async function withAlice(since: number, present: number) {
  const simulator = await Simulator.create();
  await publishUpTo(simulator, since - 1);
  const alice = await simulator.delegate("targets", "targets/alice");
  await publishUpTo(simulator, present);
  await simulator.publish("targets/alice");
  return { simulator, alice, key: alice.signers[0] };
}

inBothDialects("the version that gave the key is found in about log2 of the versions", async (dialect) => {
  for (const since of [2, 13, 40]) {
    const { simulator, key } = await withAlice(since, 40);
    assert.equal(await sinceOf(simulator, dialect, "targets/alice", key), `targets ${since}`);
    assert.ok(simulator.source(dialect).takeRequests().length <= 6);
  }
});

inBothDialects("a key that the very first version lists is exact: there is no version before it", async (dialect) => {
  const simulator = await Simulator.create();
  await simulator.delegate("targets", "targets/alice");
  const helper = await simulator.delegate("targets/alice", "targets/alice/helper");
  await publishUpTo(simulator, 2);
  await publishUpTo(simulator, 5, "targets/alice");
  assert.equal(await sinceOf(simulator, dialect, "targets/alice/helper", helper.signers[0]), "targets/alice 1");
});

inBothDialects("delegations share what is fetched, and a key added later is told apart", async (dialect) => {
  const { simulator, alice, key } = await withAlice(3, 6);
  const bob = await simulator.newSigner();
  alice.signers.push(bob);
  const carol = await simulator.delegate("targets", "targets/carol");
  await publishUpTo(simulator, 16);
  assert.equal(await sinceOf(simulator, dialect, "targets/alice", key), "targets 3");
  assert.equal(await sinceOf(simulator, dialect, "targets/alice", bob), "targets 7");
  assert.equal(await sinceOf(simulator, dialect, "targets/carol", carol.signers[0]), "targets 7");
  const asked = simulator.source(dialect).takeRequests();
  assert.ok(asked.length <= 8, `${asked.length}`);
});

inBothDialects(
  "a key that was taken out and given again counts from the flip that another search saw",
  async (dialect) => {
    const { simulator, alice, key } = await withAlice(2, 9);
    simulator.role("targets").delegations.splice(0);
    await publishUpTo(simulator, 11);
    simulator.role("targets").delegations.push(alice);
    const bob = await simulator.newSigner();
    alice.signers.unshift(bob);
    await publishUpTo(simulator, 16);
    assert.equal(await sinceOf(simulator, dialect, "targets/alice", key), "targets 12");
    assert.equal(await sinceOf(simulator, dialect, "targets/alice", bob), "targets 12");
  },
);

inBothDialects("what a server no longer keeps makes the answer inexact, never a failure", async (dialect) => {
  const { simulator, key } = await withAlice(2, 20);
  const { stored } = simulator.source(dialect);
  const kept = stored.targets.filter(({ role, version }) => role !== targets || version >= 8);
  stored.targets.splice(0, Number.POSITIVE_INFINITY, ...kept);
  assert.equal(await sinceOf(simulator, dialect, "targets/alice", key), "at least targets 8");
});

inBothDialects("a server that fails is asked once, and one that is not to be asked never", async (dialect) => {
  const { simulator, key } = await withAlice(2, 20);
  const lie: Lie = { kind: "error", error: new CountersignError("download.unavailable", "it answered 500") };
  const { requests } = simulator.source(dialect);
  assert.equal(await sinceOf(simulator, dialect, "targets/alice", key, { lie }), "at least targets 20");
  assert.equal(requests.length, 1);
  const offline = { lie, maxDocuments: 0 };
  assert.equal(await sinceOf(simulator, dialect, "targets/alice", key, offline), "at least targets 20");
  assert.equal(requests.length, 0);
});

inBothDialects("no server makes a reader fetch more documents or bytes than the cap", async (dialect) => {
  const { simulator, key } = await withAlice(2, 40);
  const since = (changes: Partial<HistoryOptions>) => sinceOf(simulator, dialect, "targets/alice", key, changes);
  assert.equal(await since({ maxDocuments: 2 }), "at least targets 10");
  assert.equal(simulator.source(dialect).takeRequests().length, 2);
  const length = simulator.source(dialect).stored.targets.find(({ version }) => version === 20)?.bytes.length ?? 0;
  assert.equal(await since({ maxBytes: length + 10 }), "at least targets 20");
  const sizes = simulator.source(dialect).requests.map(({ maxBytes }) => maxBytes);
  assert.deepEqual(sizes, [length + 10, 10]);
});

inBothDialects(
  "a forged older version, or the bytes of another one or another role, count for nothing",
  async (dialect) => {
    const { simulator, key } = await withAlice(3, 4);
    await simulator.publish("targets/alice");
    const source = simulator.source(dialect);
    const document = (from: Simulator, role: string, version: number) =>
      from.source(dialect).stored.targets.find((each) => each.role === role && each.version === version)?.bytes;
    const forger = await Simulator.create();
    await publishUpTo(forger, 4);
    const lies = [
      document(forger, "targets", 2),
      document(simulator, "targets", 1),
      document(simulator, "targets/alice", 2),
      new TextEncoder().encode("{}"),
    ];
    for (const bytes of lies) {
      assert.ok(bytes !== undefined);
      const lie = { kind: "bytes", bytes } as const;
      assert.equal(await sinceOf(simulator, dialect, "targets/alice", key, { lie }), "at least targets 4");
      assert.equal(source.requests.length, 2);
    }
  },
);

inBothDialects("older versions verify under the keys that an older root gave their role", async (dialect) => {
  const { simulator, key } = await withAlice(3, 5);
  simulator.keys.targets.splice(0, 1, await simulator.newSigner());
  await simulator.publishRoot();
  await publishUpTo(simulator, 9);
  const { stored } = simulator.source(dialect);
  const roots = [...stored.roots.values()].map((bytes) => dialectNamed(dialect).decodeRoot(bytes));
  assert.equal(await sinceOf(simulator, dialect, "targets/alice", key, { roots }), "targets 3");
  const newest = { roots: roots.slice(1) };
  assert.equal(await sinceOf(simulator, dialect, "targets/alice", key, newest), "at least targets 6");
});

inBothDialects("a nested role's past is held against what its delegator once said of it", async (dialect) => {
  const { simulator, alice } = await withAlice(2, 3);
  const helper = await simulator.delegate("targets/alice", "targets/alice/helper");
  simulator.role("targets/alice/helper").targets.set("x", sampleTarget("x"));
  await simulator.publish("targets/alice", "targets/alice/helper");
  await publishUpTo(simulator, 6, "targets/alice");
  alice.signers.splice(0, 1, await simulator.newSigner());
  await simulator.publish("targets", "targets/alice");
  const since = await sinceOf(simulator, dialect, "targets/alice/helper", helper.signers[0]);
  assert.equal(since, "targets/alice 2");
  assert.equal(await sinceOf(simulator, dialect, alices, alice.signers[0]), "targets 4");
});

inBothDialects("a role that delegates to a namesake does not vouch for the other one's past", async (dialect) => {
  const { simulator, alice } = await withAlice(2, 3);
  await simulator.delegate("targets", "targets/mallory");
  simulator.role("targets").delegations.reverse(); // so that she is reached first
  await simulator.publish("targets");
  const helper = await simulator.delegate("targets/alice", "targets/alice/helper");
  await simulator.publish("targets/alice", "targets/alice/helper");
  await publishUpTo(simulator, 4, "targets/alice");
  const forged = await simulator.newSigner();
  // Mallory gives targets/alice keys of her own, and has the server show a version 2 that those signed.
  simulator.role("targets/mallory").delegations.push({ ...alice, signers: [forged] });
  await simulator.publish("targets/mallory");
  simulator.signers.set(alices, [forged]);
  const present = simulator.role("targets/alice");
  simulator.roles.set(alices, { ...present, version: 2, delegations: [] });
  await simulator.publishTargets("targets/alice");
  simulator.roles.set(alices, present);
  const bytes = simulator.source(dialect).stored.targets.at(-1)?.bytes;
  assert.ok(bytes !== undefined);
  const { stored } = simulator.source(dialect);
  stored.targets.pop();
  assert.equal(await sinceOf(simulator, dialect, "targets/alice/helper", helper.signers[0]), "targets/alice 2");
  const index = stored.targets.findIndex(({ role, version }) => role === alices && version === 2);
  stored.targets.splice(index, 1, { role: alices, version: 2, bytes });
  const since = await sinceOf(simulator, dialect, "targets/alice/helper", helper.signers[0]);
  assert.equal(since, "at least targets/alice 3");
});
