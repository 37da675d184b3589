// Rotation, witness and staged changes against the real server as a function, with accidents on demand. Nothing may be lost, and the next
// run goes on: notary-v1, 14-X and its neighbours.
import assert from "node:assert/strict";
import { it } from "node:test";
import { CountersignError, parseRoleName } from "../bytes/index.ts";
import {
  collectionStatus,
  findKeys,
  openKeyRing,
  publishChanges,
  publishStaged,
  type RoleRotation,
  rotateKeys,
  stageChanges,
} from "../flows/index.ts";
import type { Change } from "../publish/index.ts";
import type { TrustServer } from "../remote/index.ts";
import {
  code,
  gun,
  type Machine,
  openWorld,
  passphrases,
  sign,
  start,
  verdictOf,
  type World,
} from "./publishing-world.ts";

const dayMs = 24 * 60 * 60 * 1000;
const targetsRole = parseRoleName("targets");

function rotate(machine: Machine, ...roles: RoleRotation[]) {
  return rotateKeys(machine.ports, { gun, pins: [], places: machine.places, passphrases, roles });
}

const newTargets: RoleRotation = { role: "targets", keys: [{ kind: "generate" }], removes: "others" };
const toServer = (role: "snapshot" | "timestamp"): RoleRotation => ({
  role,
  keys: [{ kind: "server" }],
  removes: "others",
});

async function change(machine: Machine, ...changes: readonly Change[]) {
  const ring = await openKeyRing(machine.places, passphrases);
  const how = { gun, pins: [], blobs: new Map(), publisher: undefined, ring };
  return publishChanges(machine.ports, { ...how, changes: () => changes });
}

async function statusOf(machine: Machine) {
  const request = { gun, dialect: "auto", pins: [], trustOnFirstUse: false, offline: "never" } as const;
  return collectionStatus(machine.ports, request, await findKeys(machine.places));
}

async function ids(machine: Machine): Promise<readonly string[]> {
  return (await machine.places.vault.list()).map(({ id }) => id);
}

async function opened(world: World): Promise<Machine> {
  const owner = world.machine("owner");
  await start(world, owner);
  await sign(owner, "1.0");
  return owner;
}

it("14-X: a rotation cut off anywhere loses no key, and the same command goes on with the keys it made", async () => {
  const broken = (): Promise<never> => Promise.reject(new CountersignError("download.unavailable", "it answered 500"));
  const accidents: readonly ((server: TrustServer) => Partial<TrustServer>)[] = [
    () => ({ rotateServerKey: broken }),
    () => ({ publish: broken }),
    // The server did it, the answer was lost.
    (server) => ({ publish: (...request) => server.publish(...request).then(broken) }),
  ];
  for (const accident of accidents) {
    await using world = await openWorld();
    const owner = await opened(world);
    const before = await ids(owner);
    const unlucky = world.machine("owner", accident(world.server));
    await assert.rejects(rotate(unlucky, newTargets, toServer("timestamp")), code("download.unavailable"));
    assert.ok((await verdictOf(owner, "1.0")).trusted);
    const made = (await ids(owner)).filter((id) => !before.includes(id));
    assert.equal(made.length, 1);
    const report = await rotate(owner, newTargets, toServer("timestamp"));
    assert.ok(report.resumed);
    assert.deepEqual(await ids(owner), [...before, ...made], "no key was lost, none made twice");
    const status = await statusOf(owner);
    const targets = status.roles.find(({ role }) => role === "targets");
    assert.deepEqual(
      targets?.keys.map(({ id }) => id),
      made,
    );
    await sign(owner, "1.1");
    for (const dialect of ["notary1", "tuf1"] as const)
      assert.ok((await verdictOf(owner, "1.1", "1.1", dialect)).trusted);
    assert.ok(!(await rotate(owner, newTargets)).resumed, "the note is gone");
  }
});

