// SQLite's result codes (sqlite.org/rescode.html) as our errors: what the operator must do differs between a full disk, a
// read-only one, a damaged file and a second server.
import { CountersignError } from "../../bytes/index.ts";

const busy = 5;
const locked = 6;
const readOnly = 8;
const ioError = 10;
const corrupt = 11;
const full = 13;
const cannotOpen = 14;
const constraint = 19;
const notDatabase = 26;

/** The primary result code of an error thrown by node:sqlite; undefined for any other error. */
export function sqliteResultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return undefined;
  return error.errcode & 0xff;
}

/** A coded error that names the database; anything already coded passes through. */
export function toStorageError(error: unknown, path: string): CountersignError {
  if (error instanceof CountersignError) return error;
  const cause = error;
  switch (sqliteResultCode(error)) {
    case busy:
    case locked:
      return new CountersignError("storage.locked", `another process is using ${path}`, {
        cause,
        hints: ["stop the other server, or give this one its own data directory"],
      });
    case readOnly:
      return new CountersignError("disk.read_only", `${path} cannot be written`, {
        cause,
        hints: ["check the owner and the permissions of the data directory, and how its disk is mounted"],
      });
    case full:
      return new CountersignError("disk.full", `no space left for ${path}; nothing was changed`, {
        cause,
        hints: ["free some space; publishing works again as soon as there is some"],
      });
    case corrupt:
    case notDatabase:
      return corruptDatabase(path, "SQLite cannot read it", cause);
    case cannotOpen:
      return new CountersignError("disk.unreadable", `${path} cannot be opened`, {
        cause,
        hints: ["check that the data directory exists and that this user may read and write it"],
      });
    case constraint:
      return new CountersignError("storage.conflict", "a document of that version is already stored", { cause });
    case ioError:
      return new CountersignError("storage.unavailable", `the disk failed while using ${path}`, {
        cause,
        hints: ["look at the system log for disk errors"],
      });
    default:
      return new CountersignError("storage.unavailable", `the database ${path} failed`, { cause });
  }
}

export function corruptDatabase(path: string, finding: string, cause?: unknown): CountersignError {
  return new CountersignError("storage.corrupt", `${path} is damaged: ${finding.slice(0, 200)}`, {
    cause,
    hints: [
      "keep a copy of the whole data directory before anything else",
      "restore the directory from a backup; publishers then publish once more what came after it",
    ],
  });
}
