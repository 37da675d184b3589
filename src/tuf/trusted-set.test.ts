// Attacks below root, in both dialects: rollback, freeze, mix and match, wrong keys, wrong delegator (TUF 1.0.34, 5.4 to 5.6).
// Each refused document must leave the set as it was.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ErrorCode, isCountersignError, parseRoleName, type RoleName } from "../bytes/index.ts";
import { dialectNamed } from "../dialects/index.ts";
import { day, inBothDialects, type MutableJson, Simulator, sampleTarget } from "../testing/index.ts";
import { type DialectName, TrustedSet } from "./index.ts";

const root = parseRoleName("root");
const timestamp = parseRoleName("timestamp");
const snapshot = parseRoleName("snapshot");
const targets = parseRoleName("targets");

/** What the simulator published last, given to a set step by step. */
class Steps {
  readonly simulator: Simulator;
  readonly dialect: DialectName;
  readonly set: TrustedSet;

  constructor(simulator: Simulator, dialect: DialectName, now = simulator.clock()) {
    this.simulator = simulator;
    this.dialect = dialect;
    const newest = Math.max(...this.stored.roots.keys());
    const bytes = this.stored.roots.get(newest) ?? new Uint8Array();
    this.set = TrustedSet.fromRoot(bytes, { dialect: dialectNamed(dialect), gun: simulator.gun, now });
    this.set.finishRoots();
  }

  get stored() {
    return this.simulator.source(this.dialect).stored;
  }

  newest(role: RoleName): Uint8Array {
    const list =
      role === timestamp ? this.stored.timestamps : role === snapshot ? this.stored.snapshots : this.stored.targets;
    return list.findLast((document) => document.role === role)?.bytes ?? new Uint8Array();
  }

  /** Up to `last`, without it. */
  before(last: RoleName): this {
    if (last === timestamp) return this;
    this.set.updateTimestamp(this.newest(timestamp));
    if (last === snapshot) return this;
    this.set.updateSnapshot(this.newest(snapshot));
    if (last !== targets) this.set.updateTargets(targets, this.newest(targets), root);
    return this;
  }

  /** Everything, `targets` included. */
  all(): this {
    return this.before(parseRoleName("targets/last"));
  }

  refuses(action: (set: TrustedSet) => unknown, ...codes: readonly ErrorCode[]): void {
    const { timestamp: a, snapshot: b } = this.set;
    const c = [...this.set.targets];
    assert.throws(
      () => action(this.set),
      (error) => {
        assert.ok(isCountersignError(error), String(error));
        assert.ok(codes.includes(error.code), `expected ${codes.join(" or ")}, got ${error.code}: ${error.message}`);
        return true;
      },
    );
    assert.equal(this.set.timestamp, a);
    assert.equal(this.set.snapshot, b);
    assert.deepEqual([...this.set.targets], c);
  }
}

inBothDialects("an older timestamp is refused, also against one that has expired meanwhile", async (dialect) => {
  const simulator = await Simulator.create();
  const old = new Steps(simulator, dialect).newest(timestamp);
  simulator.lifetimes.timestamp = -day;
  await simulator.publishTimestamp();
  const steps = new Steps(simulator, dialect);
  assert.equal(steps.set.loadCachedTimestamp(steps.newest(timestamp)), true);
  steps.refuses((set) => set.updateTimestamp(old), "metadata.rollback");
  assert.equal(steps.set.timestamp, undefined);
});

inBothDialects("an expired timestamp is a freeze", async (dialect) => {
  const simulator = await Simulator.create();
  simulator.lifetimes.timestamp = -1000;
  await simulator.publishTimestamp();
  const steps = new Steps(simulator, dialect);
  steps.refuses((set) => set.updateTimestamp(steps.newest(timestamp)), "metadata.expired");
});

inBothDialects("a timestamp of the same version but other content does not replace the stored one", async (dialect) => {
  const simulator = await Simulator.create();
  const first = new Steps(simulator, dialect).newest(timestamp);
  simulator.versions.timestamp = 1;
  await simulator.publishSnapshot();
  await simulator.publishTimestamp();
  const steps = new Steps(simulator, dialect);
  steps.set.loadCachedTimestamp(first);
  assert.deepEqual(steps.set.updateTimestamp(steps.newest(timestamp)).bytes, first);
});

