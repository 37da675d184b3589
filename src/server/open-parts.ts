// Storage and signer as an operator chose them. What a choice does not need is not loaded: neither the PostgreSQL client nor gRPC
// costs a server that uses SQLite and keys of its own anything. A database that is not there stops the start: whoever supervises the
// process starts it again. A remote signer that is away does not: what is signed can be served meanwhile, and the health route tells.
import { statSync } from "node:fs";
import { join } from "node:path";
import { assertNever, type Clock, CountersignError, type Gun, isCountersignError } from "../bytes/index.ts";
import { makeDataDirectory, openPostgresStorage, openSqliteStorage, type Storage } from "../storage/index.ts";
import type { MasterKey } from "./key-sealing.ts";
import { localRoleSigner } from "./local-role-signer.ts";
import { masterKeyFileName, openMasterKey } from "./master-key.ts";
import type { RemoteSigner, ServerLog, ServerOptions } from "./options.ts";
import { isRememberedRemoteKey, remoteRoleSigner } from "./remote-role-signer.ts";
import type { RoleSigner } from "./role-signer.ts";

export interface Parts {
  readonly storage: Storage;
  readonly signer: RoleSigner;
}

/**
 * `opened` closes what was opened, also when this fails half-way.
 * @throws storage.*, disk.*, key.*, certificate.invalid
 */
export async function openParts(options: ServerOptions, clock: Clock, opened: AsyncDisposableStack): Promise<Parts> {
  const { signer = { kind: "local" } } = options;
  if (signer.kind === "remote") {
    const storage = opened.use(await openStorage(options));
    return { storage, signer: await remoteSigner(signer, storage, clock, options.log, opened) };
  }
  const { storage, master } = await openStorageAndKey(options, opened);
  const local = localRoleSigner(storage, master, clock);
  const someCollection = (await storage.listCollections({ limit: 1 }))[0];
  if (someCollection !== undefined) await tryMasterKey(local, someCollection);
  return { storage, signer: local };
}

/** What a server with keys of its own stands on; also what a migration fills for it. */
export interface StorageAndKey {
  readonly storage: Storage;
  readonly master: MasterKey;
}

/** `opened` closes the storage. @throws storage.*, disk.*, key.* */
export async function openStorageAndKey(
  options: Pick<ServerOptions, "dataDir" | "masterKeyPath" | "storage" | "testOnlyStorage">,
  opened: AsyncDisposableStack,
): Promise<StorageAndKey> {
  // Beside a SQLite database that is there the key must be there too, so it comes first; with PostgreSQL the database has to be asked.
  if (options.storage?.kind !== "postgres") {
    const master = openMaster(options);
    return { master, storage: opened.use(await openStorage(options)) };
  }
  const storage = opened.use(await openStorage(options));
  if (await hasSealedKeys(storage)) refuseNewMasterKey(options);
  return { storage, master: openMaster(options) };
}

/** Where a signer has held all keys so far, none is sealed, and a master key may still be made. */
async function hasSealedKeys(storage: Storage): Promise<boolean> {
  for (const gun of await storage.listCollections({ limit: 20 })) {
    const keys = await storage.serverKeys(gun, "timestamp");
    if (keys.length === 0 || keys.some((key) => !isRememberedRemoteKey(key))) return true;
  }
  return false;
}

/** A server with another master key would run until its first renewal, and every collection would die with its timestamp. */
async function tryMasterKey(signer: RoleSigner, gun: Gun): Promise<void> {
  try {
    await signer.held(gun, "timestamp");
  } catch (cause) {
    if (!isCountersignError(cause, "key.format")) throw cause;
    throw new CountersignError("key.format", cause.message, {
      cause,
      hints: ["if its keys are at a signer, name it: --signer HOST:PORT, or trust_service in the configuration"],
    });
  }
}

async function openStorage(options: Pick<ServerOptions, "dataDir" | "storage" | "testOnlyStorage">): Promise<Storage> {
  const { dataDir, storage = { kind: "sqlite" } } = options;
  switch (storage.kind) {
    case "sqlite":
      makeDataDirectory(dataDir);
      return openSqliteStorage(dataDir, options.testOnlyStorage);
    case "postgres":
      return openPostgresStorage({ url: storage.url });
    default:
      return assertNever(storage);
  }
}

/** Connects when it is first needed: documents that are signed can be served while the signer is away. */
async function remoteSigner(
  { host, port, caPath, certificatePath, keyPath, algorithm }: RemoteSigner,
  storage: Storage,
  clock: Clock,
  log: ServerLog | undefined,
  opened: AsyncDisposableStack,
): Promise<RoleSigner> {
  const { openSignerClient } = await import("../notary-signer/index.ts");
  const client = await openSignerClient({
    host,
    port,
    ...(caPath === undefined ? {} : { caPath }),
    ...(certificatePath === undefined ? {} : { certificatePath }),
    ...(keyPath === undefined ? {} : { keyPath }),
  });
  opened.use(client);
  return remoteRoleSigner({ client, storage, clock, algorithm, ...(log === undefined ? {} : { log }) });
}

function openMaster({ dataDir, masterKeyPath }: Pick<ServerOptions, "dataDir" | "masterKeyPath">): MasterKey {
  if (masterKeyPath === undefined) makeDataDirectory(dataDir);
  return openMasterKey(dataDir, masterKeyPath);
}

/** A key of its own would be of no use to a server that joins others. */
function refuseNewMasterKey({ dataDir, masterKeyPath }: Pick<ServerOptions, "dataDir" | "masterKeyPath">): void {
  const file = join(dataDir, masterKeyFileName);
  if (masterKeyPath !== undefined || statSync(file, { throwIfNoEntry: false }) !== undefined) return;
  throw new CountersignError("key.missing", `there is no ${file}, and the keys in this database are sealed with one`, {
    hints: ["copy master.key from the server that made the database", "or name the file that holds it: --master-key"],
  });
}