it("a rotation that the server took and whose answer was lost is not done twice", async () => {
  await using world = await openWorld();
  const owner = await opened(world);
  const lost = () => Promise.reject(new CountersignError("download.unreachable", "cable pulled"));
  const unlucky = world.machine("owner", { publish: (...request) => world.server.publish(...request).then(lost) });
  await assert.rejects(rotate(unlucky, newTargets), code("download.unreachable"));
  const report = await rotate(owner, newTargets);
  assert.deepEqual([report.resumed, report.published], [true, []]);
  assert.equal((await statusOf(owner)).roles.find(({ role }) => role === "root")?.version, 2);
});

it("a rotation whose answer was lost is not taken for the next one, which asks for other keys", async () => {
  await using world = await openWorld();
  const owner = await opened(world);
  const lost = () => Promise.reject(new CountersignError("download.unreachable", "cable pulled"));
  const unlucky = world.machine("owner", { publish: (...request) => world.server.publish(...request).then(lost) });
  const toMe: RoleRotation = { role: "snapshot", keys: [{ kind: "generate" }], removes: "others" };
  await assert.rejects(rotate(unlucky, toMe), code("download.unreachable"));
  const known = await ids(owner);
  const report = await rotate(owner, toServer("snapshot"));
  assert.deepEqual([report.resumed, report.roles[0]?.added.length], [false, 1], "the server holds the key now");
  const snapshot = (await statusOf(owner)).roles.find(({ role }) => role === "snapshot");
  assert.ok(snapshot?.keys.every(({ id }) => !known.includes(id)));
});

it("a rotation of another role says nothing of an interrupted one, and leaves it to be gone on with", async () => {
  await using world = await openWorld();
  const owner = await opened(world);
  const broken = (): Promise<never> => Promise.reject(new CountersignError("download.unavailable", "it answered 500"));
  await assert.rejects(rotate(world.machine("owner", { publish: broken }), newTargets), code("download.unavailable"));
  const known = await ids(owner);
  assert.ok(!(await rotate(owner, toServer("snapshot"))).resumed);
  const report = await rotate(owner, newTargets);
  assert.ok(report.resumed);
  assert.deepEqual(await ids(owner), known, "with the key that was made then");
});

it("a full disk before the rotation is noted: nothing has been published", async () => {
  await using world = await openWorld();
  const owner = await opened(world);
  const { unfinished } = owner.home;
  const full = () => Promise.reject(new CountersignError("disk.full", "no space left"));
  const home = {
    ...owner.home,
    unfinished: (...at: Parameters<typeof unfinished>) => ({ ...unfinished(...at), write: full }),
  };
  await assert.rejects(rotate({ ...owner, ports: { ...owner.ports, home } }, newTargets), code("disk.full"));
  assert.equal((await statusOf(owner)).roles.find(({ role }) => role === "root")?.version, 1);
  await rotate(owner, newTargets);
  assert.ok((await verdictOf(owner, "1.0")).trusted);
});

it("a rotation that loses the race to another publish takes that one's tags along", async () => {
  await using world = await openWorld();
  const owner = await opened(world);
  let raced = false;
  const slow = world.machine("owner", {
    publish: async (...request) => {
      if (!raced) {
        raced = true;
        const other = world.machine("owner");
        await sign(
          { ...other, ports: { ...other.ports, home: { ...other.home, whilePublishing: (_, work) => work() } } },
          "2.0",
        );
      }
      return world.server.publish(...request);
    },
  });
  const report = await rotate(slow, newTargets);
  assert.equal(report.attempts, 2);
  for (const name of ["1.0", "2.0"]) assert.ok((await verdictOf(owner, name)).trusted, name);
});

it("14-H: the server's keys for snapshot and timestamp in one root, and readers with an old cache follow", async () => {
  await using world = await openWorld();
  const owner = await opened(world);
  assert.ok((await verdictOf(owner, "1.0")).trusted);
  const report = await rotate(owner, toServer("snapshot"), toServer("timestamp"));
  assert.deepEqual([...new Set(report.published.map(({ role }) => role))], ["root"]);
  assert.ok((await verdictOf(owner, "1.0")).trusted);
});

