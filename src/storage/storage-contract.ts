// The contract of the storage port as one test body, run on every adapter by its own *.test.ts. What it holds: immutability,
// one winner of a race, all or nothing, versions that never restart, deletion, changefeed, keys, renewal order.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Gun,
  isCountersignError,
  parseGun,
  parseRoleName,
  parseTuf1RoleName,
  type RoleName,
} from "../bytes/index.ts";
import type { DialectName } from "../tuf/index.ts";
import { type Commit, manyDocuments, type NewDocument, type Storage } from "./storage.ts";

const gun = parseGun("registry.example.com/team/app");
const other = parseGun("registry.example.com/team/other");
const targets = parseRoleName("targets");
const releases = parseRoleName("targets/releases");
const timestamp = parseRoleName("timestamp");
const root = parseRoleName("root");

function document(dialect: DialectName, role: RoleName, version: number, text = ""): NewDocument {
  return { dialect, role, version, bytes: Buffer.from(`${dialect} ${role} ${version} ${text}`) };
}

function commit(expectedGeneration: number, documents: readonly NewDocument[], more: Partial<Commit> = {}): Commit {
  return {
    gun,
    expectedGeneration,
    documents,
    retired: [],
    forgotten: [],
    blobs: [],
    behind: [],
    changes: [],
    usedKeys: [],
    renewAt: undefined,
    at: 1_000,
    ...more,
  };
}

async function rejectsWith(code: string, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error) => isCountersignError(error) && error.code === code);
}

