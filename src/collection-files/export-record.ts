// What an exported tree says of itself, in a file beside it that readers never ask for: whose collection it is, and until when files of
// old states stay. A client that has fetched the old timestamp may come back for what that leads to, until it has expired.
import { promises } from "node:fs";
import { join } from "node:path";
import {
  CountersignError,
  decodeInteger,
  decodeMember,
  decodeObject,
  decodeString,
  encodeUtf8,
  type Gun,
  isCountersignError,
  jsonPath,
  parseJson,
} from "../bytes/index.ts";
import { diskError, removeFile, systemCode } from "../home/index.ts";
import { readTreeFile, treeFiles, writeTreeFile } from "./tree-files.ts";
import { isLeftOver, isOurs } from "./tree-paths.ts";

const recordFile = ".countersign-export.json";
const maxRecordBytes = 64 * 1024 * 1024;

interface ExportRecord {
  readonly gun: string;
  /** Path -> milliseconds since the epoch. */
  readonly retired: ReadonlyMap<string, number>;
}

/** True: a tree of this collection. False: an empty directory, or none. @throws usage.invalid for anything else */
export async function isExported(directory: string, gun: Gun): Promise<boolean> {
  const record = await readRecord(directory);
  if (record !== undefined) {
    if (record.gun === gun) return true;
    throw new CountersignError("usage.invalid", `${directory} is the exported tree of ${record.gun}`, {
      hints: ["one directory for each collection"],
    });
  }
  try {
    if ((await promises.readdir(directory)).every((name) => name.startsWith(".countersign-export"))) return false;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    throw diskError(error, "read", directory);
  }
  throw new CountersignError("usage.invalid", `${directory} holds other files, and is no tree that was exported`, {
    hints: ["name an empty directory, or one that does not exist"],
  });
}

export async function markExported(directory: string, gun: Gun): Promise<void> {
  await writeRecord(directory, { gun, retired: new Map() });
}

/**
 * Takes away what no longer leads anywhere; what was in use until now stays until `until` (milliseconds since the epoch). The number of
 * files removed. @throws disk.*
 */
export async function retire(
  directory: string,
  gun: Gun,
  wanted: ReadonlySet<string>,
  { now, until, keepsArtifacts }: { readonly now: number; readonly until: number; readonly keepsArtifacts: boolean },
): Promise<number> {
  const before = (await readRecord(directory))?.retired ?? new Map<string, number>();
  const retired = new Map<string, number>();
  const folders = keepsArtifacts ? ["metadata"] : ["metadata", "targets"];
  const present = (await Promise.all(folders.map((folder) => treeFiles(directory, folder)))).flat();
  const over: string[] = [];
  for (const path of present) {
    if (isLeftOver(path)) over.push(path);
    if (wanted.has(path) || !isOurs(path)) continue;
    const end = before.get(path) ?? until;
    if (end > now) retired.set(path, end);
    else over.push(path);
  }
  await writeRecord(directory, { gun, retired });
  for (const path of over) await removeFile(join(directory, path));
  return over.length;
}

async function readRecord(directory: string): Promise<ExportRecord | undefined> {
  const bytes = await readTreeFile(directory, recordFile, maxRecordBytes);
  if (bytes === undefined) return undefined;
  try {
    const record = decodeObject(parseJson(bytes), jsonPath("record"));
    const retired = decodeMember(record, "retired", decodeObject, jsonPath("record"));
    const decodeTime = decodeInteger(0);
    const times = Object.entries(retired).map(([path, value]): [string, number] => [
      path,
      decodeTime(value, jsonPath(path)),
    ]);
    return { gun: decodeMember(record, "gun", decodeString, jsonPath("record")), retired: new Map(times) };
  } catch (cause) {
    if (!isCountersignError(cause)) throw cause;
    throw new CountersignError("config.invalid", `${join(directory, recordFile)} cannot be read: ${cause.message}`, {
      cause,
      hints: ["export into a new directory"],
    });
  }
}

async function writeRecord(directory: string, { gun, retired }: ExportRecord): Promise<void> {
  const text = JSON.stringify({ gun, retired: Object.fromEntries(retired) });
  await writeTreeFile(directory, recordFile, encodeUtf8(text));
}
