// A lock between processes for read-change-write on one file: a lock file that names its owner's pid, linked into place so that it is
// never seen empty. A lock whose owner died is taken over; the stale file is renamed away first, so that two waiters cannot both win it.
import { randomBytes } from "node:crypto";
import { promises } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { CountersignError } from "../bytes/index.ts";
import { diskError, systemCode } from "./files.ts";

export interface LockOptions {
  /** How long to wait for another process, in milliseconds; 10 s unless told. */
  readonly timeoutMs?: number;
}

/** Runs `work` while holding the lock file at `path`. @throws storage.locked when another process keeps it, disk.* */
export async function withLock<T>(path: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  const timeoutMs = options.timeoutMs ?? 10_000;
  const owner = `${process.pid} ${hostname()} ${randomBytes(8).toString("hex")}`;
  const started = performance.now();
  while (!(await tryAcquire(path, owner))) {
    if (performance.now() - started > timeoutMs) {
      throw new CountersignError("storage.locked", `another process holds ${path}`, {
        hints: ["wait for the other countersign command to finish", "if none runs, delete that file"],
      });
    }
    // Loaded when it is needed: most commands take no lock.
    await process.getBuiltinModule("node:timers/promises").setTimeout(10 + Math.random() * 20);
  }
  try {
    return await work();
  } finally {
    await promises.rm(path, { force: true }).catch(() => undefined);
  }
}

async function tryAcquire(path: string, owner: string): Promise<boolean> {
  const claim = `${path}.${randomBytes(8).toString("hex")}`;
  try {
    await promises.mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await promises.writeFile(claim, owner, { mode: 0o600, flag: "wx" });
    await promises.link(claim, path);
    return true;
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw diskError(error, "write", path);
    await removeIfStale(path);
    return false;
  } finally {
    await promises.rm(claim, { force: true }).catch(() => undefined);
  }
}

async function removeIfStale(path: string): Promise<void> {
  const before = await promises.readFile(path, "utf8").catch(() => undefined);
  if (before === undefined || !isDead(before)) return;
  const grave = `${path}.${randomBytes(8).toString("hex")}`;
  try {
    await promises.rename(path, grave);
    const moved = await promises.readFile(grave, "utf8");
    // Somebody else took over between the look and the rename: give the live lock back.
    if (moved !== before) await promises.rename(grave, path);
    else await promises.rm(grave, { force: true });
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw diskError(error, "write", path);
  }
}

/** Dead: written on this machine by a process that is no more. Owners on other machines are never judged. */
function isDead(owner: string): boolean {
  const match = /^([0-9]+) (\S+) [0-9a-f]+$/.exec(owner);
  if (match === null || match[2] !== hostname()) return false;
  try {
    process.kill(Number(match[1]), 0);
    return false;
  } catch (error) {
    return systemCode(error) === "ESRCH";
  }
}
