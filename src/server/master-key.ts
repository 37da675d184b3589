// The one secret that opens all server keys: 32 random bytes in a file of its own (0600), made at first start, or a file that the
// operator keeps elsewhere (a mounted secret). It is never printed, and never made anew beside a database that holds keys.
import { createSecretKey, randomBytes } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { CountersignError } from "../bytes/index.ts";
import { databaseFileName } from "../storage/index.ts";
import type { MasterKey } from "./key-sealing.ts";
import { writePrivateFile } from "./private-file.ts";

const keyBytes = 32;
export const masterKeyFileName = "master.key";

/**
 * Reads `path`, or `<dataDir>/master.key`, which is made if there is neither it nor a database yet.
 * @throws key.missing, key.format, disk.unreadable, disk.read_only
 */
export function openMasterKey(dataDir: string, path?: string): MasterKey {
  const file = path ?? join(dataDir, masterKeyFileName);
  if (path === undefined && !exists(file)) {
    if (exists(join(dataDir, databaseFileName))) {
      throw new CountersignError("key.missing", `there is no ${file}, and keys in this data directory may need it`, {
        hints: [
          "restore the file from the backup of this data directory",
          "or name the file that holds it now: --master-key FILE",
          "or, if this server's keys are at a signer, name that: --signer HOST:PORT, or trust_service in the configuration",
        ],
      });
    }
    writePrivateFile(file, `${randomBytes(keyBytes).toString("hex")}\n`);
  }
  return createSecretKey(parseKey(readKeyFile(file), file));
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function readKeyFile(file: string): Buffer {
  try {
    const mode = statSync(file).mode;
    if ((mode & 0o077) !== 0) {
      throw new CountersignError("key.format", `${file} can be read by others (mode ${(mode & 0o777).toString(8)})`, {
        hints: [`chmod 600 ${file}`],
      });
    }
    return readFileSync(file);
  } catch (cause) {
    if (cause instanceof CountersignError) throw cause;
    throw new CountersignError("disk.unreadable", `the master key ${file} cannot be read`, { cause });
  }
}

/** 32 raw bytes, or 64 hex digits with or without a line end. */
function parseKey(content: Buffer, file: string): Buffer {
  if (content.length === keyBytes) return content;
  const text = content.toString("latin1").trim();
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, "hex");
  throw new CountersignError("key.format", `${file} is no master key: expected 32 bytes or 64 hex digits`, {
    hints: ["restore the file from the backup of this data directory"],
  });
}
