// A state is never built upon from memory when storage has moved on, and what is kept equals what storage would have said.
import assert from "node:assert/strict";
import { createSecretKey, randomBytes } from "node:crypto";
import { test } from "node:test";
import { encodeHex, parseGun, parseRoleName, sha256 } from "../bytes/index.ts";
import { type CollectionState, type Commit, openSqliteStorage, type Storage } from "../storage/index.ts";
import { fakeClock, temporaryDirectory } from "../testing/index.ts";
import type { DialectName } from "../tuf/index.ts";
import { createApp } from "./app.ts";
import { KnownStates } from "./known-states.ts";
import { localRoleSigner } from "./local-role-signer.ts";
import { sendTo, TestPublisher } from "./test-publisher.ts";

const gun = parseGun("example.com/known");

function storedDocument(dialect: DialectName, role: string, version: number, at: number) {
  const bytes = Buffer.from(`${dialect} ${role} ${version}`);
  return { dialect, role: parseRoleName(role), version, bytes, sha256: encodeHex(sha256(bytes)), storedAt: at };
}

function byName(state: CollectionState | undefined) {
  const plain = state?.current.map((each) => ({ ...each, bytes: Buffer.from(each.bytes).toString() })) ?? [];
  const name = (each: { dialect: string; role: string }) => `${each.dialect} ${each.role}`;
  return state && { ...state, current: plain.sort((a, b) => (name(a) < name(b) ? -1 : 1)) };
}

/** Counts how often whole collections are read. */
function counting(storage: Storage): { readonly storage: Storage; readonly count: { reads: number } } {
  const count = { reads: 0 };
  const collection = (name: typeof gun) => {
    count.reads++;
    return storage.collection(name);
  };
  const generation = (name: typeof gun) => storage.generation(name);
  const counted: Storage = Object.create(storage, {
    collection: { value: collection },
    generation: { value: generation },
  });
  return { storage: counted, count };
}

test("what is kept after a commit is what storage has, roles that were retired left out", async () => {
  await using directory = await temporaryDirectory();
  await using real = openSqliteStorage(directory.path);
  const { storage, count } = counting(real);
  const states = new KnownStates(storage);
  const roles = ["root", "targets", "targets/a", "snapshot", "timestamp"];
  for (const version of [1, 2, 3]) {
    const before = await states.current(gun);
    const documents = (["notary1", "tuf1"] as const).flatMap((dialect) =>
      roles
        .filter((role) => version === 1 || role !== "targets/a")
        .map((role) => storedDocument(dialect, role, version, version * 1_000)),
    );
    const commit: Commit = {
      gun,
      expectedGeneration: before.generation,
      documents,
      retired: version === 2 ? [{ dialect: "tuf1", role: parseRoleName("targets/a") }] : [],
      forgotten: [],
      blobs: [],
      behind: version === 3 ? ["tuf1"] : [],
      changes: [],
      usedKeys: [],
      renewAt: undefined,
      at: version * 1_000,
    };
    states.committed(before, commit, documents, await real.commit(commit));
  }
  const known = await states.current(gun);
  assert.equal(count.reads, 0, "a name never seen has nothing to read, and what was committed here is known");
  assert.deepEqual(byName(known.state), byName(await real.collection(gun)));
  assert.equal(known.floors.get("tuf1 snapshot"), 3);
  await real.deleteCollection(gun, 4_000);
  const gone = await states.current(gun);
  assert.deepEqual([gone.state, gone.generation, gone.floors.size], [undefined, 4, 0]);
});

test("a server does not build upon what it remembers when another one has published meanwhile", async () => {
  await using directory = await temporaryDirectory();
  await using storage = openSqliteStorage(directory.path);
  const clock = fakeClock();
  const master = createSecretKey(randomBytes(32));
  const server = () => createApp({ storage, signer: localRoleSigner(storage, master, clock.now), clock: clock.now });
  const [first, second] = [server(), server()];
  const here = await TestPublisher.create(gun, sendTo(first), clock.now);
  const there = new TestPublisher(gun, sendTo(second), clock.now, "http://server", here.rootSigner, here.targetsSigner);
  await here.init();
  for (const document of here.documents.values()) there.accepted([document]);
  for (const [index, publisher] of [here, there, here, there].entries()) {
    const documents = await publisher.nextTargets(`tag-${index}`, `tag-${index}`);
    const response = await publisher.publish(documents);
    assert.equal(response.status, 200, await response.text());
    for (const each of [here, there]) each.accepted(documents);
  }
  assert.equal((await storage.collection(gun))?.current.find(({ role }) => role === "timestamp")?.version, 5);
});

test("a server signs with the key that another one has made and a new root names", async () => {
  await using directory = await temporaryDirectory();
  await using storage = openSqliteStorage(directory.path);
  const clock = fakeClock();
  const master = createSecretKey(randomBytes(32));
  const server = () => createApp({ storage, signer: localRoleSigner(storage, master, clock.now), clock: clock.now });
  const [first, second] = [server(), server()];
  const here = await TestPublisher.create(gun, sendTo(first), clock.now);
  const there = new TestPublisher(gun, sendTo(second), clock.now, "http://server", here.rootSigner, here.targetsSigner);
  await here.init();
  await here.publish(await here.nextTargets("a", "a"));
  assert.equal((await storage.collection(gun))?.generation, 2);
  assert.equal((await there.send("DELETE", "tuf/")).status, 200);
  // The second server makes new keys for the name; the first one, which remembers the old ones, is asked to sign with them.
  for (const role of ["snapshot", "timestamp"] as const) await there.serverKey(role, "POST");
  const initial = await there.initial();
  const response = await here.publish(initial);
  assert.equal(response.status, 200, await response.text());
});
