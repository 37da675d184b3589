#!/usr/bin/env node
// The published program's first file, kept tiny: it refuses a Node that is too old in words, and runs the file that has the command
// asked for with its compiled code from the last time, which is most of a warm start.
// That code is kept in the user's own directory and never in the shared temp directory, Node's default: V8 runs it as it finds it, so
// whoever could write there could run code as us; a file that somebody else owns or could have written is not used.
// Node's own cache serves the commands nobody waits for. It keeps only what is compiled while a file is loaded; for the quick ones
// (quick-commands.ts) the record is taken when the command is done, so that every function it needed is in it. The second run's record
// replaces the first one's: the first run fetches what the second one finds held. A record stands behind its hash, because V8 takes a
// damaged one for good and crashes. Hashing needs node:crypto, so `version`, which does not load that anyway, is left to Node's cache.
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire, enableCompileCache, wrap } from "node:module";
import { homedir } from "node:os";
import { basename, isAbsolute, join } from "node:path";
import { Script } from "node:vm";

/** File by command; the build fills it in. */
declare const quickFiles: Readonly<Record<string, string>>;

const hashBytes = 32;

if (Number.parseInt(process.versions.node, 10) < 24) {
  process.stderr.write(`countersign: needs Node.js 24 or newer, this is ${process.versions.node}\n`);
  process.exit(70);
}
// Under the name `notary` every word belongs to Notary's command line.
const isNotary = basename(process.argv[1] ?? "") === "notary";
const name = isNotary ? "notary" : process.argv[2] === "--version" ? "version" : (process.argv[2] ?? "");
const quick = Object.hasOwn(quickFiles, name) ? quickFiles[name] : undefined;
if (quick === undefined || name === "version") runProgram(quick ?? "program.cjs");
else runQuick(quick);

function runProgram(file: string): void {
  try {
    const directory = cacheDirectory();
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    chmodSync(directory, 0o700);
    enableCompileCache(directory);
  } catch {
    // No home or a read-only one: only slower.
  }
  // Beside this file, where the build puts src/cli/main.ts and all that it needs.
  createRequire(__filename)(`./${file}`);
}

function runQuick(file: string): void {
  const path = join(__dirname, file);
  // The build writes ASCII only, which latin1 reads without decoding.
  const source = wrap(readFileSync(path, "latin1"));
  const record = join(cacheDirectory(), `${file}.${process.version}-${process.arch}`);
  const settled = readRecord(`${record}.2`);
  const first = settled === undefined ? readRecord(`${record}.1`) : undefined;
  const cachedData = settled ?? first;
  const script = new Script(source, {
    filename: path,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  const isUsed = cachedData !== undefined && script.cachedDataRejected !== true;
  if (!isUsed || settled === undefined) {
    process.once("exit", (status) => {
      // A run that failed has compiled the wrong half.
      if (status === 0) writeRecord(`${record}.${isUsed ? 2 : 1}`, script, isUsed ? `${record}.1` : `${record}.2`);
    });
  }
  const load: unknown = script.runInThisContext();
  const own = { exports: {} };
  if (typeof load === "function") load(own.exports, createRequire(path), own, path, __dirname);
}

function cacheDirectory(): string {
  const home = process.env.COUNTERSIGN_HOME;
  const xdg = process.env.XDG_CACHE_HOME;
  const own = home
    ? join(home, "cache")
    : join(xdg && isAbsolute(xdg) ? xdg : join(homedir(), ".cache"), "countersign");
  return join(own, ".compiled");
}

function hashOf(code: Buffer): Buffer {
  return process.getBuiltinModule("node:crypto").hash("sha256", code, "buffer");
}

/** undefined: not there, not ours alone, or damaged. */
function readRecord(path: string): Buffer | undefined {
  try {
    const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    try {
      const { uid, mode, size } = fstatSync(descriptor);
      const isOurs = process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0);
      if (!isOurs || size > 16 * 1024 * 1024) return undefined;
      const bytes = Buffer.allocUnsafeSlow(size);
      if (readSync(descriptor, bytes, 0, size, 0) !== size) return undefined;
      const code = bytes.subarray(hashBytes);
      return code.length > 0 && hashOf(code).equals(bytes.subarray(0, hashBytes)) ? code : undefined;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
}

function writeRecord(path: string, script: Script, outdated: string): void {
  try {
    const directory = cacheDirectory();
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    chmodSync(directory, 0o700);
    const temporary = `${path}.${process.pid}`;
    const code = script.createCachedData();
    writeFileSync(temporary, Buffer.concat([hashOf(code), code]), { mode: 0o600, flag: "wx" });
    renameSync(temporary, path);
    rmSync(outdated, { force: true });
  } catch {
    // No home, a read-only one, or no room: only slower.
  }
}
