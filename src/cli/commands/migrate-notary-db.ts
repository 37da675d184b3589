// `countersign migrate notary-db`: an existing Notary's databases into our storage, verified while copied.
import { CountersignError } from "../../bytes/index.ts";
import { type Environment, readSmallFile } from "../../home/index.ts";
import type { DatabaseAddress, MigrationReport, Progress } from "../../migrate/index.ts";
import type { NotaryServerSettings, NotarySignerSettings } from "../../notary-config/index.ts";
import { usage } from "../arguments.ts";
import type { Arguments, Command, CommandSpec, Context } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { destinationOptions, type NotarySettings, openDestination } from "./migrate-destination.ts";
import { migrationProgress } from "./migrate-progress.ts";
import { reportJson, showReport } from "./migrate-report.ts";

const spec: CommandSpec = {
  name: "migrate notary-db",
  usage: [
    "[--config server-config.json --signer-config signer-config.json] [options]",
    "--server-db ADDRESS [options]",
  ],
  about: [
    "Brings everything of a notary-server and notary-signer over: all collections with all versions, the keys for snapshots and timestamps, and the change feed. Reads PostgreSQL, MySQL and MariaDB in one moment of theirs and writes nothing there; verifies each collection as a reader would; keeps every byte.",
    "Start with --dry-run, which reads and verifies all and writes nothing. The old server may go on meanwhile: copy first, stop the old server, run once more for what is new, start the new one. A run that was stopped or killed goes on where it was. Everything that is not as it should be is reported one by one.",
    "Passwords: in the configuration files, in COUNTERSIGN_SERVER_DB_PASSWORD and COUNTERSIGN_SIGNER_DB_PASSWORD, or in files (--server-db-password-file, --signer-db-password-file). Passphrases of keys: NOTARY_SIGNER_<ALIAS>, as for notary-signer, or NOTARY_SIGNER_<ALIAS>_FILE.",
    "Exit code: 0 all of it is over and verifies; 1 something is broken or left out, see the report; 7 the new server holds something else.",
  ],
  positionals: { min: 0, max: 0 },
  options: [
    { name: "config", value: "FILE", isFile: true, text: "configuration of notary-server, for its database" },
    { name: "signer-config", value: "FILE", isFile: true, text: "configuration of notary-signer, for its database" },
    {
      name: "server-db",
      value: "ADDRESS",
      text: "database of the server: postgres://user@host/db or user@tcp(host:3306)/db; also COUNTERSIGN_SERVER_DB",
    },
    { name: "signer-db", value: "ADDRESS", text: "database of the signer; also COUNTERSIGN_SIGNER_DB" },
    {
      name: "server-db-password-file",
      value: "FILE",
      isFile: true,
      text: "holds the password of the database of the server",
    },
    {
      name: "signer-db-password-file",
      value: "FILE",
      isFile: true,
      text: "holds the password of the database of the signer",
    },
    { name: "only", value: "PATTERN", multiple: true, text: "only collections of this name, or below PREFIX/*" },
    { name: "dry-run", text: "read and verify everything, write nothing" },
    { name: "read-again", text: "read and verify also what an earlier run has brought" },
    ...destinationOptions,
  ],
  examples: [
    [
      "countersign migrate notary-db --config server-config.json --signer-config signer-config.json --own-keys --dry-run",
      "look first",
    ],
    [
      "countersign migrate notary-db --config server-config.json --signer-config signer-config.json --own-keys --data /var/lib/countersign",
      "migrate both into one server",
    ],
    [
      "countersign migrate notary-db --server-db 'server@tcp(db:3306)/notaryserver' --only 'registry.example.com/team/*'",
      "a part of it",
    ],
  ],
  json: [
    '{"dryRun": false, "outcome": "complete", "server": "...", "signer": "...", "destination": "...", "collections": {"found": 0, "copied": 0, "already": 0, "verified": 0, "broken": 0, "leftOut": 0, "conflicts": 0}, "documents": {...}, "targets": 0, "keys": {...}, "changes": {...}, "findings": [{"severity": "left_out", "code": "name.refused", "gun": "...", "message": "...", "consequence": "..."}]}',
  ],
};

