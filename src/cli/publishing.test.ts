// Publishing flows against the real server as a function (no sockets), with a trust server port that misbehaves on demand.
// Named after the accident or the lie each one survives.
import assert from "node:assert/strict";
import { it } from "node:test";
import { CountersignError, parseRoleName, parseTargetName } from "../bytes/index.ts";
import { initCollection, openKeyRing, publishChanges, revokeTargets } from "../flows/index.ts";
import type { TrustServer } from "../remote/index.ts";
import { code, gun, type Machine, openWorld, passphrases, sign, start, verdictOf } from "./publishing-world.ts";

it("two publishers at once: the one that loses the race reads again, and both tags are there", async () => {
  await using world = await openWorld();
  const first = world.machine("first");
  await start(world, first);
  // The same keys on the same machine, without the lock that would keep the two apart: as if on two machines.
  const second: Machine = {
    ...first,
    ports: { ...first.ports, home: { ...first.home, whilePublishing: (_, work) => work() } },
  };
  const reports = await Promise.all([sign(first, "1.0"), sign(second, "1.1"), sign(second, "1.2")]);
  assert.ok(Math.max(...reports.map((report) => report.attempts)) > 1);
  for (const name of ["1.0", "1.1", "1.2"]) assert.ok((await verdictOf(first, name)).trusted, name);
});

it("interrupted init: whatever breaks, the same command completes with the same keys", async () => {
  const broken = (): Promise<never> => Promise.reject(new CountersignError("download.unreachable", "cable pulled"));
  const accidents: readonly ((server: TrustServer) => Partial<TrustServer>)[] = [
    () => ({ serverKey: broken }),
    () => ({ publish: broken }),
    // The server did it, the answer was lost.
    (server) => ({ publish: (...request) => server.publish(...request).then(broken) }),
    () => ({ fetchBundle: broken }),
  ];
  for (const accident of accidents) {
    await using world = await openWorld();
    const machine = world.machine("owner");
    const unlucky = world.machine("owner", accident(world.server));
    await assert.rejects(start(world, unlucky, true), code("download.unreachable"));
    const before = (await machine.places.vault.list()).map((key) => key.id);
    const report = await start(world, machine, true);
    const after = (await machine.places.vault.list()).map((key) => key.id);
    assert.ok(before.every((id) => after.includes(id)) && after.length === 2, "no key was lost, none made twice");
    assert.equal(report.rootKeys.length, 2);
    await sign(machine, "1.0");
    assert.ok((await verdictOf(machine, "1.0")).trusted);
    await assert.rejects(start(world, machine), code("collection.exists"));
  }
});

it("interrupted init, and meanwhile somebody else took the name: it is said, and nothing is pinned", async () => {
  await using world = await openWorld();
  const broken = (): Promise<never> => Promise.reject(new CountersignError("download.unreachable", "cable pulled"));
  await assert.rejects(start(world, world.machine("slow", { publish: broken })), code("download.unreachable"));
  const other = world.machine("fast");
  await initCollection(other.ports, { gun, places: other.places, passphrases, rootKey: undefined, kit: undefined });
  const slow = world.machine("slow");
  await assert.rejects(start(world, slow), code("collection.exists"));
  assert.equal(await slow.home.pins.find(gun), undefined);
});

it("a server that says yes and does nothing: the publish is not reported as done", async () => {
  await using world = await openWorld();
  const owner = world.machine("owner");
  await start(world, owner);
  const liar = world.machine("owner", { publish: async () => ({ documents: [], behind: [] }) });
  await assert.rejects(sign(liar, "1.0"), code("publish.unverified"));
});

it("an old client publishes in one dialect only: readers follow it, and our next publish levels the other", async () => {
  await using world = await openWorld();
  const owner = world.machine("owner");
  await start(world, owner);
  // What an old client does: notary1 alone, through Notary's own route.
  const old = world.machine("owner", {
    status: async (options) => {
      const status = await world.server.status(options);
      return status === undefined ? undefined : { ...status, dialects: new Map([...status.dialects].slice(0, 2)) };
    },
    publish: async (parts) => {
      const documents = parts
        .filter((part) => part.filename.startsWith("notary1/"))
        .map((part) => ({ role: "targets" as never, bytes: part.bytes }));
      await world.server.publishNotary1(documents);
      return { documents: [], behind: [] };
    },
  });
  await assert.rejects(sign(old, "1.0"), code("publish.unverified"));
  assert.deepEqual((await world.server.status())?.behind, ["tuf1"]);
  assert.ok((await verdictOf(owner, "1.0")).trusted);

  const report = await sign(owner, "1.1");
  assert.deepEqual(report.behind, []);
  for (const name of ["1.0", "1.1"]) {
    const verdict = await verdictOf(owner, name);
    assert.ok(verdict.trusted);
    assert.equal(verdict.signed.dialect, "tuf1");
  }
});

