// The archive of evidence (docs/import.md): a directory with a folder a collection, named by the collection's encoded name, in which
// `<sha256>.bundle` holds the documents and `record.json` says which bundle counts, where it came from and what was made of it. A bundle
// is on disk before the record names it, each file is whole or absent, and no bundle is ever deleted: a kill leaves the state before.
import { promises } from "node:fs";
import { join } from "node:path";
import {
  CountersignError,
  encodeHex,
  type Gun,
  isCountersignError,
  isJsonObject,
  type JsonObject,
  parseGun,
  parseJson,
  sha256,
} from "../bytes/index.ts";
import { diskError, encodeFileName, readSmallFile, replaceFile, systemCode, withLock } from "../home/index.ts";
import { decodeRecord, type EvidenceRecord, encodeRecord } from "./record.ts";

export interface Archive {
  readonly path: string;
  /** Names of which something is kept, sorted. @throws disk.unreadable, config.invalid */
  collections(): Promise<readonly Gun[]>;
  /** undefined: nothing is kept of it. @throws config.invalid, disk.unreadable */
  record(gun: Gun): Promise<EvidenceRecord | undefined>;
  /** The bundle's bytes. @throws bundle.invalid when it is not the one of the record, disk.unreadable */
  evidence(record: EvidenceRecord): Promise<Uint8Array>;
  /** @throws disk.full, disk.read_only */
  keep(record: EvidenceRecord, bundle?: Uint8Array): Promise<void>;
  /** Runs `work` while no other import uses this archive. @throws storage.locked, disk.* */
  whileImporting<T>(work: () => Promise<T>): Promise<T>;
}

const maxRecordBytes = 1024 * 1024;
const maxBundleBytes = 512 * 1024 * 1024;

/** Nothing is created before something is written. */
export function openArchive(path: string): Archive {
  const folder = (gun: Gun): string => join(path, encodeFileName(gun));
  const recordFile = (directory: string): string => join(directory, "record.json");
  const read = async (directory: string): Promise<EvidenceRecord | undefined> => {
    const bytes = await readSmallFile(recordFile(directory), { maxBytes: maxRecordBytes });
    if (bytes === undefined) return undefined;
    return decodeRecord(parsed(recordFile(directory), bytes), recordFile(directory));
  };
  return {
    path,
    async collections() {
      const names: Gun[] = [];
      for (const entry of await directoriesIn(path)) {
        const record = await read(join(path, entry));
        // A name inside another's folder could pass for it.
        if (record !== undefined && encodeFileName(record.gun) === entry) names.push(parseGun(record.gun));
        else if (record !== undefined) throw damaged(join(path, entry), "its record is of another collection");
      }
      return names.sort();
    },
    async record(gun) {
      const record = await read(folder(gun));
      if (record !== undefined && record.gun !== gun) throw damaged(folder(gun), "its record is of another collection");
      return record;
    },
    async evidence(record) {
      const file = join(folder(record.gun), `${record.evidence}.bundle`);
      const bytes = await readSmallFile(file, { maxBytes: maxBundleBytes });
      if (bytes !== undefined && encodeHex(sha256(bytes)) === record.evidence) return bytes;
      throw new CountersignError(
        "bundle.invalid",
        bytes === undefined ? `${file} is not there` : `${file} is not what its record says: it was changed`,
        { hints: ["take a copy of the archive from before, or import the collection again into another archive"] },
      );
    },
    async keep(record, bundle) {
      if (bundle !== undefined) await replaceFile(join(folder(record.gun), `${record.evidence}.bundle`), bundle);
      await replaceFile(recordFile(folder(record.gun)), `${JSON.stringify(encodeRecord(record), undefined, 2)}\n`);
    },
    whileImporting: (work) => withLock(join(path, ".lock"), work, { timeoutMs: 1_000 }),
  };
}

function parsed(path: string, bytes: Uint8Array): JsonObject {
  try {
    const value = parseJson(bytes, { maxBytes: maxRecordBytes });
    if (isJsonObject(value)) return value;
  } catch (error) {
    if (!isCountersignError(error)) throw error;
    throw damaged(path, error.message, error);
  }
  throw damaged(path, "it is not a JSON object");
}

function damaged(path: string, why: string, cause?: unknown): CountersignError {
  return new CountersignError("config.invalid", `${path} cannot be used: ${why}`, {
    cause,
    hints: ["move that folder away and import the collection again"],
  });
}

async function directoriesIn(path: string): Promise<readonly string[]> {
  try {
    const entries = await promises.readdir(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    if (systemCode(error) === "ENOENT") {
      throw new CountersignError("disk.unreadable", `there is no archive ${path}`, { cause: error });
    }
    throw diskError(error, "read", path);
  }
}
