// The keys of a Notary signer's database, brought into ours: opened with the passphrase of their alias, compared with their public half,
// sealed under ours. Notary's table is only read. What cannot be taken is told key by key and stops nothing else. notary-v1, section 10.
import { CountersignError, isCountersignError } from "../../bytes/index.ts";
import type { NotarySignerSource } from "../../migrate/index.ts";
import type { NotarySignerSettings } from "../../notary-config/index.ts";
import type { PassphraseOf, SignerKeys } from "../../notary-signer/index.ts";
import type { SignerKeyStore } from "../../storage/index.ts";
import { type KeyStoreChoice, wrong } from "./choose-key-store.ts";

export interface ImportedNotaryKeys {
  readonly found: number;
  readonly imported: number;
  /** Were here before. */
  readonly already: number;
  readonly refused: readonly {
    readonly keyId: string;
    readonly gun: string;
    readonly role: string;
    readonly reason: string;
  }[];
}

/** Rows read with their secrets at once. */
const batch = 100;
/** How many of Notary's newest keys a start looks for among ours. */
const sample = 200;

/** @throws usage.invalid when the configuration names no database that can be read, storage.unavailable, migrate.source_invalid */
export async function openNotaryKeys(settings: NotarySignerSettings): Promise<NotarySignerSource> {
  const { openSignerTables, parseDatabaseAddress } = await import("../../migrate/index.ts");
  const { storage } = settings;
  if (storage.kind === "postgres") return openSignerTables(parseDatabaseAddress(storage.url));
  if (storage.kind === "mysql") return openSignerTables(parseDatabaseAddress(storage.dsn));
  throw wrong(`the keys of a signer that keeps them in ${storage.kind} cannot be read from outside`, [
    "PostgreSQL, MySQL and MariaDB can",
  ]);
}

export async function importNotaryKeys(
  source: NotarySignerSource,
  keys: SignerKeys,
  passphraseOf: PassphraseOf,
  onProgress: (done: number, of: number) => void,
): Promise<ImportedNotaryKeys> {
  const { openPrivateKey } = await import("../../migrate/index.ts");
  const rows = (await source.keys()).filter(({ isDeleted }) => !isDeleted);
  const refused: ImportedNotaryKeys["refused"][number][] = [];
  let imported = 0;
  let already = 0;
  for (let at = 0; at < rows.length; at += batch) {
    onProgress(at, rows.length);
    const page = rows.slice(at, at + batch);
    const material = await source.material(page.map(({ id }) => id));
    for (const row of page) {
      try {
        // Used at the old signer since an earlier run: else it would be given out as new for a rotation, which would change nothing.
        if (await keys.noteUse(row.keyId, row.lastUsed)) {
          already++;
          continue;
        }
        const secret = material.get(row.id);
        if (secret === undefined) throw new CountersignError("key.missing", "its row was deleted meanwhile");
        const { privateKey } = await openPrivateKey(row, secret, passphraseOf);
        const { keyId, gun, role, lastUsed, createdAt = 0 } = row;
        await keys.importKey({ keyId, gun, role, privateKey, createdAt, usedAt: lastUsed });
        imported++;
      } catch (error) {
        if (!isCountersignError(error) || !(error.kind === "key" || error.kind === "untrusted")) throw error;
        refused.push({ keyId: row.keyId, gun: row.gun, role: row.role, reason: `${error.message} [${error.code}]` });
      }
    }
  }
  return { found: rows.length, imported, already, refused };
}

/**
 * A signer that takes the place of Notary's without its keys would let every collection die with its timestamp. Looks for the newest
 * of Notary's keys among ours. Where ours are elsewhere Notary's database may have been switched off since, which is no reason not to
 * start: then why nobody could look is given, else undefined. @throws key.missing, storage.*
 */
export async function requireNotaryKeys(
  settings: NotarySignerSettings,
  choice: KeyStoreChoice,
  store: SignerKeyStore,
): Promise<string | undefined> {
  const { storage } = settings;
  if (storage.kind !== "postgres" && storage.kind !== "mysql") return undefined;
  let newest: readonly string[];
  try {
    newest = await newestKeys(settings);
  } catch (error) {
    const isBeside = choice.kind === "postgres" && storage.kind === "postgres" && choice.url === storage.url;
    if (isBeside || !isCountersignError(error, "storage.unavailable")) throw error;
    return error.message;
  }
  for (const keyId of newest) {
    if ((await store.key(keyId)) !== undefined) continue;
    throw new CountersignError(
      "key.missing",
      `the database of ${settings.configPath} holds keys of Notary that were not brought over, for example ${keyId}`,
      {
        hints: [
          `bring them over: countersign signer import --config ${settings.configPath}${dataOption(choice)}`,
          "or start without them: --leave-notary-keys",
        ],
      },
    );
  }
  return undefined;
}

/** A URL may hold a password: left to whoever gave it. */
function dataOption(choice: KeyStoreChoice): string {
  return choice.kind === "sqlite" ? ` --data ${choice.dataDir}` : "";
}

async function newestKeys(settings: NotarySignerSettings): Promise<readonly string[]> {
  await using source = await openNotaryKeys(settings);
  try {
    const rows = await source.keys();
    return rows
      .filter(({ isDeleted }) => !isDeleted)
      .slice(-sample)
      .map(({ keyId }) => keyId);
  } catch (error) {
    // No table of Notary's: a database that only we have used.
    if (isCountersignError(error, "migrate.source_invalid")) return [];
    throw error;
  }
}
