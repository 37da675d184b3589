// Publishing flows against the real server as a function (no sockets), with a trust server port that misbehaves on demand.
// Named after the accident or the lie each one survives.
import assert from "node:assert/strict";
import { join } from "node:path";
import { it } from "node:test";
import { CountersignError, type ErrorCode, parseGun, parseRoleName, parseTargetName } from "../bytes/index.ts";
import {
  contentOfBytes,
  initCollection,
  type KeyPlaces,
  openKeyRing,
  publishChanges,
  type ReadPorts,
  revokeTargets,
  signTargets,
  verifyTarget,
} from "../flows/index.ts";
import { openHome } from "../home/index.ts";
import type { AuthorizedClient, HttpRequest, HttpResponse } from "../http/index.ts";
import { type CanonicalKeyId, generateSigner, type Signer } from "../keys/index.ts";
import { createTrustServer, type TrustServer } from "../remote/index.ts";
import { type App, createApp, localRoleSigner, openMasterKey } from "../server/index.ts";
import { type FileVault, type KeyDescription, purposeOfRole } from "../signers/index.ts";
import { makeDataDirectory, openSqliteStorage } from "../storage/index.ts";
import { fakeClock, temporaryDirectory } from "../testing/index.ts";
import type { DialectName } from "../tuf/index.ts";

const gun = parseGun("registry.example.com/team/app");
const passphrases = async (): Promise<string> => "correct-horse";

/** Keys in memory: deriving keys from passphrases is tested elsewhere and takes its time. */
function memoryVault(): FileVault {
  const keys = new Map<CanonicalKeyId, { signer: Signer; description: KeyDescription }>();
  const none = (): never => {
    throw new CountersignError("key.missing", "no such key");
  };
  return {
    list: async () => [...keys.values()].map(({ description }) => description),
    open: async (id) => keys.get(id)?.signer ?? none(),
    importKeys: none,
    exportKey: none,
    async generate({ role, gun: forGun }) {
      const signer = await generateSigner();
      const { publicKey } = signer;
      const { id, algorithm } = publicKey;
      const about = { id, role, gun: forGun, purpose: purposeOfRole(role), algorithm, publicKey };
      const description: KeyDescription = { ...about, isEncrypted: false, path: "memory" };
      keys.set(id, { signer, description });
      return description;
    },
  };
}

/** A server, and publishers' machines beside it; each machine has its own home. */
async function openWorld() {
  const vaults = new Map<string, FileVault>();
  const directory = await temporaryDirectory();
  const clock = fakeClock();
  const dataDir = join(directory.path, "server");
  makeDataDirectory(dataDir);
  const master = openMasterKey(dataDir);
  const storage = openSqliteStorage(dataDir);
  const signer = localRoleSigner(storage, master, clock.now);
  const app = createApp({ storage, signer, clock: clock.now });
  const server = createTrustServer({
    url: new URL("http://127.0.0.1:1"),
    gun,
    client: clientOf(app),
    clock: clock.now,
  });
  return {
    clock,
    server,
    machine(name: string, changed: Partial<TrustServer> = {}) {
      const home = openHome({ COUNTERSIGN_HOME: join(directory.path, name) });
      const ports: ReadPorts = { home, clock: clock.now, server: { ...server, ...changed }, progress: () => undefined };
      const vault = vaults.get(name) ?? memoryVault();
      vaults.set(name, vault);
      const places: KeyPlaces = { vault, others: [] };
      return { home, ports, places };
    },
    kitPath: join(directory.path, "kit.txt"),
    async [Symbol.asyncDispose]() {
      await storage.close();
      await directory[Symbol.asyncDispose]();
    },
  };
}

type World = Awaited<ReturnType<typeof openWorld>>;
type Machine = ReturnType<World["machine"]>;

function clientOf(app: App): AuthorizedClient {
  const request = async ({ method, url, headers, body, maxBytes }: HttpRequest): Promise<HttpResponse> => {
    const parts: Uint8Array[] = [];
    if (body instanceof Uint8Array) parts.push(body);
    else if (body !== undefined) for await (const part of body.open()) parts.push(part);
    const sent = body === undefined ? {} : { body: Buffer.concat(parts) };
    const response = await app.handle(new Request(url, { method, headers: { ...headers }, ...sent }));
    const bytes = new Uint8Array(await response.arrayBuffer());
    assert.ok(bytes.length <= maxBytes);
    return { status: response.status, headers: new Map(response.headers), url, body: bytes };
  };
  return { request, stream: () => Promise.reject(new Error("not used here")) };
}

function start(world: World, machine: Machine, wantsKit = false) {
  const kit = wantsKit ? { path: world.kitPath, passphrase: passphrases } : undefined;
  return initCollection(machine.ports, { gun, places: machine.places, passphrases, rootKey: undefined, kit });
}

async function sign(machine: Machine, name: string, text = name) {
  return signTargets(machine.ports, {
    gun,
    targets: [{ name: parseTargetName(name), content: contentOfBytes(name, Buffer.from(text)) }],
    role: undefined,
    pins: [],
    publisher: "ci@example.com",
    ring: await openKeyRing(machine.places, passphrases),
  });
}

async function verdictOf(machine: Machine, name: string, text = name, dialect: "auto" | DialectName = "auto") {
  return verifyTarget(machine.ports, {
    gun,
    name: parseTargetName(name),
    content: async () => contentOfBytes(name, Buffer.from(text)),
    dialect,
    pins: [],
    trustOnFirstUse: false,
    offline: "never",
  });
}

function code(expected: ErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof CountersignError && error.code === expected;
}

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
