// What the server asks storage about its own keys: no more than once where the answer cannot have changed, and again where another
// server on the same database may have made a key.
import assert from "node:assert/strict";
import { createSecretKey, randomBytes } from "node:crypto";
import { test } from "node:test";
import { parseGun } from "../bytes/index.ts";
import { openSqliteStorage, type Storage } from "../storage/index.ts";
import { fakeClock, temporaryDirectory } from "../testing/index.ts";
import { createApp } from "./app.ts";
import { localRoleSigner } from "./local-role-signer.ts";
import { sendTo, TestPublisher } from "./test-publisher.ts";

const gun = parseGun("example.com/keys");
const master = createSecretKey(randomBytes(32));

/** Counts what is asked about keys and about documents. */
function counting(storage: Storage): {
  readonly storage: Storage;
  readonly count: { keys: number; documents: number };
} {
  const count = { keys: 0, documents: 0 };
  const counted: Storage = Object.create(storage, {
    generation: { value: (name: typeof gun) => storage.generation(name) },
    commit: { value: (commit: Parameters<Storage["commit"]>[0]) => storage.commit(commit) },
    addServerKey: { value: (key: Parameters<Storage["addServerKey"]>[0]) => storage.addServerKey(key) },
    serverKeys: {
      value: (...asked: Parameters<Storage["serverKeys"]>) => {
        count.keys++;
        return storage.serverKeys(...asked);
      },
    },
    collection: {
      value: (name: typeof gun) => {
        count.documents++;
        return storage.collection(name);
      },
    },
  });
  return { storage: counted, count };
}

test("a collection is born with one look at its keys for each that is asked for, and none at documents", async () => {
  await using directory = await temporaryDirectory();
  await using real = openSqliteStorage(directory.path);
  const { storage, count } = counting(real);
  const clock = fakeClock();
  const app = createApp({ storage, signer: localRoleSigner(storage, master, clock.now), clock: clock.now });
  const publisher = await TestPublisher.create(gun, sendTo(app), clock.now);
  await publisher.init();
  assert.deepEqual(count, { keys: 2, documents: 0 });
  assert.equal((await real.serverKeys(gun)).length, 2);
});

test("a key that another server has made is held by whoever asks afresh", async () => {
  await using directory = await temporaryDirectory();
  await using storage = openSqliteStorage(directory.path);
  const [here, there] = [1, 2].map(() => localRoleSigner(storage, master, fakeClock().now));
  const first = await here?.pending(gun, "timestamp");
  await storage.commit({
    ...{ gun, expectedGeneration: 0, documents: [], retired: [], forgotten: [], blobs: [], behind: [], changes: [] },
    ...{ usedKeys: [first?.id ?? ""], renewAt: undefined, at: 1 },
  });
  const second = await there?.pending(gun, "timestamp");
  assert.notEqual(second?.id, first?.id, "a key that has signed is not given out again");
  const ids = async (isFresh: boolean) =>
    (await here?.held(gun, "timestamp", { isFresh }))?.map(({ publicKey }) => publicKey.id);
  assert.deepEqual(await ids(false), [first?.id]);
  assert.deepEqual(await ids(true), [first?.id, second?.id]);
  assert.deepEqual(await ids(false), [first?.id, second?.id]);
});
