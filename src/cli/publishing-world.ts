// Test code: a server as a function (no sockets) and publishers' machines beside it, each with a home of its own and keys in memory.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CountersignError, type ErrorCode, parseGun, parseTargetName } from "../bytes/index.ts";
import {
  contentOfBytes,
  initCollection,
  type KeyPlaces,
  openKeyRing,
  type ReadPorts,
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
import type { DialectName } from "../tuf/index.ts";

export const gun = parseGun("registry.example.com/team/app");
export const passphrases = async (): Promise<string> => "correct-horse";

/** Keys in memory: deriving keys from passphrases is tested elsewhere and takes its time. */
export function memoryVault(): FileVault {
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
export async function openWorld() {
  const vaults = new Map<string, FileVault>();
  const path = await mkdtemp(join(tmpdir(), "countersign-test-"));
  let time = Date.UTC(2026, 10, 22, 12);
  const clock = {
    now: () => time,
    advance: (ms: number): void => {
      time += ms;
    },
  };
  const dataDir = join(path, "server");
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
      const home = openHome({ COUNTERSIGN_HOME: join(path, name) });
      const ports: ReadPorts = { home, clock: clock.now, server: { ...server, ...changed }, progress: () => undefined };
      const vault = vaults.get(name) ?? memoryVault();
      vaults.set(name, vault);
      const places: KeyPlaces = { vault, others: [] };
      return { home, ports, places };
    },
    kitPath: join(path, "kit.txt"),
    async [Symbol.asyncDispose]() {
      await storage.close();
      await rm(path, { recursive: true, force: true });
    },
  };
}

export type World = Awaited<ReturnType<typeof openWorld>>;
export type Machine = ReturnType<World["machine"]>;

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

export function start(world: World, machine: Machine, wantsKit = false) {
  const kit = wantsKit ? { path: world.kitPath, passphrase: passphrases } : undefined;
  return initCollection(machine.ports, { gun, places: machine.places, passphrases, rootKey: undefined, kit });
}

export async function sign(machine: Machine, name: string, text = name) {
  return signTargets(machine.ports, {
    gun,
    targets: [{ name: parseTargetName(name), content: contentOfBytes(name, Buffer.from(text)) }],
    role: undefined,
    pins: [],
    publisher: "ci@example.com",
    ring: await openKeyRing(machine.places, passphrases),
  });
}

export async function verdictOf(machine: Machine, name: string, text = name, dialect: "auto" | DialectName = "auto") {
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

export function code(expected: ErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof CountersignError && error.code === expected;
}