/** `open` gives an empty storage; each test disposes of its own. */
export function storageContract(adapter: string, open: () => Promise<Storage>): void {
  const contract = (title: string, body: (storage: Storage) => Promise<void>) => {
    test(`${adapter}: ${title}`, async () => {
      await using storage = await open();
      await body(storage);
    });
  };

  contract("delegations of a collection of many documents can be listed without their bytes", async (storage) => {
    const roles = (count: number) =>
      Array.from({ length: count }, (_, index) => document("tuf1", parseTuf1RoleName(`targets/bin-${index}`), 2));
    const top = [document("tuf1", root, 1), document("tuf1", targets, 3)];
    await storage.commit(commit(0, [...top, ...roles(manyDocuments - 2)]));
    const few = await storage.collection(gun, { sparesDelegations: true });
    assert.deepEqual([few?.current.length, few?.unread], [manyDocuments, []]);
    await storage.commit(commit(1, [document("tuf1", timestamp, 1)]));
    const many = await storage.collection(gun, { sparesDelegations: true });
    assert.deepEqual(many?.current.map(({ role }) => role).sort(), ["root", "targets", "timestamp"]);
    assert.equal(many?.generation, 2);
    const { bytes: _, ...listed } = (await storage.current(gun, roles(1)[0] ?? assert.fail())) ?? assert.fail();
    assert.deepEqual(
      many?.unread.find(({ role }) => role === listed.role),
      listed,
    );
    assert.equal(many?.unread.length, manyDocuments - 2);
    const whole = await storage.collection(gun);
    assert.deepEqual([whole?.current.length, whole?.unread], [manyDocuments + 1, []]);
  });

  contract("a commit is read back byte for byte, by role, version and hash", async (storage) => {
    const first = document("tuf1", targets, 1, "\u0000\n bytes");
    assert.equal(await storage.commit(commit(0, [first, document("notary1", targets, 1)])), 1);
    const read = await storage.current(gun, first);
    assert.ok(read);
    assert.deepEqual(Buffer.from(read.bytes), first.bytes);
    assert.equal(read.storedAt, 1_000);
    assert.deepEqual(await storage.byVersion(gun, first, 1), read);
    assert.deepEqual(await storage.byHash(gun, first, read.sha256), read);
    assert.equal(await storage.byHash(gun, { dialect: "notary1", role: targets }, read.sha256), undefined);
    assert.equal(await storage.byHash(other, first, read.sha256), undefined);
    assert.equal(await storage.byVersion(gun, first, 2), undefined);
    assert.equal((await storage.collection(gun))?.current.length, 2);
    assert.equal(await storage.collection(other), undefined);
  });

  contract("of two publishers who read the same state one wins and the other leaves no trace", async (storage) => {
    await storage.commit(commit(0, [document("tuf1", targets, 1)]));
    const winner = storage.commit(commit(1, [document("tuf1", targets, 2, "winner")]));
    const loser = storage.commit(
      commit(1, [document("tuf1", releases, 1, "loser"), document("tuf1", targets, 2, "loser")], {
        blobs: [Buffer.from("loser")],
      }),
    );
    assert.equal(await winner, 2);
    await rejectsWith("storage.conflict", loser);
    assert.equal(await storage.current(gun, { dialect: "tuf1", role: releases }), undefined);
    assert.match(
      Buffer.from((await storage.current(gun, { dialect: "tuf1", role: targets }))?.bytes ?? []).toString(),
      /winner/,
    );
  });

  contract("a stored version is never replaced and never goes down", async (storage) => {
    await storage.commit(commit(0, [document("tuf1", targets, 5)]));
    await rejectsWith("storage.conflict", storage.commit(commit(1, [document("tuf1", targets, 5, "again")])));
    await rejectsWith("storage.conflict", storage.commit(commit(1, [document("tuf1", targets, 4)])));
    assert.equal((await storage.collection(gun))?.generation, 1);
  });

  contract("a commit that fails in its last document takes back its first", async (storage) => {
    await storage.commit(commit(0, [document("notary1", targets, 3)]));
    const half = [document("tuf1", targets, 4), document("notary1", targets, 3, "stale")];
    await rejectsWith("storage.conflict", storage.commit(commit(1, half)));
    assert.equal(await storage.current(gun, { dialect: "tuf1", role: targets }), undefined);
  });

  contract("commits that share a transaction succeed and fail alone", async (storage) => {
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        storage.commit(
          commit(index % 2 === 0 ? 0 : 7, [document("tuf1", targets, 1)], { gun: parseGun(`example.com/c${index}`) }),
        ),
      ),
    );
    assert.equal(results.filter((result) => result.status === "fulfilled").length, 10);
    assert.equal((await storage.listCollections({ limit: 100 })).length, 10);
  });

  contract("several roots come in one commit and are walked in order", async (storage) => {
    await storage.commit(
      commit(
        0,
        [1, 2, 3].map((version) => document("tuf1", root, version)),
      ),
    );
    const walked = await storage.versionsAbove(gun, { dialect: "tuf1", role: root }, 1);
    assert.deepEqual(
      walked.map((each) => each.version),
      [2, 3],
    );
    assert.equal((await storage.current(gun, { dialect: "tuf1", role: root }))?.version, 3);
  });

  contract("a retired role is not current, and still there by version", async (storage) => {
    await storage.commit(commit(0, [document("tuf1", releases, 1)]));
    await storage.commit(commit(1, [], { retired: [{ dialect: "tuf1", role: releases }] }));
    assert.equal(await storage.current(gun, { dialect: "tuf1", role: releases }), undefined);
    assert.equal((await storage.byVersion(gun, { dialect: "tuf1", role: releases }, 1))?.version, 1);
  });

  contract("a renewal forgets the timestamp it replaces and nothing else", async (storage) => {
    const name = { dialect: "tuf1", role: timestamp } as const;
    await storage.commit(commit(0, [document("tuf1", timestamp, 1)]));
    await storage.commit(commit(1, [document("tuf1", timestamp, 2)], { forgotten: [{ ...name, version: 1 }] }));
    assert.equal(await storage.byVersion(gun, name, 1), undefined);
    assert.equal((await storage.current(gun, name))?.version, 2);
    assert.equal(await storage.highestVersion(gun, name), 2);
  });

  contract("blobs belong to their collection", async (storage) => {
    const sha = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"; // hello\n
    const blobs = [Buffer.from("hello\n"), Buffer.from("hello\n")];
    await storage.commit(commit(0, [], { blobs }));
    assert.deepEqual(Buffer.from((await storage.blob(gun, sha)) ?? []).toString(), "hello\n");
    assert.equal(await storage.blob(other, sha), undefined);
  });

  contract("a deleted collection is gone, and its name remembers how far its versions went", async (storage) => {
    await storage.commit(commit(0, [document("notary1", timestamp, 9)], { blobs: [Buffer.from("x")], renewAt: 5 }));
    assert.equal(await storage.deleteCollection(gun, 2_000), true);
    assert.equal(await storage.deleteCollection(gun, 2_001), false);
    assert.equal(await storage.collection(gun), undefined);
    assert.equal(await storage.byVersion(gun, { dialect: "notary1", role: timestamp }, 9), undefined);
    assert.deepEqual(await storage.listCollections({ limit: 10 }), []);
    assert.deepEqual(await storage.dueForRenewal(100, 10), []);
    assert.equal(await storage.highestVersion(gun, { dialect: "notary1", role: timestamp }), 9);
    assert.equal(await storage.generation(gun), 2);
    await rejectsWith("storage.conflict", storage.commit(commit(0, [document("notary1", timestamp, 10)])));
    // Its owner may start again with root 1; the roles that the server makes go on above what readers saw.
    assert.equal(await storage.commit(commit(2, [document("notary1", root, 1)])), 3);
    assert.equal(await storage.highestVersion(gun, { dialect: "notary1", role: timestamp }), 9);
  });

  contract("the changefeed keeps its order over deletions", async (storage) => {
    const sha256 = "ab".repeat(32);
    await storage.commit(commit(0, [], { changes: [{ version: 1, sha256, category: "update" }] }));
    await storage.commit(commit(0, [], { gun: other, changes: [{ version: 1, sha256, category: "update" }] }));
    await storage.deleteCollection(gun, 3_000);
    const all = await storage.changes({ limit: 10, newestFirst: false });
    assert.deepEqual(
      all.map((row) => [row.gun, row.version, row.sha256, row.category]),
      [
        [gun, 1, sha256, "update"],
        [other, 1, sha256, "update"],
        [gun, 0, "", "deletion"],
      ],
    );
    const [, , last] = all;
    assert.deepEqual(await storage.changes({ limit: 1, newestFirst: true }), [last]);
    const mine = await storage.changes({ gun, limit: 10, newestFirst: false, after: all[0]?.id ?? 0 });
    assert.deepEqual(mine, [last]);
    const below = await storage.changes({ limit: 10, newestFirst: true, after: last?.id ?? 0 });
    assert.deepEqual(below, [all[1], all[0]]);
  });

  contract(
    "server keys come before the collection, are found by role and remember their first use",
    async (storage) => {
      const key = {
        gun,
        role: "timestamp",
        keyId: "k1",
        sealed: Buffer.from("s"),
        createdAt: 1,
        usedAt: undefined,
      } as const;
      await storage.addServerKey(key);
      await storage.addServerKey({ ...key, keyId: "k2" });
      assert.equal(await storage.collection(gun), undefined);
      assert.deepEqual(await storage.serverKeys(gun, "snapshot"), []);
      await storage.addServerKey({ ...key, role: "snapshot", keyId: "k3" });
      assert.deepEqual(
        (await storage.serverKeys(gun)).map(({ keyId, role }) => [keyId, role]),
        [
          ["k1", "timestamp"],
          ["k2", "timestamp"],
          ["k3", "snapshot"],
        ],
      );
      await storage.commit(commit(0, [], { usedKeys: ["k2"] }));
      const used = (await storage.serverKeys(gun, "timestamp")).map((each) => [each.keyId, each.usedAt]);
      assert.deepEqual(used, [
        ["k1", undefined],
        ["k2", 1_000],
      ]);
    },
  );

  contract("a key sealed anew keeps its place and its past, and no other key is touched", async (storage) => {
    const key = { gun, role: "timestamp", keyId: "k1", sealed: Buffer.from("old"), createdAt: 1, usedAt: 2 } as const;
    const others = [
      { ...key, keyId: "k2" },
      { ...key, role: "snapshot" },
      { ...key, gun: other },
    ] as const;
    for (const each of [key, ...others]) await storage.addServerKey(each);
    assert.equal(await storage.resealServerKey({ ...key, sealed: Buffer.from("new") }), true);
    const stored = [
      await storage.serverKeys(gun, "timestamp"),
      await storage.serverKeys(gun, "snapshot"),
      await storage.serverKeys(other, "timestamp"),
    ].flat();
    assert.deepEqual(
      stored.map((each) => ({ ...each, sealed: Buffer.from(each.sealed) })),
      [{ ...key, sealed: Buffer.from("new") }, ...others],
    );
    assert.equal(await storage.resealServerKey({ ...key, keyId: "none" }), false);
  });

  contract("the sweep gets the most urgent collection first", async (storage) => {
    const due = (name: Gun, renewAt: number) => storage.commit(commit(0, [], { gun: name, renewAt }));
    await due(gun, 300);
    await due(other, 200);
    await due(parseGun("example.com/later"), 900);
    assert.deepEqual(await storage.dueForRenewal(300, 10), [other, gun]);
    assert.deepEqual(await storage.dueForRenewal(300, 1), [other]);
  });

  contract("which dialect is behind is kept with the commit", async (storage) => {
    await storage.commit(commit(0, [], { behind: ["tuf1"] }));
    assert.deepEqual((await storage.collection(gun))?.behind, ["tuf1"]);
    await storage.commit(commit(1, []));
    assert.deepEqual((await storage.collection(gun))?.behind, []);
  });

  contract("names from outside are only names", async (storage) => {
    const evil = parseTuf1RoleName("__proto__");
    assert.equal(await storage.highestVersion(gun, { dialect: "tuf1", role: evil }), 0);
    await storage.commit(commit(0, [document("tuf1", evil, 1)]));
    assert.equal((await storage.current(gun, { dialect: "tuf1", role: evil }))?.version, 1);
    assert.equal(await storage.highestVersion(gun, { dialect: "tuf1", role: evil }), 1);
  });
}
