// Changes that wait for a publish, one small file each, in the format and under the names of Notary's changelist (notary-v1, section 5.1),
// so that both tools can take turns on one directory: what one stages the other shows, publishes or resets. Applied in file-name order.
import { randomUUID } from "node:crypto";
import { promises } from "node:fs";
import { join } from "node:path";
import {
  type Clock,
  CountersignError,
  decodeBase64,
  encodeBase64,
  isCountersignError,
  isJsonObject,
  type JsonObject,
  parseJson,
} from "../bytes/index.ts";
import { diskError, readSmallFile, removeFile, replaceFile, systemCode } from "./files.ts";
import { stringMember } from "./json-file.ts";

export type StagedAction = "create" | "update" | "delete";
export type StagedKind = "target" | "delegation" | "witness" | "role";

/** One change as the file says it; nothing of it has been checked against a collection. */
export interface StagedEntry {
  readonly action: StagedAction;
  /** The role it is about; `targets/*` in a delegation update: every delegation. */
  readonly scope: string;
  readonly kind: StagedKind;
  /** A target's name, or empty. */
  readonly path: string;
  /** JSON text, or empty. */
  readonly data: Uint8Array;
}

export interface StagedFile {
  /** The file's name: sorts in the order of staging. */
  readonly id: string;
  readonly entry: StagedEntry;
}

export interface ChangeList {
  /** In order. @throws config.invalid for a file that is no change, disk.unreadable */
  list(): Promise<readonly StagedFile[]>;
  /** Durable when this returns, all or none known by their ids. @throws disk.full, disk.read_only */
  add(entries: readonly StagedEntry[]): Promise<readonly string[]>;
  /** Those that are gone already are no error. @throws disk.read_only */
  remove(ids: readonly string[]): Promise<void>;
  /** Every change, readable or not; how many there were. @throws disk.* */
  clear(): Promise<number>;
}

const suffix = ".change";
/** A staged change is a target or a few keys; Notary's own has no limit. */
const maxEntryBytes = 1024 * 1024;
const maxEntries = 100_000;

/** The changes staged in `directory`, which is made when the first one is. */
export function openChangeList(directory: string, clock: Clock): ChangeList {
  return {
    async list() {
      const names = await namesIn(directory);
      return Promise.all(names.map(async (id) => ({ id, entry: await readEntry(join(directory, id)) })));
    },
    async add(entries) {
      const last = (await namesIn(directory)).at(-1);
      let stamp = later(BigInt(clock()) * 1_000_000n, last);
      const ids: string[] = [];
      for (const entry of entries) {
        const id = `${stamp.toString().padStart(20, "0")}_${randomUUID()}${suffix}`;
        await replaceFile(join(directory, id), encodeEntry(entry));
        ids.push(id);
        stamp += 1n;
      }
      return ids;
    },
    async remove(ids) {
      for (const id of ids) await removeFile(join(directory, plainName(id)));
    },
    async clear() {
      const names = await namesIn(directory);
      for (const name of names) await removeFile(join(directory, name));
      return names.length;
    },
  };
}

/** After everything that is staged, also when the clock has gone back. */
function later(now: bigint, last: string | undefined): bigint {
  const [, digits] = /^(\d{1,20})_/.exec(last ?? "") ?? [];
  const staged = digits === undefined ? -1n : BigInt(digits);
  return staged >= now ? staged + 1n : now;
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    const names = (await promises.readdir(directory)).filter((name) => name.endsWith(suffix));
    if (names.length <= maxEntries) return names.sort();
    throw new CountersignError("limit.exceeded", `${directory} holds ${names.length} staged changes`);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw diskError(error, "read", directory);
  }
}

/** An id names a file of the directory and nothing else. @throws usage.invalid */
function plainName(id: string): string {
  if (/^[^/\\]+\.change$/.test(id)) return id;
  throw new CountersignError("usage.invalid", `not a staged change: ${JSON.stringify(id.slice(0, 80))}`);
}

/** Go's member order, compact, as Notary writes it. */
function encodeEntry({ action, scope, kind, path, data }: StagedEntry): string {
  return JSON.stringify({ action, role: scope, type: kind, path, data: encodeBase64(data) });
}

async function readEntry(path: string): Promise<StagedEntry> {
  const bytes = await readSmallFile(path, { maxBytes: maxEntryBytes });
  const damaged = (cause?: unknown): CountersignError =>
    new CountersignError("config.invalid", `${path} is no staged change`, {
      cause,
      hints: ["countersign status lists what is staged, countersign reset drops it"],
    });
  if (bytes === undefined) throw damaged();
  try {
    const value = parseJson(bytes, { maxBytes: maxEntryBytes });
    if (isJsonObject(value)) return decodeEntry(value) ?? fail(damaged());
  } catch (error) {
    if (!isCountersignError(error) || error.code === "config.invalid") throw error;
    throw damaged(error);
  }
  throw damaged();
}

function decodeEntry(value: JsonObject): StagedEntry | undefined {
  const action = stringMember(value, "action");
  const kind = stringMember(value, "type");
  const scope = stringMember(value, "role");
  if (action !== "create" && action !== "update" && action !== "delete") return undefined;
  if (kind !== "target" && kind !== "delegation" && kind !== "witness" && kind !== "role") return undefined;
  if (scope === undefined) return undefined;
  // Go writes an absent byte slice as null.
  const data = decodeBase64(stringMember(value, "data") ?? "");
  return { action, scope, kind, path: stringMember(value, "path") ?? "", data };
}

function fail(error: CountersignError): never {
  throw error;
}
