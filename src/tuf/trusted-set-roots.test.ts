// Attacks on the root chain, and mistakes of its owners, in both dialects (TUF 1.0.34, 5.3; notary-v1 4.1, 9.3).
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ErrorCode, isCountersignError, parseGun, parseRoleName } from "../bytes/index.ts";
import { dialectNamed } from "../dialects/index.ts";
import { day, inBothDialects, Simulator } from "../testing/index.ts";
import { type DialectName, type Document, type Root, signDocument, TrustedSet } from "./index.ts";

const root = parseRoleName("root");

function rootBytes(simulator: Simulator, dialect: DialectName, version: number): Uint8Array {
  const bytes = simulator.source(dialect).stored.roots.get(version);
  assert.ok(bytes !== undefined, `root ${version}`);
  return bytes;
}

function open(simulator: Simulator, dialect: DialectName, version = 1, gun = simulator.gun): TrustedSet {
  const options = { dialect: dialectNamed(dialect), gun, now: simulator.clock() };
  return TrustedSet.fromRoot(rootBytes(simulator, dialect, version), options);
}

function throwsCode(action: () => unknown, ...codes: readonly ErrorCode[]): void {
  assert.throws(action, (error) => {
    assert.ok(isCountersignError(error), String(error));
    assert.ok(codes.includes(error.code), `expected ${codes.join(" or ")}, got ${error.code}: ${error.message}`);
    return true;
  });
}

/** The set refuses root `version` with one of the codes, and trusts the same root as before. */
function refusesRoot(set: TrustedSet, simulator: Simulator, version: number, ...codes: readonly ErrorCode[]): void {
  const before: Document<Root> = set.root;
  throwsCode(() => set.updateRoot(rootBytes(simulator, set.dialect.name, version)), ...codes);
  assert.equal(set.root, before);
}

inBothDialects("a chain of roots leads to the newest", async (dialect) => {
  const simulator = await Simulator.create();
  const old = simulator.keys.root.slice();
  simulator.keys.root = [await simulator.newSigner()];
  await simulator.publishRoot(old);
  const set = open(simulator, dialect);
  set.updateRoot(rootBytes(simulator, dialect, 2));
  set.finishRoots();
  assert.equal(set.root.signed.version, 2);
  assert.deepEqual(set.signersOf(root)?.signers, [simulator.keys.root[0]?.publicKey.id]);
});

inBothDialects("a first root that its own keys did not sign is refused", async (dialect) => {
  const simulator = await Simulator.create();
  simulator.signers.set(root, [await simulator.newSigner()]);
  await simulator.publishRoot();
  throwsCode(() => open(simulator, dialect, 2), "threshold.unmet");
});

inBothDialects("a root by new keys alone takes nobody over", async (dialect) => {
  const simulator = await Simulator.create();
  simulator.keys.root = [await simulator.newSigner()];
  await simulator.publishRoot();
  refusesRoot(open(simulator, dialect), simulator, 2, "threshold.unmet");
});

inBothDialects(
  "a root that only the old keys signed is refused: its own could never sign the next",
  async (dialect) => {
    const simulator = await Simulator.create();
    simulator.signers.set(root, simulator.keys.root.slice());
    simulator.keys.root = [await simulator.newSigner()];
    await simulator.publishRoot();
    refusesRoot(open(simulator, dialect), simulator, 2, "threshold.unmet");
  },
);

inBothDialects("a root with a new threshold that its signatures do not reach is refused", async (dialect) => {
  const simulator = await Simulator.create();
  simulator.keys.root.push(await simulator.newSigner());
  simulator.thresholds.root = 2;
  simulator.signers.set(root, simulator.keys.root.slice(0, 1));
  await simulator.publishRoot();
  refusesRoot(open(simulator, dialect), simulator, 2, "threshold.unmet");
});

inBothDialects("a root version cannot be skipped, repeated or gone back from", async (dialect) => {
  const simulator = await Simulator.create();
  await simulator.publishRoot();
  await simulator.publishRoot();
  refusesRoot(open(simulator, dialect), simulator, 3, "metadata.version_mismatch");
  refusesRoot(open(simulator, dialect, 2), simulator, 2, "metadata.version_mismatch");
  refusesRoot(open(simulator, dialect, 2), simulator, 1, "metadata.rollback");
});

