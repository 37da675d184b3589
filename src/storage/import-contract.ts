// The other half of the contract of the storage port (storage-contract.ts): what is taken over from another server, and API tokens.
// The mistakes it stands for: an import that runs twice, is interrupted, meets a name in use, or brings back what was deleted.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isCountersignError, parseGun, parseRoleName, type RoleName } from "../bytes/index.ts";
import type { ApiToken, Change, Commit, ImportedCollection, ServerKey, Storage } from "./storage.ts";

const gun = parseGun("registry.example.com/team/app");
const gone = parseGun("registry.example.com/team/gone");
const [root, targets, timestamp] = ["root", "targets", "timestamp"].map(parseRoleName) as [
  RoleName,
  RoleName,
  RoleName,
];

function document(role: RoleName, version: number, text = "") {
  return {
    dialect: "notary1",
    role,
    version,
    bytes: Buffer.from(`${role} ${version} ${text}`),
    storedAt: 100 + version,
  } as const;
}

const key: ServerKey = {
  gun,
  role: "timestamp",
  keyId: "k1",
  sealed: Buffer.from([1, 0, 255]),
  createdAt: 7,
  usedAt: 9,
};

const imported: ImportedCollection = {
  gun,
  documents: [document(root, 1), document(root, 2), document(targets, 4), document(timestamp, 8)],
  current: [document(root, 2), document(timestamp, 8)],
  floors: [{ dialect: "notary1", role: targets, version: 6 }],
  blobs: [Buffer.from("hello\n")],
  behind: ["tuf1"],
  serverKeys: [key],
  renewAt: 500,
};

function commit(expectedGeneration: number, more: Partial<Commit>): Commit {
  const nothing = { retired: [], forgotten: [], blobs: [], behind: [], changes: [], usedKeys: [] };
  return { gun, expectedGeneration, documents: [], ...nothing, renewAt: undefined, at: 1_000, ...more };
}

async function conflicts(promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error) => isCountersignError(error, "storage.conflict"));
}

