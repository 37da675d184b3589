// The whole migration over collections that the real Notary wrote, into our own SQLite: every byte arrives, an interrupted run goes on,
// and what somebody did on the new server meanwhile is never overwritten. Keys: server-keys.test.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CountersignError, encodeHex, parseGun, parseRoleName, sha256 } from "../bytes/index.ts";
import type { Storage } from "../storage/index.ts";
import { outcomeOf } from "./report.ts";
import { SampleDeployment, sampleGuns, sampleNow } from "./sample-deployment.ts";
import { codes, finding, run, withStorage } from "./sample-migration.ts";
import { heldBytes } from "./stored-documents.ts";

const history = "docker.example.com/team/app";
const names = Object.keys(sampleGuns) as (keyof typeof sampleGuns)[];
const timestamp = { dialect: "notary1", role: parseRoleName("timestamp") } as const;

test("every version of every collection arrives byte for byte, and is current as Notary served it", () =>
  withStorage(async (storage) => {
    const source = new SampleDeployment(...names);
    const report = await run(source, storage);
    for (const { gun, role, version, data } of source.tufRows) {
      const name = { dialect: "notary1", role: parseRoleName(role) } as const;
      const stored = await storage.byVersion(parseGun(gun), name, version);
      assert.ok(stored !== undefined, `${gun} ${role} ${version}`);
      assert.equal(stored.sha256, encodeHex(sha256(data)));
      assert.deepEqual(Buffer.from(stored.bytes), Buffer.from(data));
      assert.equal(stored.storedAt, sampleNow - 3_600_000);
    }
    const state = await storage.collection(parseGun(history));
    const versions = Object.fromEntries((state?.current ?? []).map(({ role, version }) => [role, version]));
    assert.deepEqual(versions, {
      root: 5,
      targets: 5,
      snapshot: 12,
      timestamp: 11,
      "targets/releases": 1,
      "targets/rsa": 3,
    });
    assert.deepEqual(state?.behind, []);
    assert.equal(report.documents.copied, source.tufRows.length);
    assert.equal(report.collections.verified, 5);
    assert.equal(report.collections.broken, 1);
    assert.ok(report.targets > 8, String(report.targets));
    assert.equal(outcomeOf(report), "incomplete");
    assert.deepEqual(codes(report, history), ["warning key.missing"]);
  }));

test("without the signer's database nothing is complete: a server without keys renews nothing", async () => {
  const source = new SampleDeployment("docker-push-then-signer");
  const report = await run(source, undefined, { signer: undefined });
  assert.equal(finding(report, "signer.absent").severity, "left_out");
  assert.equal(outcomeOf(report), "incomplete");
});

test("a dry run finds the same, opens the keys, and calls neither storage nor the keys' destination", async () => {
  const source = new SampleDeployment(...names);
  await source.addKey(history, "timestamp");
  source.addChange(history, 1);
  const dry = await run(source, undefined, {
    keys: {
      needsSecret: true,
      holds: () => assert.fail("a dry run knows no key"),
      seal: () => assert.fail("sealed in a dry run"),
    },
  });
  await withStorage(async (storage) => {
    const wet = await run(source, storage);
    assert.deepEqual({ ...dry, dryRun: false }, wet);
  });
});

test("names that the server refuses are left out with their documents and keys, one by one", () =>
  withStorage(async (storage) => {
    const source = new SampleDeployment("docker-push-then-signer");
    const bad = ["../../etc/passwd", "a/_trust/b", "a%2fb", "a b", "", "x".repeat(300)];
    for (const gun of bad) {
      source.addRow(gun, "root", 1, Buffer.from("{}"));
      source.addChange(gun, 1);
    }
    await source.addKey("../keyonly", "timestamp");
    const report = await run(source, storage);
    const left = report.findings.filter(({ code }) => code === "name.refused").map(({ gun }) => gun);
    assert.deepEqual(left.toSorted(), [...bad, "../keyonly"].toSorted());
    assert.equal(report.findings.filter(({ code }) => code === "changes.name_refused").length, bad.length);
    assert.deepEqual(
      [report.collections.leftOut, report.changes.leftOut, report.keys.leftOut],
      [bad.length, bad.length, 1],
    );
    assert.equal(report.collections.verified, 1);
  }));

test("the change feed keeps ids, times and deletions; a second run adds nothing", () =>
  withStorage(async (storage) => {
    const source = new SampleDeployment("docker-push-then-signer");
    source.addChange("ex/gone", 1);
    source.addChange("ex/gone", 0, "deletion");
    source.addChange("127.0.0.1:14440/team/three", 1);
    for (const copied of [3, 0]) assert.equal((await run(source, storage)).changes.copied, copied);
    const rows = await storage.changes({ limit: 10, newestFirst: false });
    assert.deepEqual(
      rows.map(({ id, gun, version, category, createdAt }) => [id, gun, version, category, createdAt]),
      source.feed.map(({ id, gun, version, category, createdAt }) => [id, gun, version, category, createdAt]),
    );
  }));