inBothDialects("a stored timestamp or snapshot that no key of today signed is dropped, not fatal", async (dialect) => {
  const simulator = await Simulator.create();
  simulator.signers.set(timestamp, [await simulator.newSigner()]);
  simulator.signers.set(snapshot, [await simulator.newSigner()]);
  simulator.versions.timestamp = 9;
  await simulator.publish();
  const steps = new Steps(simulator, dialect);
  const [forgedTimestamp, forgedSnapshot] = [steps.newest(timestamp), steps.newest(snapshot)];
  assert.equal(steps.set.loadCachedTimestamp(forgedTimestamp), false);
  assert.equal(steps.set.loadCachedTimestamp(new Uint8Array([0x7b])), false);
  steps.refuses((set) => set.updateTimestamp(forgedTimestamp), "threshold.unmet");
  simulator.signers.clear();
  simulator.versions.timestamp = 2;
  await simulator.publish();
  assert.equal(steps.before(snapshot).set.loadCachedSnapshot(forgedSnapshot), false);
  assert.equal(steps.set.timestamp?.signed.version, 2);
});

test("tuf1: a newer timestamp may not list an older snapshot", async () => {
  const simulator = await Simulator.create();
  await simulator.publish();
  const steps = new Steps(simulator, "tuf1").before(snapshot);
  steps.stored.snapshots.pop();
  await simulator.publishTimestamp();
  steps.refuses((set) => set.updateTimestamp(steps.newest(timestamp)), "metadata.rollback");
});

inBothDialects("a snapshot other than the one the timestamp names is refused before it is parsed", async (dialect) => {
  const simulator = await Simulator.create();
  const steps = new Steps(simulator, dialect).before(snapshot);
  const other = steps.newest(snapshot).slice();
  other[0] = 0x20;
  steps.refuses((set) => set.updateSnapshot(other), "metadata.hash_mismatch");
  const longer = new Uint8Array(other.length + 1);
  steps.refuses((set) => set.updateSnapshot(longer), "metadata.length_mismatch");
});

test("tuf1: without hashes, a snapshot of another version than the timestamp names is refused", async () => {
  const simulator = await Simulator.create();
  simulator.listHashes = false;
  await simulator.publish();
  const steps = new Steps(simulator, "tuf1").before(snapshot);
  await simulator.publishSnapshot();
  steps.refuses((set) => set.updateSnapshot(steps.newest(snapshot)), "metadata.version_mismatch");
});

inBothDialects("an expired snapshot is refused", async (dialect) => {
  const simulator = await Simulator.create();
  simulator.lifetimes.snapshot = -1000;
  await simulator.publish();
  const steps = new Steps(simulator, dialect).before(snapshot);
  steps.refuses((set) => set.updateSnapshot(steps.newest(snapshot)), "metadata.expired");
});

inBothDialects("a snapshot that goes back below a stored one is refused", async (dialect) => {
  const simulator = await Simulator.create();
  await simulator.publish();
  const stored = new Steps(simulator, dialect).newest(snapshot);
  simulator.versions.snapshot = 1;
  await simulator.publish();
  const steps = new Steps(simulator, dialect).before(snapshot);
  assert.equal(steps.set.loadCachedSnapshot(stored), true);
  steps.refuses((set) => set.updateSnapshot(steps.newest(snapshot)), "metadata.rollback");
});

test("tuf1: a snapshot may neither drop a role nor list an older version of it", async () => {
  const simulator = await Simulator.create();
  await simulator.delegate("targets", "targets/releases");
  await simulator.publish("targets", "targets/releases");
  const stored = new Steps(simulator, "tuf1").newest(snapshot);
  simulator.unlisted.add(parseRoleName("targets/releases"));
  await simulator.publish();
  const dropping = new Steps(simulator, "tuf1").before(snapshot);
  dropping.set.loadCachedSnapshot(stored);
  dropping.refuses((set) => set.updateSnapshot(dropping.newest(snapshot)), "metadata.rollback");
  simulator.unlisted.clear();
  simulator.role("targets").version = 1;
  await simulator.publish("targets");
  const older = new Steps(simulator, "tuf1").before(snapshot);
  older.set.loadCachedSnapshot(stored);
  older.refuses((set) => set.updateSnapshot(older.newest(snapshot)), "metadata.rollback");
});

test("notary1: a snapshot made for another root than the trusted one is refused (mix and match)", async () => {
  const simulator = await Simulator.create();
  await simulator.publishRoot();
  const steps = new Steps(simulator, "notary1").before(snapshot);
  steps.refuses((set) => set.updateSnapshot(steps.newest(snapshot)), "metadata.root_mismatch");
});

