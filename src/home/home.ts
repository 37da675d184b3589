// One user's directory as a whole: what flows and commands ask for by collection name. Nothing is read before it is asked for.
import { join } from "node:path";
import type { Clock, Gun } from "../bytes/index.ts";
import type { DialectName } from "../tuf/index.ts";
import type { MemoryStore } from "../updater/index.ts";
import { type ChangeList, openChangeList } from "./change-list.ts";
import { encodeFileName } from "./file-names.ts";
import { type Environment, type HomeLocations, locateHome } from "./location.ts";
import { withLock } from "./lock.ts";
import { type DiskCache, openMetadataCache } from "./metadata-cache.ts";
import { openPinStore, type PinStore } from "./pins.ts";
import { openReaderMemory } from "./reader-memory.ts";
import { readSettings, type Settings } from "./settings.ts";
import { openUnfinishedWork, type UnfinishedWork } from "./unfinished.ts";

export interface Home {
  readonly locations: HomeLocations;
  readonly pins: PinStore;
  /** @throws config.invalid, disk.unreadable */
  settings(): Promise<Settings>;
  cache(gun: Gun, dialect: DialectName): DiskCache;
  memory(gun: Gun): MemoryStore;
  /** What `init` (unless told) or `rotate` has begun. */
  unfinished(gun: Gun, work?: "init" | "rotate"): UnfinishedWork;
  /** Changes that wait for `publish --staged`. */
  changes(gun: Gun, clock: Clock): ChangeList;
  /** Runs `work` while no other process of this user writes to the collection. @throws storage.locked */
  whilePublishing<T>(gun: Gun, work: () => Promise<T>): Promise<T>;
}

/** The home that this environment points at. Nothing is created until something is written. */
export function openHome(env: Environment): Home {
  const locations = locateHome(env);
  return {
    locations,
    pins: openPinStore(join(locations.config, "trust.json")),
    settings: () => readSettings(join(locations.config, "config.json")),
    cache: (gun, dialect) => openMetadataCache(locations.cache, gun, dialect),
    memory: (gun) => openReaderMemory(locations.state, gun),
    unfinished: (gun, work = "init") => openUnfinishedWork(locations.state, gun, work),
    changes: (gun, clock) => openChangeList(join(locations.state, "staged", encodeFileName(gun)), clock),
    whilePublishing: (gun, work) =>
      withLock(join(locations.state, "locks", encodeFileName(gun)), work, { timeoutMs: 60_000 }),
  };
}
