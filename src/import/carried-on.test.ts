// The chain goes on at our server: what readers with old caches, fresh readers and the next publisher see.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { CountersignError, parseRoleName, parseTargetName } from "../bytes/index.ts";
import { publishChanges } from "../flows/index.ts";
import { openHome } from "../home/index.ts";
import { keyRingOf } from "../publish/index.ts";
import { day, InMemoryStore, MemoryCache, sampleTarget } from "../testing/index.ts";
import { openCollection } from "../updater/index.ts";
import { openImportWorld, pinsOf } from "./import-world.test.ts";

test("a reader with an old cache follows to the new server, and versions it remembers never go down", async () => {
  await using world = await openImportWorld();
  const { old } = world;
  const [first] = old.keys.root;
  assert.ok(first);
  const cache = new MemoryCache();
  const memory = new InMemoryStore();
  const read = (source: Parameters<typeof openCollection>[0]["source"]) =>
    openCollection({
      gun: old.gun,
      dialect: "notary1",
      source,
      cache,
      memory,
      pins: pinsOf([first]),
      now: world.clock.now(),
    });
  await read(old.source("notary1"));
  // Behind that reader's back: other root keys, and many timestamps.
  old.keys.root = [await old.newSigner()];
  await old.publishRoot([first]);
  for (let version = 0; version < 5; version++) await old.publish("targets");

  const outcome = await world.run({ pins: pinsOf([first]) });
  assert.equal(outcome.kind, "carriedOn", String(outcome.error?.message));
  assert.deepEqual([outcome.evidence?.firstRoot, outcome.evidence?.lastRoot], [1, 2]);
  const collection = await read(world.server().notary1Source());
  const versions = [collection.root, collection.timestamp, collection.snapshot, collection.targets].map(
    ({ version }) => version,
  );
  assert.deepEqual(versions, [3, 7, 7, 7]);
  assert.deepEqual(
    (await collection.listTargets()).map(({ name }) => name),
    ["1.0"],
  );
});

test("both dialects verify from the new server, and its owner publishes on", async () => {
  await using world = await openImportWorld();
  const { old } = world;
  assert.equal((await world.run()).kind, "carriedOn");
  const status = await world.server().status();
  assert.deepEqual([...(status?.dialects.keys() ?? [])].sort(), ["notary1", "tuf1"]);
  assert.deepEqual(status?.behind, []);
  const reader = openHome({ COUNTERSIGN_HOME: join(world.path, "reader") });
  const { length, hashes } = sampleTarget("two");
  await publishChanges(world.ports(), {
    gun: old.gun,
    pins: pinsOf(old.keys.root),
    changes: () => [{ kind: "add", name: parseTargetName("2.0"), length, hashes }],
    blobs: new Map(),
    publisher: undefined,
    ring: keyRingOf([...old.keys.root, ...old.keys.targets]),
  });
  for (const dialect of ["notary1", "tuf1"] as const) {
    const server = world.server();
    const source = dialect === "tuf1" ? server.tuf1Source() : server.notary1Source();
    const cache = reader.cache(old.gun, dialect);
    const options = { gun: old.gun, dialect, source, cache, pins: pinsOf(old.keys.root), now: world.clock.now() };
    const collection = await openCollection(options);
    assert.deepEqual((await collection.listTargets()).map(({ name }) => name).sort(), ["1.0", "2.0"]);
  }
});

test("delegations keep their bytes, also those that readers pass over", async () => {
  await using world = await openImportWorld();
  const { old } = world;
  await old.delegate("targets", "targets/releases");
  await old.delegate("targets", "targets/late");
  old.role("targets/releases").targets.set("2.0", sampleTarget("two"));
  old.role("targets/late").lifetime = -day;
  await old.publish("targets", "targets/releases", "targets/late");
  const outcome = await world.run();
  assert.equal(outcome.kind, "carriedOn", String(outcome.error?.message));
  assert.match(outcome.warnings.join("\n"), /readers pass over targets\/late, which has expired/);
  const stored = await world.storage.collection(old.gun);
  const before = old.source("notary1").stored.targets;
  for (const role of ["targets/releases", "targets/late"]) {
    const here = stored?.current.find((each) => each.role === role && each.dialect === "notary1");
    assert.deepEqual(
      Buffer.from(here?.bytes ?? []),
      Buffer.from(before.find((each) => each.role === role)?.bytes ?? []),
    );
  }
});

test("14-N: a delegation that has lost its last key does not keep a collection from coming home", async () => {
  await using world = await openImportWorld();
  const { old } = world;
  const releases = await old.delegate("targets", "targets/releases");
  await old.publish("targets", "targets/releases");
  releases.signers.length = 0;
  await old.publish("targets");
  const outcome = await world.run();
  assert.equal(outcome.kind, "carriedOn", String(outcome.error?.message));
  assert.match(outcome.warnings.join("\n"), /tuf1 is not started: .*targets\/releases/);
  const status = await world.server().status();
  assert.deepEqual([...(status?.dialects.keys() ?? [])], ["notary1"]);
  const now = world.clock.now();
  const options = { gun: old.gun, cache: new MemoryCache(), pins: pinsOf(old.keys.root), now };
  const read = await openCollection({ ...options, dialect: "notary1", source: world.server().notary1Source() });
  assert.deepEqual(
    (await read.listTargets()).map(({ name }) => name),
    ["1.0"],
  );
});

