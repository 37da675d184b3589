// The place a command of `notary` works at: one collection in one trust directory, on the configured server. Documents, staged changes and
// keys are Notary's, in place; what Notary keeps nowhere (highest versions seen, locks, unfinished rotations) lies in our own directory, one
// place a trust directory. A trust directory that has no root of a collection knows nothing of it, so that memory ends with it: that is how
// Notary's users start afresh (`notary delete`).
import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import {
  CountersignError,
  digestOf,
  type Gun,
  isCountersignError,
  parseGun,
  parseRoleName,
} from "../../bytes/index.ts";
import { notary1 } from "../../dialects/index.ts";
import { cachedRootPins, type KeyPlaces, type ReadPorts } from "../../flows/index.ts";
import {
  type DiskCache,
  encodeFileName,
  type Home,
  notaryPinning,
  openHome,
  openReaderMemory,
  openUnfinishedWork,
  withLock,
} from "../../home/index.ts";
import { type NotaryVault, openNotaryVault } from "../../signers/index.ts";
import { isExpired } from "../../tuf/index.ts";
import { noCache, type Pin } from "../../updater/index.ts";
import { NotaryUsage } from "./command-line.ts";
import type { NotaryContext } from "./front-context.ts";
import { openTrustServer } from "./online.ts";

export interface Desk extends Disposable {
  readonly gun: Gun;
  readonly ports: ReadPorts;
  readonly pins: readonly Pin[];
  readonly trustOnFirstUse: boolean;
  readonly places: KeyPlaces & { readonly vault: NotaryVault };
}

const rootRole = parseRoleName("root");
const lockTimeoutMs = 60_000;
const maxRootBytes = 4 * 1024 * 1024;

/** The first argument as a collection's name. @throws NotaryUsage when there is none, gun.invalid */
export function gunArgument(context: NotaryContext, complaint: string, atLeast = 1): Gun {
  const [text] = context.args;
  if (text === undefined || context.args.length < atLeast) throw new NotaryUsage(complaint, true);
  return parseGun(text);
}

/** The directory's keys: no others are looked at, as Notary does. */
export function deskKeys(context: NotaryContext): Desk["places"] {
  return { vault: openNotaryVault(context.directory.keys), others: [] };
}

/** Nothing is contacted yet. @throws config.invalid, disk.unreadable, NotaryUsage for an unusable server address */
export async function openDesk(context: NotaryContext, gun: Gun): Promise<Desk> {
  const { clock, directory, settings } = context;
  const home = deskHome(context);
  const { server, close } = openTrustServer(context, gun);
  const ports: ReadPorts = { home, clock, server, progress: () => undefined };
  const { pins, trustOnFirstUse } = await deskPins(context, gun);
  return { gun, ports, pins, trustOnFirstUse, places: deskKeys(context), [Symbol.dispose]: close };

  async function deskPins(from: NotaryContext, name: Gun): Promise<Pick<Desk, "pins" | "trustOnFirstUse">> {
    const cached = await cachedRootPins(directory, name, from.clock());
    const configured = await notaryPinning(settings.trustPinning, name, settings.base);
    // An unexpired cached root wins over pins (notary-v1, section 8).
    const isCurrent = cached.length > 0 && !(await hasExpiredRoot(from, name));
    if (isCurrent || (cached.length > 0 && configured.pins.length === 0))
      return { pins: cached, trustOnFirstUse: false };
    return configured;
  }
}

async function hasExpiredRoot({ directory, clock }: NotaryContext, gun: Gun): Promise<boolean> {
  const bytes = await directory.cache(gun).read(rootRole);
  if (bytes === undefined) return false;
  try {
    return isExpired(notary1.decodeRoot(bytes).signed.expires, clock());
  } catch (error) {
    if (isCountersignError(error)) return true;
    throw error;
  }
}

/** Runs `work` while no other process of ours changes the collection in this directory. */
export function whileChanging<T>(context: NotaryContext, gun: Gun, work: () => Promise<T>): Promise<T> {
  return deskHome(context).whilePublishing(gun, work);
}

/** Forgets what is kept beside the trust directory about a collection. */
export async function forgetBeside(context: NotaryContext, gun: Gun): Promise<void> {
  const home = deskHome(context);
  await home.memory(gun).write(new Uint8Array());
  await home.unfinished(gun, "rotate").remove();
}

function deskHome({ env, directory, settings }: NotaryContext): Home {
  const own = openHome(env);
  const key = createHash("sha256").update(resolve(settings.trustDirectory)).digest("hex").slice(0, 32);
  const state = join(own.locations.state, "notary", key);
  return {
    locations: own.locations,
    // Trust is said by the cached root and trust_pinning alone here; pins of our own directory are another matter.
    pins: { list: async () => [], find: async () => undefined, add: async () => undefined, remove: async () => false },
    settings: () => own.settings(),
    cache: (gun, dialect): DiskCache =>
      dialect === "tuf1" ? { ...noCache, held: async () => [] } : heldCache(directory.cache(gun)),
    memory: (gun) => {
      const kept = openReaderMemory(state, gun);
      return {
        async read() {
          if ((await directory.cache(gun).read(rootRole)) === undefined) return undefined;
          const bytes = await kept.read();
          return bytes === undefined || bytes.length === 0 ? undefined : bytes;
        },
        write: (bytes) => kept.write(bytes),
      };
    },
    unfinished: (gun, work = "init") => openUnfinishedWork(state, gun, work),
    changes: (gun) => directory.changes(gun),
    whilePublishing: (gun, work) =>
      withLock(join(state, "locks", encodeFileName(gun)), work, { timeoutMs: lockTimeoutMs }),
  };

  function heldCache(cache: ReturnType<typeof directory.cache>): DiskCache {
    return {
      ...cache,
      async held() {
        const names = ["root", "snapshot", "targets"].map(parseRoleName);
        const documents = await Promise.all(names.map((role) => cache.read(role)));
        return documents.flatMap((bytes) => (bytes === undefined ? [] : [digestOf(bytes)]));
      },
    };
  }
}

/**
 * Whether the server has the collection. Only a root says so: a login page or a damaged body in its place says nothing of it.
 * @throws metadata.*, json.*, download.*
 */
export async function isOnServer({ ports }: Pick<Desk, "ports">): Promise<boolean> {
  const bytes = await ports.server.notary1Source().fetchRoot(undefined, { maxBytes: maxRootBytes });
  if (bytes === undefined) return false;
  try {
    notary1.decodeRoot(bytes);
    return true;
  } catch (cause) {
    if (!isCountersignError(cause)) throw cause;
    const message = `${ports.server.url.host} answered with something that is no root: ${cause.message}`;
    throw new CountersignError("metadata.invalid", message, { cause });
  }
}

/** For a command that found a collection missing on the server. */
export function missing(gun: Gun, host: string): CountersignError {
  return new CountersignError("collection.missing", `${host} has no collection ${gun}`);
}
