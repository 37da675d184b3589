// Small secret files of the data directory: written whole or not at all, readable by their owner only.
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { CountersignError } from "../bytes/index.ts";

/** @throws disk.read_only, disk.full */
export function writePrivateFile(path: string, content: string): void {
  const temporary = `${path}.new`;
  try {
    const handle = openSync(temporary, "w", 0o600);
    try {
      writeSync(handle, content);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, path);
    const directory = openSync(dirname(path), "r");
    fsyncSync(directory);
    closeSync(directory);
  } catch (cause) {
    const isFull = cause instanceof Error && "code" in cause && cause.code === "ENOSPC";
    throw new CountersignError(isFull ? "disk.full" : "disk.read_only", `${path} cannot be written`, { cause });
  }
}
