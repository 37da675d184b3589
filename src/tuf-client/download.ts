// A target as a file: fetched within its listed length, hashed as it comes, renamed to its place only when length and every hash that we
// can check are right (TUF 1.0.34, 5.7). Its name is one encoded component of the given directory, so no path of a repository can
// lead out of it; a link that lies in its place is replaced, never followed.
import { createHash, randomBytes } from "node:crypto";
import { constants, promises } from "node:fs";
import { join } from "node:path";
import { CountersignError, encodeHex, equalBytes, type HashAlgorithm } from "../bytes/index.ts";
import { diskError, systemCode } from "../home/index.ts";
import { openBody } from "./fetch-bytes.ts";
import { fileNameOf } from "./file-names.ts";
import { targetUrl } from "./repository-urls.ts";
import type { Session } from "./session.ts";
import type { TufTarget } from "./target.ts";

export interface DownloadedTarget {
  readonly target: TufTarget;
  readonly file: string;
  /** True: the file was there already and is the right one; nothing was asked for. */
  readonly isCached: boolean;
}

const algorithms: readonly HashAlgorithm[] = ["sha256", "sha512"];

/** `target` as a file of `directory`, which is made if need be. @throws target.unsafe, target.invalid, target.mismatch, download.*, disk.* */
export async function downloadTarget(
  session: Session,
  target: TufTarget,
  directory: string,
  consistent: boolean,
): Promise<DownloadedTarget> {
  const name = fileNameOf(target.path);
  const file = join(directory, name);
  try {
    await promises.mkdir(directory, { recursive: true });
    await refuseOtherSpelling(directory, name, target.path);
    if (await isTargetFile(file, target)) return { target, file, isCached: true };
  } catch (error) {
    throw diskError(error, "write", file);
  }
  await fetchTarget(session, target, consistent, file);
  return { target, file, isCached: false };
}

/** Puts the verified bytes of a target at `file`, whole or not at all; its directory must be there. */
export async function fetchTarget(
  session: Session,
  target: TufTarget,
  consistent: boolean,
  file: string,
): Promise<void> {
  const { limits, transport, signal } = session;
  const url = targetUrl(session.targetsBase(), target.path, consistent ? requireHash(target) : undefined);
  requireHash(target);
  session.onStep(target.path);
  const totalMs = limits.documentMs + Math.ceil(target.length / limits.targetBytesPerSecond) * 1000;
  const request = { url, maxBytes: target.length, totalMs, idleMs: limits.idleMs, signal };
  const body = await openBody(transport, request);
  if (body === undefined) {
    throw new CountersignError("download.missing", `the repository lists ${quoted(target.path)} and does not have it`);
  }
  const temporary = `${file}.new-${randomBytes(8).toString("hex")}`;
  try {
    await writeVerified(temporary, body, target);
    await promises.rename(temporary, file);
  } catch (error) {
    await promises.rm(temporary, { force: true }).catch(() => undefined);
    throw diskError(error, "write", file);
  }
}

async function writeVerified(file: string, body: AsyncIterable<Uint8Array>, target: TufTarget): Promise<void> {
  await using handle = await promises.open(file, "wx");
  const check = startCheck(target);
  for await (const chunk of body) {
    check.add(chunk);
    await handle.writeFile(chunk);
  }
  const fault = check.fault();
  if (fault !== undefined) {
    throw new CountersignError("target.mismatch", `what the repository serves as ${quoted(target.path)} ${fault}`, {
      hints: ["a mirror is damaged or lags, or somebody replaced the file: nothing of it was kept"],
    });
  }
  await handle.sync();
}

/** True when a regular file is there and is the target to the byte. */
export async function isTargetFile(file: string, target: TufTarget): Promise<boolean> {
  let handle: promises.FileHandle;
  try {
    handle = await promises.open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (["ENOENT", "ELOOP", "EISDIR", "ENXIO"].includes(systemCode(error) ?? "")) return false;
    throw error;
  }
  await using open = handle;
  const found = await open.stat();
  if (!found.isFile() || found.size !== target.length) return false;
  const check = startCheck(target);
  for await (const chunk of open.createReadStream({ autoClose: false })) check.add(chunk);
  return check.fault() === undefined;
}

/** Length and hashes of bytes as they come. */
function startCheck(target: TufTarget): { add(chunk: Uint8Array): void; fault(): string | undefined } {
  const running = algorithms.flatMap((algorithm) => {
    const listed = target.hashes.get(algorithm);
    return listed === undefined ? [] : [{ algorithm, listed, hash: createHash(algorithm) }];
  });
  let length = 0;
  return {
    add(chunk) {
      length += chunk.length;
      for (const { hash } of running) hash.update(chunk);
    },
    fault() {
      if (length !== target.length) return `has ${length} bytes instead of ${target.length}`;
      const wrong = running.find(({ hash, listed }) => !equalBytes(new Uint8Array(hash.digest()), listed));
      if (wrong !== undefined) return `has another ${wrong.algorithm} than the metadata lists`;
      return running.length === 0 ? "cannot be checked" : undefined;
    },
  };
}

/** A listed hash that we can check, in hex: the prefix of the file's name with consistent snapshots. */
function requireHash(target: TufTarget): string {
  for (const algorithm of algorithms) {
    const listed = target.hashes.get(algorithm);
    if (listed !== undefined) return encodeHex(listed);
  }
  throw new CountersignError(
    "target.invalid",
    `${quoted(target.path)} lists neither sha256 nor sha512: it cannot be verified`,
  );
}

/** On a disk that folds case `A` and `a` are one file; the second must not silently become the first. */
export async function refuseOtherSpelling(directory: string, name: string, path: string): Promise<void> {
  try {
    await promises.lstat(join(directory, name));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return;
    throw error;
  }
  if ((await promises.readdir(directory)).includes(name)) return;
  throw new CountersignError("target.unsafe", `the file of another target stands where ${quoted(path)} would go`, {
    hints: ["this disk does not tell upper from lower case: use another directory"],
  });
}

function quoted(path: string): string {
  return JSON.stringify(path.slice(0, 200));
}