it("a signer who holds only a delegation's key signs there without being told, and readers of both dialects see it", async () => {
  await using world = await openWorld();
  const owner = world.machine("owner");
  await start(world, owner);
  const signer = world.machine("signer");
  const key = await signer.places.vault.generate({ role: "releases", passphrases });
  assert.ok(key.publicKey !== undefined);
  const role = parseRoleName("targets/releases");
  await publishChanges(owner.ports, {
    gun,
    pins: [],
    changes: () => [
      { kind: "delegate", role, addKeys: key.publicKey === undefined ? [] : [key.publicKey], addPaths: [""] },
    ],
    blobs: new Map(),
    publisher: undefined,
    ring: await openKeyRing(owner.places, passphrases),
  });
  await signer.home.pins.add({
    name: gun,
    pins: (await owner.home.pins.find(gun))?.pins ?? [],
    added: "",
    note: undefined,
  });
  const report = await sign(signer, "1.0");
  assert.deepEqual([...new Set(report.published.map((one) => one.role))], [role]);
  for (const dialect of ["notary1", "tuf1"] as const) {
    const verdict = await verdictOf(owner, "1.0", "1.0", dialect);
    assert.ok(verdict.trusted, dialect);
    assert.equal(verdict.signed.role, role);
  }
  const ring = await openKeyRing(signer.places, passphrases);
  await revokeTargets(signer.ports, { gun, names: [parseTargetName("1.0")], roles: [], ring, pins: [] });
  assert.ok(!(await verdictOf(owner, "1.0")).trusted, "revoked in the role that had it");
});

it("without the key: refused before anything is asked for", async () => {
  await using world = await openWorld();
  const owner = world.machine("owner");
  await start(world, owner);
  const stranger = world.machine("stranger");
  await stranger.home.pins.add({
    name: gun,
    pins: (await owner.home.pins.find(gun))?.pins ?? [],
    added: "",
    note: undefined,
  });
  await assert.rejects(sign(stranger, "1.0"), (error) => error instanceof CountersignError && error.kind !== "bug");
});

it("who and when are told, and a clock that is off is named beside an expired chain", async () => {
  await using world = await openWorld();
  const owner = world.machine("owner");
  await start(world, owner);
  await sign(owner, "1.0");
  const verdict = await verdictOf(owner, "1.0");
  assert.ok(verdict.trusted);
  assert.equal(verdict.signed.publisher, "ci@example.com");
  assert.equal(verdict.signed.signedAt, Math.floor(world.clock.now() / 1000) * 1000);

  const early = world.machine("owner", { clockSkewMs: () => -40 * 24 * 3_600_000 });
  const now = world.clock.now();
  const off = { ...early, ports: { ...early.ports, clock: () => now + 40 * 24 * 3_600_000 } };
  const refused = await verdictOf(off, "1.0");
  assert.ok(!refused.trusted);
  assert.deepEqual(
    refused.reasons.map((reason) => reason.code),
    ["metadata.expired", "clock.off"],
  );
});

it("a revoked tag stays revoked for a reader whose server forgets the revocation", async () => {
  await using world = await openWorld();
  const owner = world.machine("owner");
  await start(world, owner);
  await sign(owner, "1.0");
  const before = await world.server.fetchBundle({ dialect: "auto", maxBytes: 1_000_000 });
  const ring = await openKeyRing(owner.places, passphrases);
  await revokeTargets(owner.ports, { gun, names: [parseTargetName("1.0")], roles: [], ring, pins: [] });
  const replayed = world.machine("owner", { fetchBundle: async () => before });
  const verdict = await verdictOf(replayed, "1.0");
  assert.ok(!verdict.trusted);
  assert.equal(verdict.reasons[0].code, "metadata.rollback");
});