test("a run that dies in the middle leaves collections whole or absent, and the next one goes on", () =>
  withStorage(async (storage) => {
    const source = new SampleDeployment(...names);
    let left = 3;
    const dying: Storage = Object.create(storage, {
      importCollection: {
        value: async (imported: Parameters<Storage["importCollection"]>[0]) => {
          if (left-- <= 0) throw new CountersignError("disk.full", "no space left");
          return storage.importCollection(imported);
        },
      },
    });
    await assert.rejects(
      run(source, bound(dying, storage)),
      (error) => error instanceof CountersignError && error.code === "disk.full",
    );
    const before = await storage.listCollections({ limit: 100 });
    assert.equal(before.length, 3);
    const report = await run(source, storage);
    assert.deepEqual([report.collections.already, report.collections.copied], [3, 3]);
    const again = await run(source, storage, { readsAgain: true });
    assert.deepEqual([again.collections.already, again.collections.verified, again.collections.broken], [6, 5, 1]);
  }));

test("a second run brings only what the old server got meanwhile", () =>
  withStorage(async (storage) => {
    const source = new SampleDeployment("docker-trust-signers", "docker-push-then-signer");
    const gun = sampleGuns["docker-trust-signers"];
    const late = [source.remove(gun, "timestamp", 6), source.remove(gun, "snapshot", 6)] as const;
    const key = await source.addKey(gun, "timestamp");
    await run(source, storage);
    assert.equal((await storage.current(parseGun(gun), timestamp))?.version, 5);
    assert.equal((await storage.serverKeys(parseGun(gun), "timestamp"))[0]?.usedAt, undefined);
    source.tufRows.push(...late);
    key.lastUsed = sampleNow;
    const report = await run(source, storage);
    assert.deepEqual([report.collections.copied, report.collections.already], [1, 1]);
    assert.deepEqual([report.documents.copied, report.documents.bytes], [2, late[0].bytes + late[1].bytes]);
    assert.equal((await storage.current(parseGun(gun), timestamp))?.version, 6);
    const keys = await storage.serverKeys(parseGun(gun), "timestamp");
    assert.deepEqual(
      [keys.length, keys[0]?.usedAt],
      [1, sampleNow],
      "a key used meanwhile must not be given out as new",
    );
  }));

test("a collection that the old server deleted between two runs is told: it must not come back to life here unseen", () =>
  withStorage(async (storage) => {
    const source = new SampleDeployment("docker-push-then-signer");
    const gun = sampleGuns["docker-push-then-signer"];
    source.addChange(gun, 1);
    await run(source, storage);
    source.tufRows.length = 0;
    source.addChange(gun, 0, "deletion");
    const report = await run(source, storage);
    assert.equal(finding(report, "collection.deleted_since").gun, gun);
    assert.equal(outcomeOf(report), "conflict");
  }));

test("what was published on the new server is never overwritten: ahead is passed over, parted is a conflict", () =>
  withStorage(async (storage) => {
    const gun = sampleGuns["docker-trust-signers"];
    const source = new SampleDeployment("docker-trust-signers");
    const newest = [
      source.remove(gun, "timestamp", 6),
      source.remove(gun, "snapshot", 6),
      source.remove(gun, "targets", 3),
    ];
    const whole = new SampleDeployment("docker-trust-signers");
    await run(whole, storage);
    const ahead = await run(source, storage);
    assert.deepEqual([ahead.collections.already, ahead.collections.conflicts], [1, 0]);
    assert.equal(finding(ahead, "collection.moved_on").severity, "note");

    const other = source.addRow(gun, "targets", 3, Buffer.from(newest[2]?.data ?? []));
    other.sha256 = "ab".repeat(32);
    const parted = await run(source, storage);
    assert.deepEqual([parted.collections.already, parted.collections.conflicts], [0, 1]);
    assert.equal(outcomeOf(parted), "conflict");
    assert.equal((await storage.current(parseGun(gun), timestamp))?.version, 6);
  }));

test("a collection larger than memory should hold comes in parts, and is current only when it is whole", () =>
  withStorage(async (storage) => {
    const gun = sampleGuns["docker-push-then-signer"];
    const source = new SampleDeployment("docker-push-then-signer");
    const padding = "x".repeat(Math.ceil(heldBytes / 2));
    for (const version of [101, 102, 103]) {
      source.addRow(
        gun,
        "targets/alice",
        version,
        Buffer.from(`{"signed":{"_type":"Targets","version":${version},"x":"${padding}"},"signatures":[]}`),
      );
    }
    const seen: number[] = [];
    const watching = bound(
      Object.create(storage, {
        importCollection: {
          value: async (imported: Parameters<Storage["importCollection"]>[0]) => {
            const bytes = imported.documents.reduce((sum, document) => sum + document.bytes.length, 0);
            assert.ok(bytes <= heldBytes * 1.5, `${bytes} bytes at once`);
            seen.push(imported.current.length);
            return storage.importCollection(imported);
          },
        },
      }),
      storage,
    );
    const report = await run(source, watching);
    assert.ok(seen.length >= 2 && seen.slice(0, -1).every((count) => count === 0), seen.join());
    assert.equal(report.collections.verified, 1);
    const name = { dialect: "notary1", role: parseRoleName("targets/alice") } as const;
    assert.equal(
      (await storage.byVersion(parseGun(gun), name, 102))?.bytes.length,
      source.row(gun, "targets/alice", 102).bytes,
    );
    assert.equal((await run(source, storage)).collections.already, 1);
  }));

/** Private members want the real storage as `this`. */
function bound(changed: Storage, storage: Storage): Storage {
  return new Proxy(storage, {
    get(target, name) {
      const own = Object.getOwnPropertyDescriptor(changed, name)?.value;
      const value: unknown = own ?? Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
