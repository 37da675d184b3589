// What the operating system says about a key directory, as coded errors that name the path. Never the content of a file.
import { CountersignError } from "../bytes/index.ts";

/** The `code` of a Node system error (`ENOENT`, ...), or undefined. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** disk.full or disk.read_only; anything else is disk.read_only as well, with the cause kept. */
export function writeFailure(path: string, cause: unknown): CountersignError {
  const code = systemCode(cause);
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new CountersignError("disk.full", `no space left for ${path}`, {
      hints: ["free some space and run the command again; nothing was changed"],
      cause,
    });
  }
  return new CountersignError("disk.read_only", `cannot write ${path} (${code ?? "unknown reason"})`, {
    hints: ["check who owns the directory and whether it is mounted read-only"],
    cause,
  });
}

export function readFailure(path: string, cause: unknown): CountersignError {
  return new CountersignError("disk.unreadable", `cannot read ${path} (${systemCode(cause) ?? "unknown reason"})`, {
    hints: ["check who owns the file and its mode"],
    cause,
  });
}
