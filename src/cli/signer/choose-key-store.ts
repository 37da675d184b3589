// Which database holds a signer's keys, and by which passphrases: from the command line, the environment and Notary's configuration.
import { join } from "node:path";
import { CountersignError } from "../../bytes/index.ts";
import { type Environment, locateHome } from "../../home/index.ts";
import type { NotaryConfig, NotarySignerSettings } from "../../notary-config/index.ts";
import type { PassphraseOf } from "../../notary-signer/index.ts";
import type { SignerKeyStore } from "../../storage/index.ts";
import type { Arguments } from "../command.ts";
import { databaseUrl } from "../serve/choose-storage.ts";
import { Overrides } from "../serve/overrides.ts";

export type KeyStoreChoice =
  | { readonly kind: "sqlite"; readonly dataDir: string }
  | { readonly kind: "postgres"; readonly url: string };

export interface KeyStoreSettings {
  readonly settings: NotarySignerSettings | undefined;
  readonly store: KeyStoreChoice;
  readonly passphraseOf: PassphraseOf;
  readonly overrides: Overrides;
}

/** @throws usage.invalid, config.invalid, disk.unreadable */
export async function chooseKeyStore(args: Arguments, env: Environment): Promise<KeyStoreSettings> {
  const config = await readConfig(args, env);
  const settings = config?.settings;
  const overrides = new Overrides(config);
  const { passphrasesFromEnvironment } = await import("../../notary-signer/index.ts");
  const ours = passphrasesFromEnvironment(env);
  return {
    settings,
    store: chooseStore(args, env, settings, overrides),
    passphraseOf: (alias) => ours(alias) ?? settings?.passphraseOf(alias),
    overrides,
  };
}

/** @throws storage.*, disk.*, tls.untrusted */
export async function openKeyStore(choice: KeyStoreChoice): Promise<SignerKeyStore> {
  const { openPostgresSignerKeys, openSqliteSignerKeys } = await import("../../storage/index.ts");
  return choice.kind === "sqlite" ? openSqliteSignerKeys(choice.dataDir) : openPostgresSignerKeys({ url: choice.url });
}

/** For people: where the keys are, without a password. */
export function describeKeyStore(choice: KeyStoreChoice): string {
  if (choice.kind === "sqlite") return choice.dataDir;
  const url = URL.parse(choice.url);
  return url === null ? "PostgreSQL" : `PostgreSQL ${url.host}${url.pathname}`;
}

async function readConfig(args: Arguments, env: Environment): Promise<NotaryConfig<NotarySignerSettings> | undefined> {
  const file = args.value("config");
  return file === undefined
    ? undefined
    : (await import("../../notary-config/index.ts")).readNotarySignerConfig(file, env);
}

function chooseStore(
  args: Arguments,
  env: Environment,
  settings: NotarySignerSettings | undefined,
  overrides: Overrides,
): KeyStoreChoice {
  const given = databaseUrl(args, env);
  const dataDir = args.value("data");
  if (given !== undefined) {
    if (dataDir !== undefined) throw wrong(`--data and ${given.by} exclude each other`);
    overrides.by(given.by, "storage.backend", "storage.db_url");
    return { kind: "postgres", url: given.url };
  }
  if (dataDir !== undefined) {
    overrides.by("--data", "storage.backend", "storage.db_url");
    return { kind: "sqlite", dataDir };
  }
  const usual: KeyStoreChoice = { kind: "sqlite", dataDir: join(locateHome(env).state, "signer") };
  if (settings === undefined) return usual;
  switch (settings.storage.kind) {
    case "postgres":
      overrides.note(
        "our keys are in the schema countersign_signer of that database; Notary's table, beside it, stays as it is",
      );
      return settings.storage;
    case "memory":
      overrides.note("keys in memory alone are not offered: they are kept, sealed, in the data directory");
      return usual;
    default:
      throw wrong(`${settings.storage.kind} cannot hold the keys of this signer`, [
        `bring them over: countersign signer import --config ${settings.configPath} --data DIR`,
        `then start on what was brought: countersign signer --config ${settings.configPath} --data DIR`,
        "or with --database URL instead of --data DIR, for PostgreSQL",
      ]);
  }
}

export function wrong(message: string, hints: readonly string[] = []): CountersignError {
  return new CountersignError("usage.invalid", message, { hints: [...hints, "more: countersign signer --help"] });
}