/** `open` gives an empty storage; each test disposes of its own. */
export function importContract(adapter: string, open: () => Promise<Storage>): void {
  const contract = (title: string, body: (storage: Storage) => Promise<void>) => {
    test(`${adapter}: ${title}`, async () => {
      await using storage = await open();
      await body(storage);
    });
  };

  contract("an imported collection is there with every version, its times, floors, blobs and keys", async (storage) => {
    await storage.importCollection(imported);
    const state = await storage.collection(gun);
    assert.deepEqual(state?.behind, ["tuf1"]);
    assert.deepEqual(state?.current.map(({ role, version }) => `${role} ${version}`).sort(), ["root 2", "timestamp 8"]);
    const first = await storage.byVersion(gun, document(root, 1), 1);
    assert.equal(Buffer.from(first?.bytes ?? []).toString(), "root 1 ");
    assert.equal(first?.storedAt, 101);
    assert.equal((await storage.byHash(gun, document(root, 1), first?.sha256 ?? ""))?.version, 1);
    assert.equal(await storage.current(gun, document(targets, 4)), undefined);
    assert.equal(await storage.highestVersion(gun, document(targets, 4)), 6);
    assert.ok(await storage.blob(gun, "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"));
    assert.deepEqual(
      (await storage.serverKeys(gun, "timestamp")).map((each) => ({ ...each, sealed: Buffer.from(each.sealed) })),
      [key],
    );
    assert.deepEqual(await storage.dueForRenewal(500, 10), [gun]);
    assert.deepEqual(await storage.changes({ limit: 10, newestFirst: false }), []);
  });

  contract("an import that runs again changes nothing, and a publish goes on from it", async (storage) => {
    await storage.importCollection(imported);
    const generation = await storage.generation(gun);
    await storage.importCollection(imported);
    assert.equal(await storage.generation(gun), generation);
    assert.equal((await storage.serverKeys(gun, "timestamp")).length, 1);
    await storage.commit(commit(generation, { documents: [document(root, 3)] }));
    await storage.importCollection(imported);
    assert.equal((await storage.current(gun, document(root, 3)))?.version, 3);
  });

  contract("a second import brings what was published at the old server meanwhile", async (storage) => {
    await storage.importCollection(imported);
    const later = [...imported.documents, document(timestamp, 9)];
    const again = { ...imported, documents: later, current: [document(root, 2), document(timestamp, 9)] };
    assert.deepEqual(await storage.importCollection(again), {
      documents: 1,
      bytes: document(timestamp, 9).bytes.length,
    });
    assert.deepEqual(await storage.importCollection(again), { documents: 0, bytes: 0 });
    assert.equal((await storage.current(gun, document(timestamp, 9)))?.version, 9);
    assert.equal((await storage.byVersion(gun, document(timestamp, 8), 8))?.version, 8);
  });

  contract(
    "a key that has signed at the old server since the first import is no longer one to give out",
    async (storage) => {
      await storage.importCollection({ ...imported, serverKeys: [{ ...key, usedAt: undefined }] });
      assert.deepEqual(
        (await storage.serverKeys(gun, "timestamp")).map(({ usedAt }) => usedAt),
        [undefined],
      );
      for (const usedAt of [12, 15, undefined])
        await storage.importCollection({ ...imported, serverKeys: [{ ...key, usedAt }] });
      assert.deepEqual(
        (await storage.serverKeys(gun, "timestamp")).map(({ usedAt }) => usedAt),
        [12],
      );
    },
  );

  contract("an import never replaces what was published here, and leaves no trace when it fails", async (storage) => {
    await storage.commit(commit(0, { documents: [document(root, 1), document(targets, 1, "ours")] }));
    await conflicts(storage.importCollection(imported));
    await conflicts(
      storage.importCollection({ ...imported, documents: [document(targets, 1, "theirs")], current: [] }),
    );
    assert.equal(await storage.generation(gun), 1);
    assert.deepEqual(await storage.serverKeys(gun, "timestamp"), []);
    assert.equal(await storage.byVersion(gun, document(root, 2), 2), undefined);
  });

  contract("an import does not bring back a collection that was deleted here", async (storage) => {
    await storage.importCollection(imported);
    await storage.deleteCollection(gun, 2_000);
    await conflicts(storage.importCollection(imported));
    assert.equal(await storage.collection(gun), undefined);
  });

  contract("an import that contradicts itself is refused", async (storage) => {
    const twice = [...imported.documents, document(root, 1, "another")];
    await conflicts(storage.importCollection({ ...imported, documents: twice }));
    await conflicts(storage.importCollection({ ...imported, current: [document(root, 7)] }));
    const hollow = { ...document(targets, 5), bytes: new Uint8Array(), sha256: "ab".repeat(32) };
    await conflicts(storage.importCollection({ ...imported, documents: [...imported.documents, hollow] }));
    assert.equal(await storage.collection(gun), undefined);
  });

  contract("imported changes keep ids and times, and later ones come after them", async (storage) => {
    const sha256 = "ab".repeat(32);
    const changes: readonly Change[] = [
      { id: 5, gun, version: 1, sha256, category: "update", createdAt: 11 },
      { id: 70, gun: gone, version: 0, sha256: "", category: "deletion", createdAt: 12 },
    ];
    await storage.importChanges(changes.slice(0, 1));
    await storage.importChanges(changes);
    await storage.importChanges(changes);
    assert.deepEqual(await storage.changes({ limit: 10, newestFirst: false }), changes);
    assert.deepEqual(await storage.listCollections({ limit: 10 }), []);
    assert.equal(await storage.generation(gone), 0);
    await storage.commit(commit(0, { changes: [{ version: 2, sha256, category: "update" }] }));
    const [newest] = await storage.changes({ limit: 1, newestFirst: true });
    assert.ok(newest !== undefined && newest.id > 70, `id ${newest?.id}`);
    await conflicts(storage.importChanges([{ id: 5, gun, version: 3, sha256, category: "update", createdAt: 11 }]));
  });

  contract("API tokens are kept by their hash, listed in order and removed once", async (storage) => {
    const token = (id: string, createdAt: number, expiresAt: number | undefined): ApiToken => {
      return { id, hash: Buffer.alloc(32, id), name: `name of ${id}`, grants: '["x"]', createdAt, expiresAt };
    };
    const [first, second] = [token("first", 1, undefined), token("__proto__", 2, 99)];
    await storage.addApiToken(second);
    await storage.addApiToken(first);
    await conflicts(storage.addApiToken({ ...token("first", 3, 4), hash: Buffer.alloc(32) }));
    const listed = async () => (await storage.apiTokens()).map((each) => ({ ...each, hash: Buffer.from(each.hash) }));
    assert.deepEqual(await listed(), [first, second]);
    assert.equal(await storage.removeApiToken("first"), true);
    assert.equal(await storage.removeApiToken("first"), false);
    assert.deepEqual(await listed(), [second]);
  });
}