it("the snapshot in the publisher's hands and back: every publish in between brings one", async () => {
  await using world = await openWorld();
  const owner = await opened(world);
  await rotate(owner, { role: "snapshot", keys: [{ kind: "generate" }], removes: "others" });
  const { published } = await sign(owner, "1.1");
  assert.equal(published.filter(({ role }) => role === "snapshot").length, 2);
  const stranger = world.machine("stranger");
  const pins = (await owner.home.pins.find(gun))?.pins ?? [];
  await stranger.home.pins.add({ name: gun, pins, added: "", note: undefined });
  for (const dialect of ["notary1", "tuf1"] as const)
    assert.ok((await verdictOf(stranger, "1.1", "1.1", dialect)).trusted);
  await rotate(owner, toServer("snapshot"));
  assert.equal((await sign(owner, "1.2")).published.filter(({ role }) => role === "snapshot").length, 0);
  assert.ok((await verdictOf(stranger, "1.2")).trusted);
});

it("14-B, 14-C: years later root and targets have expired; their keys heal them in one publish", async () => {
  await using world = await openWorld();
  const owner = await opened(world);
  world.clock.advance(11 * 365 * dayMs);
  assert.ok(!(await verdictOf(owner, "1.0")).trusted);
  const witness = [parseRoleName("root"), targetsRole].map((role): Change => ({ kind: "renew", role }));
  await change(owner, ...witness);
  for (const dialect of ["notary1", "tuf1"] as const)
    assert.ok((await verdictOf(owner, "1.0", "1.0", dialect)).trusted);
});

it("14-C: only targets has expired, and an ordinary publish heals it", async () => {
  await using world = await openWorld();
  const owner = await opened(world);
  world.clock.advance(4 * 365 * dayMs);
  await sign(owner, "1.1");
  for (const name of ["1.0", "1.1"]) assert.ok((await verdictOf(owner, name)).trusted);
});

it("14-P: an expired delegation comes back with its tags when its holder signs or witnesses it", async () => {
  await using world = await openWorld();
  const owner = await opened(world);
  const signer = world.machine("signer");
  const key = await signer.places.vault.generate({ role: "alice", passphrases });
  assert.ok(key.publicKey !== undefined);
  const role = parseRoleName("targets/releases");
  await change(owner, { kind: "delegate", role, addKeys: [key.publicKey], addPaths: [""] });
  await signer.home.pins.add({
    name: gun,
    pins: (await owner.home.pins.find(gun))?.pins ?? [],
    added: "",
    note: undefined,
  });
  await sign(signer, "2.0");
  await change(owner, { kind: "renew", role: targetsRole, expiresAt: world.clock.now() + 9 * 365 * dayMs });
  world.clock.advance(4 * 365 * dayMs);
  assert.ok(!(await verdictOf(owner, "2.0")).trusted);
  const lapsed = (await statusOf(owner)).roles.find((one) => one.role === role);
  assert.equal(lapsed?.unusable?.code, "metadata.expired");
  await sign(signer, "2.1");
  for (const name of ["2.0", "2.1"]) {
    for (const dialect of ["notary1", "tuf1"] as const) {
      assert.ok((await verdictOf(owner, name, name, dialect)).trusted, `${name} ${dialect}`);
    }
  }
});

it("offline after a publish of one's own: the cache holds what was read back, not what would look like a rollback", async () => {
  await using world = await openWorld();
  const owner = await opened(world);
  assert.ok((await verdictOf(owner, "1.0")).trusted);
  await sign(owner, "1.1");
  const gone = (): Promise<never> => Promise.reject(new CountersignError("download.unreachable", "no network"));
  const offline = world.machine("owner", { fetchBundle: gone, status: gone, isCountersign: gone });
  const request = { gun, dialect: "auto", pins: [], trustOnFirstUse: false, offline: "allowed" } as const;
  const status = await collectionStatus(offline.ports, request, []);
  assert.equal(status.offline?.code, "download.unreachable");
  assert.equal(status.roles.find(({ role }) => role === "targets")?.targets, 2);
});