inBothDialects("an older targets document is refused, though snapshot and timestamp are new", async (dialect) => {
  const simulator = await Simulator.create();
  await simulator.publish("targets");
  const stored = new Steps(simulator, dialect).newest(targets);
  simulator.role("targets").version = 1;
  await simulator.publish("targets");
  const steps = new Steps(simulator, dialect).before(targets);
  steps.set.loadCachedTargets(targets, stored);
  steps.refuses((set) => set.updateTargets(targets, steps.newest(targets), root), "metadata.rollback");
});

inBothDialects("a stored targets document of a key that was taken out of use binds nobody", async (dialect) => {
  const simulator = await Simulator.create();
  simulator.role("targets").version = 1000;
  await simulator.publish("targets");
  const stored = new Steps(simulator, dialect).newest(targets);
  simulator.keys.targets = [await simulator.newSigner()];
  await simulator.publishRoot();
  simulator.role("targets").version = 3;
  await simulator.publish("targets");
  const steps = new Steps(simulator, dialect).before(targets);
  steps.set.loadCachedTargets(targets, stored);
  assert.equal(steps.set.updateTargets(targets, steps.newest(targets), root).signed.version, 3);
});

inBothDialects("targets: expired, by a wrong key, unlisted or swapped is refused", async (dialect) => {
  const simulator = await Simulator.create();
  const old = new Steps(simulator, dialect).newest(targets);
  simulator.role("targets").lifetime = -1000;
  await simulator.publish("targets");
  const expired = new Steps(simulator, dialect).before(targets);
  expired.refuses((set) => set.updateTargets(targets, expired.newest(targets), root), "metadata.expired");
  expired.refuses((set) => set.updateTargets(targets, old, root), "metadata.hash_mismatch", "metadata.length_mismatch");
  simulator.signers.set(targets, [await simulator.newSigner()]);
  await simulator.publish("targets");
  const forged = new Steps(simulator, dialect).before(targets);
  forged.refuses((set) => set.updateTargets(targets, forged.newest(targets), root), "threshold.unmet");
});

inBothDialects(
  "a delegated role is held against its delegator's keys, and must be in the snapshot",
  async (dialect) => {
    const simulator = await Simulator.create();
    const role = parseRoleName("targets/releases");
    await simulator.delegate("targets", role);
    await simulator.publish("targets");
    const unlisted = new Steps(simulator, dialect).all();
    unlisted.refuses((set) => set.updateTargets(role, new Uint8Array(), targets), "metadata.unlisted");
    simulator.signers.set(role, simulator.keys.targets); // the owner of `targets` is not one of the role's keys
    await simulator.publish(role);
    const forged = new Steps(simulator, dialect).all();
    forged.refuses((set) => set.updateTargets(role, forged.newest(role), targets), "threshold.unmet");
    simulator.signers.clear();
    await simulator.publish(role);
    const honest = new Steps(simulator, dialect).all();
    honest.set.updateTargets(role, honest.newest(role), targets);
    assert.equal(honest.set.trustedTargets(role, targets)?.role, role);
  },
);

test("tuf1: a role trusted through one delegator is checked again for another, who lists other keys", async () => {
  const simulator = await Simulator.create();
  const shared = parseRoleName("targets/shared");
  await simulator.delegate("targets", "targets/a");
  await simulator.delegate("targets", "targets/b");
  const byA = await simulator.delegate("targets/a", shared);
  const byB = await simulator.delegate("targets/b", shared); // a key of its own, which did not sign
  simulator.role(shared).targets.set("x", sampleTarget("x"));
  simulator.signers.set(shared, byA.signers);
  await simulator.publish("targets", "targets/a", "targets/b", shared);
  const steps = new Steps(simulator, "tuf1").all();
  const [a, b] = [parseRoleName("targets/a"), parseRoleName("targets/b")];
  for (const role of [a, b]) steps.set.updateTargets(role, steps.newest(role), targets);
  steps.set.updateTargets(shared, steps.newest(shared), a);
  steps.refuses((set) => set.trustedTargets(shared, b), "threshold.unmet");
  steps.refuses((set) => set.updateTargets(shared, steps.newest(shared), b), "threshold.unmet");
  assert.notDeepEqual(byA.signers, byB.signers);
});

