// Where a migration goes: the very place in which `countersign serve` with the same options will look, so that nobody migrates into one
// database and serves another. In a dry run nothing of it is opened.
import { join } from "node:path";
import { CountersignError } from "../../bytes/index.ts";
import { locateHome } from "../../home/index.ts";
import type { KeyDestination } from "../../migrate/index.ts";
import type { NotaryServerSettings, NotarySignerSettings } from "../../notary-config/index.ts";
import type { StorageChoice } from "../../server/index.ts";
import type { SignerKeyStore, Storage } from "../../storage/index.ts";
import type { Context, OptionSpec } from "../command.ts";
import { chooseStorage } from "../serve/choose-storage.ts";
import { wrong } from "../serve/option-values.ts";
import { Overrides } from "../serve/overrides.ts";

const place = "where it goes, as for serve";
const keys = "where the keys go";

export const destinationOptions: readonly OptionSpec[] = [
  { name: "data", value: "DIR", isFile: true, group: place, text: "the data directory of the new server" },
  {
    name: "database",
    value: "URL",
    group: place,
    text: "PostgreSQL instead of SQLite; the password in COUNTERSIGN_DATABASE, PGPASSWORD or --database-file",
  },
  { name: "database-file", value: "FILE", isFile: true, group: place, text: "a file that holds the URL" },
  {
    name: "master-key",
    value: "FILE",
    isFile: true,
    group: place,
    text: "the key that seals the keys of the new server; in the data directory unless given",
  },
  {
    name: "own-keys",
    group: keys,
    text: "to the new server itself, sealed; what is done unless --config names a signer",
  },
  { name: "keep-signer", group: keys, text: "they stay: the new server goes on asking notary-signer" },
  {
    name: "to-signer",
    value: "DIR|URL",
    isFile: true,
    group: keys,
    text: "to countersign signer: its data directory, or its PostgreSQL with the password in PGPASSWORD",
  },
  {
    name: "signer-alias",
    value: "NAME",
    group: keys,
    text: "with --to-signer: the passphrase alias that seals them; default_alias of --signer-config unless given",
  },
];

export interface Destination extends AsyncDisposable {
  readonly description: string;
  /** undefined in a dry run. */
  readonly storage: Storage | undefined;
  readonly keys: KeyDestination;
}

export interface NotarySettings {
  readonly server: NotaryServerSettings | undefined;
  readonly signer: NotarySignerSettings | undefined;
}

/** @throws usage.invalid, storage.*, disk.*, key.* */
export async function openDestination({ args, env, clock }: Context, settings: NotarySettings): Promise<Destination> {
  await using opened = new AsyncDisposableStack();
  const choice = chooseStorage(args, env, settings.server, new Overrides(undefined));
  const dataDir = args.value("data") ?? join(locateHome(env).state, "server");
  const way = keysWay({ args }, settings);
  const masterKeyPath = args.value("master-key");
  const sealedWith = way.kind === "own" ? `, keys sealed with ${masterKeyPath ?? join(dataDir, "master.key")}` : "";
  const description = choice.kind === "sqlite" ? dataDir : `${await describePostgres(choice)}${sealedWith}`;
  const { intoSignerKeys, keptBySigner, nowhere, sealedUnder } = await import("../../migrate/index.ts");
  if (args.flag("dry-run")) {
    const destination = way.kind === "kept" ? keptBySigner : nowhere;
    return { description, storage: undefined, keys: destination, [Symbol.asyncDispose]: async () => undefined };
  }
  const { openPostgresStorage } = await import("../../storage/index.ts");
  const { openStorageAndKey } = await import("../../server/index.ts");
  const options = { dataDir, storage: choice, ...(masterKeyPath === undefined ? {} : { masterKeyPath }) };
  // With SQLite the master key is made also where nothing is sealed under it: beside a database without one `serve` refuses to make it.
  const { storage, destination: sealed } =
    way.kind !== "own" && choice.kind === "postgres"
      ? { storage: opened.use(await openPostgresStorage({ url: choice.url })), destination: keptBySigner }
      : await openStorageAndKey(options, opened).then(({ storage, master }) => ({
          storage,
          destination: sealedUnder(master),
        }));
  let destination = way.kind === "kept" ? keptBySigner : sealed;
  if (way.kind === "signer") {
    const { openSignerKeys, passphrasesFromEnvironment } = await import("../../notary-signer/index.ts");
    const store = opened.use(await openSignerStore(way.place));
    const passphraseOf = passphrasesFromEnvironment(env);
    destination = intoSignerKeys(await openSignerKeys({ store, passphraseOf, defaultAlias: way.alias, clock }));
  }
  const kept = opened.move();
  return { description, storage, keys: destination, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function openSignerStore(place: string): Promise<SignerKeyStore> {
  const { makeDataDirectory, openPostgresSignerKeys, openSqliteSignerKeys } = await import("../../storage/index.ts");
  if (isPostgres(place)) return openPostgresSignerKeys({ url: place });
  makeDataDirectory(place);
  return openSqliteSignerKeys(place);
}

function isPostgres(place: string): boolean {
  return /^postgres(ql)?:\/\//.test(place);
}

async function describePostgres(choice: StorageChoice & { readonly kind: "postgres" }): Promise<string> {
  const { describeAddress, parseDatabaseAddress } = await import("../../migrate/index.ts");
  return describeAddress(parseDatabaseAddress(choice.url));
}

type KeysWay =
  | { readonly kind: "own" | "kept" }
  | { readonly kind: "signer"; readonly place: string; readonly alias: string };

/** A server that asks a signer cannot use keys of its own, and the other way round: the wrong choice would show with the first renewal. */
function keysWay({ args }: Pick<Context, "args">, settings: NotarySettings): KeysWay {
  const place = args.value("to-signer");
  const given = [args.flag("own-keys"), args.flag("keep-signer"), place !== undefined].filter(Boolean).length;
  if (given > 1) throw wrong("--own-keys, --keep-signer and --to-signer exclude each other");
  if (given === 0 && settings.server?.trustService.kind === "remote") {
    throw new CountersignError("usage.invalid", "the configuration names a signer: say where its keys are to go", {
      hints: [
        "--keep-signer: notary-signer stays, and serve --config goes on asking it",
        "--to-signer DIR|URL: countersign signer takes its place",
        "--own-keys: the new server signs itself; start it with NOTARY_SERVER_TRUST_SERVICE_TYPE=local",
      ],
    });
  }
  if (args.flag("keep-signer")) return { kind: "kept" };
  if (place === undefined) return { kind: "own" };
  const url = isPostgres(place) ? URL.parse(place) : null;
  if (url !== null && (url.password !== "" || url.searchParams.has("password"))) {
    throw wrong("a password on the command line can be read by every user of this machine", ["put it into PGPASSWORD"]);
  }
  const alias = args.value("signer-alias") ?? settings.signer?.defaultAlias;
  if (alias === undefined) throw wrong("--to-signer needs --signer-alias or a --signer-config with default_alias");
  return { kind: "signer", place, alias };
}