test("interrupted between history and commit, the collection stands as it was, and the next run completes it", async () => {
  await using world = await openImportWorld();
  const { old, storage } = world;
  const commit = storage.commit.bind(storage);
  storage.commit = () => Promise.reject(new Error("killed here"));
  const outcome = await world.run();
  assert.equal(outcome.kind, "unreachable");
  const now = world.clock.now();
  const options = { gun: old.gun, cache: new MemoryCache(), pins: pinsOf(old.keys.root), now };
  const stood = await openCollection({ ...options, dialect: "notary1", source: world.server().notary1Source() });
  assert.equal(stood.root.version, 1);
  storage.commit = commit;
  assert.equal((await world.run()).kind, "carriedOn");
  assert.equal((await world.run()).kind, "already");
  assert.equal((await world.run({ again: true })).kind, "already");
});

test("an expired source is judged at the moment before, and its owner heals it by bringing it home", async () => {
  await using world = await openImportWorld();
  world.clock.advance(30 * day);
  const outcome = await world.run();
  assert.equal(outcome.kind, "carriedOn", String(outcome.error?.message));
  assert.equal(outcome.evidence?.isExpired, true);
  const { old } = world;
  const source = world.server().notary1Source();
  const options = { gun: old.gun, cache: new MemoryCache(), pins: pinsOf(old.keys.root), now: world.clock.now() };
  assert.equal((await openCollection({ ...options, dialect: "notary1", source })).root.version, 2);
});

test("without the root key nothing reaches the server, and the evidence is kept", async () => {
  await using world = await openImportWorld();
  const outcome = await world.run({ keys: world.old.keys.targets });
  assert.deepEqual([outcome.kind, outcome.error?.code], ["keysMissing", "key.missing"]);
  assert.equal(await world.server().status(), undefined);
  assert.equal((await world.archive.record(world.old.gun))?.tags, 1);
});

test("root keys whose passphrase is wrong are told as keys, not as a server that refuses", async () => {
  await using world = await openImportWorld();
  const closed = world.old.keys.root.map(({ publicKey }) => ({
    publicKey,
    sign: () => Promise.reject(new CountersignError("key.passphrase_wrong", "the passphrase does not open it")),
  }));
  const outcome = await world.run({ keys: [...closed, ...world.old.keys.targets] });
  assert.deepEqual([outcome.kind, outcome.error?.code], ["keysMissing", "key.passphrase_wrong"]);
});

test("a name that is somebody else's on our server is left alone", async () => {
  await using world = await openImportWorld();
  const { old } = world;
  assert.equal((await world.run({ keys: [], anew: true })).kind, "startedAnew");
  const before = await world.storage.collection(old.gun);
  const outcome = await world.run({ again: true });
  assert.deepEqual([outcome.kind, outcome.error?.code], ["failed", "collection.exists"]);
  assert.deepEqual(await world.storage.collection(old.gun), before);
  // A client that does not look first is refused by the server itself.
  const source = world.server().notary1Source();
  const blind = { notary1Source: () => ({ ...source, fetchRoot: async () => undefined }) };
  const pushed = await world.run({ again: true, server: blind });
  assert.deepEqual([pushed.kind, pushed.error?.code], ["failed", "collection.exists"]);
  assert.deepEqual(await world.storage.collection(old.gun), before);
});

test("the server takes no history that a reader could not have verified, and none with a hole", async () => {
  await using world = await openImportWorld();
  const { old } = world;
  old.keys.root = [...old.keys.root, await old.newSigner()];
  await old.publishRoot();
  await old.publish("targets");
  const publish = world.server().publish;
  const spoilt = async (spoil: (filename: string, bytes: Uint8Array, nth: number) => Uint8Array | undefined) => {
    let roots = 0;
    const outcome = await world.run({
      again: true,
      server: {
        publish: (parts, options) =>
          publish(
            parts.flatMap(({ filename, bytes }) => {
              if (filename === "history/root") roots += 1;
              const changed = spoil(filename, bytes, roots);
              return changed === undefined ? [] : [{ filename, bytes: changed }];
            }),
            options,
          ),
      },
    });
    assert.equal(await world.storage.collection(old.gun), undefined);
    return [outcome.kind, outcome.error?.code];
  };
  const without = (name: string) => spoilt((filename, bytes) => (filename === name ? undefined : bytes));
  assert.deepEqual(await without("history/timestamp"), ["failed", "metadata.missing"]);
  assert.deepEqual(await without("history/targets"), ["failed", "metadata.missing"]);
  assert.deepEqual(await without("notary1/root"), ["failed", "server.key_missing"]);
  const [gap, other] = [old.source("notary1").stored.roots.get(1), old.source("notary1").stored.timestamps[0]?.bytes];
  assert.ok(gap && other);
  const forkedRoot = await spoilt((filename, bytes, nth) => (filename === "history/root" && nth === 2 ? gap : bytes));
  assert.equal(forkedRoot[0], "failed");
  const oldTimestamp = await spoilt((filename, bytes) => (filename === "history/timestamp" ? other : bytes));
  assert.deepEqual(oldTimestamp, ["failed", "metadata.hash_mismatch"]);
  assert.equal((await world.run({ again: true })).kind, "carriedOn");
  const version = (await world.storage.collection(old.gun))?.current.find(
    ({ role }) => role === parseRoleName("timestamp"),
  );
  assert.equal(version?.version, 3);
});