inBothDialects("documents given out of order, or one for another, are refused", async (dialect) => {
  const simulator = await Simulator.create();
  const steps = new Steps(simulator, dialect);
  steps.refuses((set) => set.updateSnapshot(steps.newest(snapshot)), "bug.unexpected");
  steps.refuses((set) => set.updateTargets(targets, steps.newest(targets), root), "bug.unexpected");
  steps.refuses((set) => set.updateTimestamp(steps.newest(snapshot)), "metadata.wrong_type");
  steps.refuses((set) => set.updateTimestamp(steps.newest(targets)), "metadata.wrong_type");
});

inBothDialects("target names that JavaScript could trip over are just names", async (dialect) => {
  const simulator = await Simulator.create();
  const names = ["__proto__", "constructor", "..", "toString", "x".repeat(10_000)];
  for (const name of names) simulator.role("targets").targets.set(name, sampleTarget(name));
  await simulator.publish("targets");
  const { set } = new Steps(simulator, dialect).all();
  const content = set.targets.get(targets)?.signed.targets;
  for (const name of names) assert.equal(content?.get(name)?.length, name.length, name.slice(0, 20));
  assert.equal(content?.get("valueOf"), undefined);
  assert.equal(content?.get("hasOwnProperty"), undefined);
});

inBothDialects("a threshold of zero or a fraction is refused with the document that states it", async (dialect) => {
  for (const threshold of [0, -1, 1.5, "1", null]) {
    const simulator = await Simulator.create();
    simulator.mangle.set(root, (signed) => {
      const roles = signed.roles as { targets: MutableJson };
      if (threshold === 1.5)
        return new TextEncoder().encode(JSON.stringify(signed).replace('"threshold":1', '"threshold":1.5'));
      roles.targets.threshold = threshold;
      return undefined;
    });
    await simulator.publishRoot();
    const steps = { dialect: dialectNamed(dialect), gun: simulator.gun, now: simulator.clock() };
    const bytes = simulator.source(dialect).stored.roots.get(2) ?? new Uint8Array();
    assert.throws(
      () => TrustedSet.fromRoot(bytes, steps),
      (error) => isCountersignError(error, "threshold.invalid", "json.not_integer", "json.invalid"),
    );
  }
});

test("tuf1: when a role is replaced by another document of its version, those below are checked again", async () => {
  const simulator = await Simulator.create();
  simulator.listHashes = false;
  const [a, b] = [parseRoleName("targets/a"), parseRoleName("targets/b")];
  await simulator.delegate("targets", a);
  const below = await simulator.delegate(a, b);
  await simulator.publish("targets", a, b);
  const steps = new Steps(simulator, "tuf1").all();
  steps.set.updateTargets(a, steps.newest(a), targets);
  steps.set.updateTargets(b, steps.newest(b), a);
  below.signers = [await simulator.newSigner()];
  simulator.role(a).version = 1;
  await simulator.publishTargets(a);
  steps.set.updateTargets(a, steps.newest(a), targets);
  steps.refuses((set) => set.trustedTargets(b, a), "threshold.unmet");
});

test("tuf1: a timestamp of the stored version that lists an older snapshot changes nothing and stops nothing", async () => {
  const simulator = await Simulator.create();
  await simulator.publish();
  const steps = new Steps(simulator, "tuf1").before(snapshot);
  steps.stored.snapshots.pop();
  simulator.versions.timestamp = 2;
  await simulator.publishTimestamp();
  assert.equal(steps.set.updateTimestamp(steps.newest(timestamp)).signed.snapshot.version, 2);
});

inBothDialects("a snapshot that the timestamp names but no snapshot key signed is refused", async (dialect) => {
  const simulator = await Simulator.create();
  simulator.signers.set(snapshot, simulator.keys.timestamp); // a thief of the timestamp key alone
  await simulator.publish();
  const steps = new Steps(simulator, dialect).before(snapshot);
  steps.refuses((set) => set.updateSnapshot(steps.newest(snapshot)), "threshold.unmet");
});

test("tuf1: without hashes, a targets document of another version than the snapshot lists is refused (mix and match)", async () => {
  const simulator = await Simulator.create();
  simulator.listHashes = false;
  await simulator.publish();
  const steps = new Steps(simulator, "tuf1").before(targets);
  await simulator.publishTargets("targets"); // newer than the snapshot: signed, but not released
  steps.refuses((set) => set.updateTargets(targets, steps.newest(targets), root), "metadata.version_mismatch");
});
