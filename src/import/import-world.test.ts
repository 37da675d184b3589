// Test code: an old server in memory (the simulator), our server as a function, and an importer's machine between them. No sockets.
import assert from "node:assert/strict";
import { join } from "node:path";
import { CountersignError, type ErrorCode, type Gun } from "../bytes/index.ts";
import type { KeyPlaces, ReadPorts } from "../flows/index.ts";
import { type Home, openHome } from "../home/index.ts";
import type { AuthorizedClient, HttpRequest, HttpResponse } from "../http/index.ts";
import { type CanonicalKeyId, generateSigner, type Signer } from "../keys/index.ts";
import { keyRingOf } from "../publish/index.ts";
import { createTrustServer, type TrustServer } from "../remote/index.ts";
import { type App, createApp, localRoleSigner, openMasterKey } from "../server/index.ts";
import { type FileVault, type KeyDescription, purposeOfRole } from "../signers/index.ts";
import { makeDataDirectory, openSqliteStorage, type Storage } from "../storage/index.ts";
import { type FakeClock, fakeClock, Simulator, temporaryDirectory } from "../testing/index.ts";
import type { MetadataSource, Pin } from "../updater/index.ts";
import { type Archive, openArchive } from "./archive.ts";
import { type CollectionImport, importCollection } from "./import-collection.ts";
import type { CollectionOutcome } from "./report.ts";

export interface ImportWorld extends AsyncDisposable {
  readonly path: string;
  readonly clock: FakeClock;
  readonly old: Simulator;
  readonly archive: Archive;
  readonly home: Home;
  readonly storage: Storage;
  readonly vault: FileVault;
  /** Our server, as one collection's publisher sees it. */
  server(gun?: Gun): TrustServer;
  ports(changed?: Partial<TrustServer>): ReadPorts;
  /** Imports the old collection with its pin and all its keys, unless told otherwise. */
  run(changed?: Changes): Promise<CollectionOutcome>;
}

export interface Changes {
  readonly pins?: readonly Pin[];
  readonly documents?: MetadataSource;
  readonly description?: string;
  readonly keys?: readonly Signer[];
  readonly verifyOnly?: boolean;
  readonly anew?: boolean;
  readonly trustOnFirstUse?: boolean;
  readonly again?: boolean;
  readonly archive?: Archive;
  readonly server?: Partial<TrustServer>;
  readonly cachedPins?: readonly Pin[];
}

export async function openImportWorld(): Promise<ImportWorld> {
  const directory = await temporaryDirectory();
  const clock = fakeClock();
  const old = await Simulator.create({ clock: clock.now });
  const dataDirectory = join(directory.path, "server");
  makeDataDirectory(dataDirectory);
  const master = openMasterKey(dataDirectory);
  const storage = openSqliteStorage(dataDirectory);
  const app = createApp({
    storage,
    signer: localRoleSigner(storage, master, clock.now),
    clock: clock.now,
  });
  const home = openHome({ COUNTERSIGN_HOME: join(directory.path, "home") });
  const vault = memoryVault();
  const archive = openArchive(join(directory.path, "archive"));
  const server = (gun = old.gun): TrustServer =>
    createTrustServer({ url: new URL("http://127.0.0.1:1"), gun, client: clientOf(app), clock: clock.now });
  const ports = (changed: Partial<TrustServer> = {}): ReadPorts => {
    return { home, clock: clock.now, server: { ...server(), ...changed }, progress: () => undefined };
  };
  return {
    path: directory.path,
    clock,
    old,
    archive,
    home,
    storage,
    vault,
    server,
    ports,
    run: (changed = {}) => importCollection(request({ clock, old, archive, ports, vault }, changed)),
    async [Symbol.asyncDispose]() {
      await storage.close();
      await directory[Symbol.asyncDispose]();
    },
  };
}

type Parts = Pick<ImportWorld, "clock" | "old" | "archive" | "ports" | "vault">;

function request({ clock, old, archive, ports, vault }: Parts, changed: Changes): CollectionImport {
  const places: KeyPlaces = { vault, others: [] };
  return {
    gun: old.gun,
    source: {
      description: changed.description ?? "https://old.example.com/",
      documents: changed.documents ?? old.source("notary1"),
      cachedPins: changed.cachedPins ?? [],
      patiently: (work) => work(),
    },
    destination:
      changed.verifyOnly === true
        ? undefined
        : {
            ports: ports(changed.server),
            ring: keyRingOf(changed.keys ?? [...old.keys.root, ...old.keys.targets]),
            publisher: "importer@example.com",
            anew:
              changed.anew === true
                ? { places, passphrases: async () => "correct-horse", rootKey: undefined, kit: undefined }
                : undefined,
            patiently: (work) => work(),
          },
    archive: changed.archive ?? archive,
    pins: changed.pins ?? pinsOf(old.keys.root),
    trustOnFirstUse: changed.trustOnFirstUse ?? false,
    again: changed.again ?? false,
    now: clock.now(),
  };
}

export function pinsOf(signers: readonly Signer[]): readonly Pin[] {
  return signers.map(({ publicKey }) => ({ kind: "key", id: publicKey.id }));
}

export function code(expected: ErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof CountersignError && error.code === expected;
}

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
    async generate({ role, gun }) {
      const signer = await generateSigner();
      const { publicKey } = signer;
      const { id, algorithm } = publicKey;
      const about = { id, role, gun, purpose: purposeOfRole(role), algorithm, publicKey };
      const description: KeyDescription = { ...about, isEncrypted: false, path: "memory" };
      keys.set(id, { signer, description });
      return description;
    },
  };
}

function clientOf(app: App): AuthorizedClient {
  const send = async ({ method, url, headers, body, maxBytes }: HttpRequest): Promise<HttpResponse> => {
    const parts: Uint8Array[] = [];
    if (body instanceof Uint8Array) parts.push(body);
    else if (body !== undefined) for await (const part of body.open()) parts.push(part);
    const sent = body === undefined ? {} : { body: Buffer.concat(parts) };
    const response = await app.handle(new Request(url, { method, headers: { ...headers }, ...sent }));
    const bytes = new Uint8Array(await response.arrayBuffer());
    assert.ok(bytes.length <= maxBytes);
    return { status: response.status, headers: new Map(response.headers), url, body: bytes };
  };
  return { request: send, stream: () => Promise.reject(new Error("not used here")) };
}