inBothDialects("roots in between may have expired, the last one may not", async (dialect) => {
  const simulator = await Simulator.create();
  simulator.lifetimes.root = -day;
  await simulator.publishRoot();
  const set = open(simulator, dialect);
  set.updateRoot(rootBytes(simulator, dialect, 2));
  throwsCode(() => set.finishRoots(), "metadata.expired");
  const timestamp = simulator.source(dialect).stored.timestamps.at(-1)?.bytes ?? new Uint8Array();
  throwsCode(() => set.updateTimestamp(timestamp), "bug.unexpected");
  simulator.lifetimes.root = 365 * day;
  await simulator.publishRoot();
  set.updateRoot(rootBytes(simulator, dialect, 3));
  set.finishRoots();
});

inBothDialects(
  "after one of two timestamp keys is replaced, what the other signed before is forgotten",
  async (dialect) => {
    const simulator = await Simulator.create();
    const kept = await simulator.newSigner();
    simulator.keys.timestamp.push(kept);
    await simulator.publishRoot();
    await simulator.publish("targets");
    const stored = simulator.source(dialect).stored.timestamps.at(-1)?.bytes ?? new Uint8Array();
    const before = open(simulator, dialect, 2);
    before.finishRoots();
    assert.equal(before.loadCachedTimestamp(stored), true);

    simulator.keys.timestamp = [kept, await simulator.newSigner()];
    await simulator.publishRoot();
    const set = open(simulator, dialect, 2);
    set.updateRoot(rootBytes(simulator, dialect, 3));
    set.finishRoots();
    assert.equal(set.onlineKeysRotated, true);
    assert.equal(set.loadCachedTimestamp(stored), false);

    before.updateRoot(rootBytes(simulator, dialect, 3));
    before.finishRoots();
    simulator.versions.timestamp = 1; // the recovered collection counts from the start
    simulator.signers.set(parseRoleName("timestamp"), [kept]);
    await simulator.publishTimestamp();
    assert.equal(before.updateTimestamp(newestTimestamp(simulator, dialect)).signed.version, 1);
  },
);

inBothDialects("a new key beside the old ones is no rotation: the memory stays", async (dialect) => {
  const simulator = await Simulator.create();
  const set = open(simulator, dialect);
  set.finishRoots();
  simulator.versions.timestamp = 5;
  await simulator.publishTimestamp();
  set.updateTimestamp(newestTimestamp(simulator, dialect));
  simulator.keys.timestamp.push(await simulator.newSigner());
  await simulator.publishRoot();
  set.updateRoot(rootBytes(simulator, dialect, 2));
  set.finishRoots();
  assert.equal(set.onlineKeysRotated, false);
  simulator.versions.timestamp = 4;
  await simulator.publishTimestamp();
  throwsCode(() => set.updateTimestamp(newestTimestamp(simulator, dialect)), "metadata.rollback");
});

function newestTimestamp(simulator: Simulator, dialect: DialectName): Uint8Array {
  return simulator.source(dialect).stored.timestamps.at(-1)?.bytes ?? new Uint8Array();
}

test("notary1: a root whose certificates are for another collection speaks for none (the root of a neighbour)", async () => {
  const simulator = await Simulator.create();
  const other = parseGun("registry.example.com/team/other");
  throwsCode(() => open(simulator, "notary1", 1, other), "certificate.invalid");
});

test("notary1: a reader with a root whose certificate ran out follows to the next, but does not stop there", async () => {
  const simulator = await Simulator.create();
  await simulator.publishRoot();
  const options = { dialect: dialectNamed("notary1"), gun: simulator.gun, now: simulator.clock() + 3651 * day };
  const set = TrustedSet.fromRoot(rootBytes(simulator, "notary1", 1), options);
  set.updateRoot(rootBytes(simulator, "notary1", 2));
  throwsCode(() => set.finishRoots(), "metadata.expired");

  const long = await Simulator.create();
  long.lifetimes.root = 5000 * day;
  await long.publishRoot();
  const later = TrustedSet.fromRoot(rootBytes(long, "notary1", 2), { ...options, gun: long.gun });
  throwsCode(() => later.finishRoots(), "certificate.invalid");
});

test("notary1: a bare root key, without a certificate, counts for nothing", async () => {
  const simulator = await Simulator.create();
  const dialect = dialectNamed("notary1");
  const [signer] = simulator.keys.root;
  assert.ok(signer !== undefined);
  const bare = dialect.makeKey(signer.publicKey);
  const signed = dialect.decodeRoot(rootBytes(simulator, "notary1", 1)).signed;
  const document = await signDocument(
    dialect,
    root,
    {
      ...signed,
      keys: new Map([...signed.keys, [bare.id, bare]]),
      roles: { ...signed.roles, root: { keyIds: [bare.id], threshold: 1 } },
    },
    [{ signer, key: bare }],
  );
  const options = { dialect, gun: simulator.gun, now: simulator.clock() };
  throwsCode(() => TrustedSet.fromRoot(document.bytes, options), "certificate.invalid");
});
