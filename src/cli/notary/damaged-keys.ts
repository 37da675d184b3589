// Key files of the trust directory that are damaged: cut short by a full disk of another program's, or emptied by a crash. No list shows
// them, so that the other keys stay usable; whoever needs one of them, or brings it again, is told which file stands in the way.
import { join } from "node:path";
import { CountersignError, isCountersignError } from "../../bytes/index.ts";
import { type NotaryDirectory, readSmallFile } from "../../home/index.ts";
import { parseKeyFile } from "../../signers/index.ts";

const maxKeyFileBytes = 1024 * 1024;
/** An error that names more keys than this is not about the files of one machine. */
const maxIds = 16;

/** Whether the bytes are a key file as far as that can be seen without its passphrase. */
export function holdsKey(bytes: Uint8Array): boolean {
  try {
    return parseKeyFile(bytes).length > 0;
  } catch (error) {
    if (isCountersignError(error)) return false;
    throw error;
  }
}

export function damagedInPlace(id: string, path: string): CountersignError {
  return new CountersignError("key.format", `a damaged file is in the place of key ${id}`, { hints: [wayOut(path)] });
}

/** What to do about those of the keys named in `message` whose files are here and damaged. */
export async function adviceOnDamagedKeys({ keys }: NotaryDirectory, message: string): Promise<readonly string[]> {
  const ids = new Set([...message.matchAll(/\b[0-9a-f]{64}\b/g)].map(([id]) => id));
  const advice: string[] = [];
  for (const id of [...ids].slice(0, maxIds)) {
    const path = join(keys, `${id}.key`);
    try {
      const bytes = await readSmallFile(path, { maxBytes: maxKeyFileBytes });
      if (bytes !== undefined && !holdsKey(bytes)) advice.push(wayOut(path));
    } catch (error) {
      if (!isCountersignError(error)) throw error;
      advice.push(`${error.message}: see its owner and mode`);
    }
  }
  return advice;
}

function wayOut(path: string): string {
  return `${path} is damaged: move it away, then bring the key from a backup with notary key import FILE`;
}