it("staged changes are taken off the list after they were read back, and not before", async () => {
  await using world = await openWorld();
  const owner = await opened(world);
  const list = owner.home.changes(gun, world.clock.now);
  await stageChanges(list, [{ kind: "renew", role: targetsRole }]);
  const ring = await openKeyRing(owner.places, passphrases);
  const broken = (): Promise<never> => Promise.reject(new CountersignError("download.unavailable", "it answered 500"));
  const unlucky = world.machine("owner", { publish: (...request) => world.server.publish(...request).then(broken) });
  await assert.rejects(publishStaged(unlucky.ports, { gun, list, pins: [], ring }), code("download.unavailable"));
  assert.equal((await list.list()).length, 1);
  const late = await stageChanges(list, [{ kind: "renew", role: targetsRole }]);
  const listing = { ...list, list: async () => (await list.list()).slice(0, 1) };
  const report = await publishStaged(owner.ports, { gun, list: listing, pins: [], ring });
  assert.equal(report.staged.length, 1);
  assert.deepEqual(
    (await list.list()).map(({ id }) => id),
    late,
    "what was staged meanwhile stays",
  );
});

it("every kind of staged change does what it says; removing what is gone already is done", async () => {
  await using world = await openWorld();
  const owner = await opened(world);
  const key = await owner.places.vault.generate({ role: "alice", passphrases });
  const other = await owner.places.vault.generate({ role: "bob", passphrases });
  assert.ok(key.publicKey !== undefined && other.publicKey !== undefined);
  const [qa, releases] = [parseRoleName("targets/qa"), parseRoleName("targets/releases")];
  const list = owner.home.changes(gun, world.clock.now);
  const ring = await openKeyRing(owner.places, passphrases);
  const publish = () => publishStaged(owner.ports, { gun, list, pins: [], ring });
  const name = "9.9" as Parameters<typeof sign>[1];
  await stageChanges(list, [
    { kind: "delegate", role: qa, addKeys: [key.publicKey, other.publicKey], addPaths: ["a", "b"], threshold: 2 },
    { kind: "delegate", role: releases, addKeys: [key.publicKey, other.publicKey], addPaths: [""] },
    {
      kind: "add",
      name: name as never,
      role: qa,
      length: 1,
      hashes: new Map([["sha256", new Uint8Array(32)]]),
      custom: [1],
    },
    { kind: "remove", name: "never-there" as never },
  ]);
  await assert.rejects(publish(), code("preflight.would_lock_out"), "9.9 is outside the paths of qa");
  await list.clear();
  await stageChanges(list, [
    { kind: "delegate", role: qa, addKeys: [key.publicKey, other.publicKey], addPaths: ["a", "9"], threshold: 2 },
    { kind: "delegate", role: releases, addKeys: [key.publicKey, other.publicKey], addPaths: [""] },
    {
      kind: "add",
      name: name as never,
      role: qa,
      length: 1,
      hashes: new Map([["sha256", new Uint8Array(32)]]),
      custom: [1],
    },
    { kind: "delegate", role: qa, removePaths: ["a"] },
    { kind: "purge", keys: [] },
  ]);
  await publish();
  await stageChanges(list, [
    { kind: "delegate", role: releases, removeKeys: [other.id] },
    { kind: "undelegate", role: parseRoleName("targets/gone") },
  ]);
  await publish();
  const status = await statusOf(owner);
  const roleOf = (wanted: string) => status.roles.find(({ role }) => role === wanted);
  assert.deepEqual([roleOf("targets/qa")?.threshold, roleOf("targets/qa")?.targets], [2, 1]);
  assert.deepEqual(
    roleOf("targets/releases")?.keys.map(({ id }) => id),
    [key.id],
  );
  assert.throws(
    () => stageChanges(list, [{ kind: "rekey", role: "root", addKeys: [], removeKeys: [] }]),
    code("usage.invalid"),
  );
});