export const migrateNotaryDb: Command = {
  spec,
  async run(context) {
    const { args, terminal, env, clock } = context;
    const { migrateNotary, openServerTables, openSignerTables, outcomeOf } = await import("../../migrate/index.ts");
    const settings = await readConfigs(args, env);
    const sources = await findSources(args, env, settings);
    const isWanted = await wantedNames(args);
    const signal = context.stopSignal();
    await using server = await openServerTables(sources.server);
    // After the server's: a key is made before the root that names it is published, so that none named there can be missing here.
    await using signer = sources.signer === undefined ? undefined : await openSignerTables(sources.signer);
    await using destination = await openDestination(context, settings);
    let report: MigrationReport;
    try {
      report = await migrateNotary({
        server,
        signer,
        destination,
        keys: destination.keys,
        passphraseOf: sources.passphraseOf,
        ...(isWanted === undefined ? {} : { isWanted }),
        readsAgain: args.flag("read-again"),
        clock,
        onProgress: progressOf(context),
        signal,
      });
    } catch (error) {
      if (!signal.aborted) throw error;
      terminal.error("stopped: what was migrated stays; run it again and it goes on");
      return exitCodes.untrusted;
    }
    terminal.value(reportJson(report));
    showReport(terminal, report);
    const codes = { complete: exitCodes.done, incomplete: exitCodes.untrusted, conflict: exitCodes.conflict };
    return codes[outcomeOf(report)];
  },
};

function progressOf({ terminal, clock }: Context): (progress: Progress) => void {
  return migrationProgress(clock, { show: (text) => terminal.progress(text), note: (text) => terminal.note(text) });
}

interface Sources {
  readonly server: DatabaseAddress;
  readonly signer: DatabaseAddress | undefined;
  readonly passphraseOf: (alias: string) => string | undefined;
}

async function findSources(args: Arguments, env: Environment, configs: NotarySettings): Promise<Sources> {
  const { passphrasesFromEnvironment } = await import("../../notary-signer/index.ts");
  const server = await addressOf(args, env, "server", configs.server);
  if (server === undefined) throw usage(spec, "where is the server's database? give --config or --server-db");
  const signer = await addressOf(args, env, "signer", configs.signer);
  return { server, signer, passphraseOf: passphrasesFromEnvironment(env) };
}

async function readConfigs(args: Arguments, env: Environment): Promise<NotarySettings> {
  const [server, signer] = [args.value("config"), args.value("signer-config")];
  if (server === undefined && signer === undefined) return { server: undefined, signer: undefined };
  const { readNotaryServerConfig, readNotarySignerConfig } = await import("../../notary-config/index.ts");
  return {
    server: server === undefined ? undefined : readNotaryServerConfig(server, env).settings,
    signer: signer === undefined ? undefined : readNotarySignerConfig(signer, env).settings,
  };
}

/** What the command line says, else the environment, else the configuration. */
async function addressOf(
  args: Arguments,
  env: Environment,
  which: "server" | "signer",
  config: NotaryServerSettings | NotarySignerSettings | undefined,
): Promise<DatabaseAddress | undefined> {
  const { parseDatabaseAddress } = await import("../../migrate/index.ts");
  const variable = `COUNTERSIGN_${which.toUpperCase()}_DB`;
  const given = args.value(`${which}-db`);
  // A password on the command line is read by every user of the machine.
  if (given !== undefined && parseDatabaseAddress(given).password !== undefined) {
    throw usage(spec, `--${which}-db holds a password, which every user of this machine can read`, [
      `put the address into ${variable}, or the password into ${variable}_PASSWORD or a file (--${which}-db-password-file)`,
    ]);
  }
  const text = given ?? (env[variable] || undefined) ?? configuredAddress(which, config);
  if (text === undefined) return undefined;
  const file = args.value(`${which}-db-password-file`);
  const password = file === undefined ? env[`${variable}_PASSWORD`] || undefined : await passwordIn(file);
  return parseDatabaseAddress(text, password);
}

function configuredAddress(
  which: string,
  config: NotaryServerSettings | NotarySignerSettings | undefined,
): string | undefined {
  const storage = config?.storage;
  if (storage === undefined) return undefined;
  if (storage.kind === "postgres") return storage.url;
  if (storage.kind === "mysql") return storage.dsn;
  throw new CountersignError(
    "migrate.source_invalid",
    `the configuration of notary-${which} keeps its data in ${storage.kind}, which cannot be read from outside`,
    { hints: ["PostgreSQL, MySQL and MariaDB can be migrated"] },
  );
}

async function passwordIn(file: string): Promise<string> {
  const bytes = await readSmallFile(file, { maxBytes: 64 * 1024 });
  if (bytes === undefined) throw new CountersignError("disk.unreadable", `there is no file ${file}`);
  return Buffer.from(bytes)
    .toString("utf8")
    .replace(/\r?\n$/, "");
}

async function wantedNames(args: Arguments): Promise<((gun: string) => boolean) | undefined> {
  const patterns = args.values("only");
  if (patterns.length === 0) return undefined;
  const { parseNamePattern } = await import("../../home/index.ts");
  const parsed = patterns.map(parseNamePattern);
  return (gun) =>
    parsed.some((pattern) => (pattern.endsWith("*") ? gun.startsWith(pattern.slice(0, -1)) : gun === pattern));
}
