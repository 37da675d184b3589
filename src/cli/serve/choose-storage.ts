// Which database holds the collections. Notary's MySQL, SQLite and RethinkDB cannot, and what is in them is not left behind silently:
// the start is refused with what to do instead.
import { readFileSync } from "node:fs";
import { CountersignError } from "../../bytes/index.ts";
import type { Environment } from "../../home/index.ts";
import type { NotaryServerSettings } from "../../notary-config/index.ts";
import type { StorageChoice } from "../../server/index.ts";
import type { Arguments } from "../command.ts";
import { wrong } from "./option-values.ts";
import type { Overrides } from "./overrides.ts";

/** @throws usage.invalid, disk.unreadable */
export function chooseStorage(
  args: Arguments,
  env: Environment,
  settings: NotaryServerSettings | undefined,
  overrides: Overrides,
): StorageChoice {
  const given = databaseUrl(args, env);
  if (given !== undefined) {
    overrides.by(given.by, "storage.");
    return { kind: "postgres", url: given.url };
  }
  if (settings === undefined) return { kind: "sqlite" };
  const { storage, configPath } = settings;
  switch (storage.kind) {
    case "postgres":
      overrides.note(
        "our tables are in the schema countersign of that database; Notary's, beside them, stay as they are",
      );
      return storage;
    case "memory":
      overrides.note(
        "storage in memory alone is not offered: collections and keys are kept in SQLite in the data directory",
      );
      return { kind: "sqlite" };
    default:
      if (args.value("data") === undefined) throw unusable(storage.kind, configPath);
      overrides.by("--data", "storage.");
      return { kind: "sqlite" };
  }
}

function unusable(kind: "mysql" | "sqlite" | "rethinkdb", configPath: string): CountersignError {
  const name = { mysql: "MySQL", sqlite: "Notary's SQLite", rethinkdb: "RethinkDB" }[kind];
  const hints =
    kind === "mysql"
      ? [
          `bring the collections over: countersign migrate notary-db --config ${configPath} --data DIR`,
          `then start on what was brought: countersign serve --config ${configPath} --data DIR`,
          "or with --database URL instead of --data DIR, for PostgreSQL",
        ]
      : [
          "its collections cannot be brought over; publishers can publish them again",
          `to start empty: countersign serve --config ${configPath} --data DIR`,
        ];
  return new CountersignError("usage.invalid", `${name} cannot hold the collections of this server`, { hints });
}

/** A password on the command line is read by every user of the machine. @throws usage.invalid, disk.unreadable */
export function databaseUrl(
  args: Arguments,
  env: Environment,
): { readonly url: string; readonly by: string } | undefined {
  const url = args.value("database");
  const path = args.value("database-file");
  if (url !== undefined && path !== undefined) throw wrong("--database and --database-file exclude each other");
  if (url !== undefined) {
    const parsed = URL.parse(url);
    if (parsed !== null && (parsed.password !== "" || parsed.searchParams.has("password"))) {
      throw wrong("a password on the command line can be read by every user of this machine", [
        "put the URL into COUNTERSIGN_DATABASE, or into a file for --database-file",
        "or only the password into PGPASSWORD or ~/.pgpass",
      ]);
    }
    return { url, by: "--database" };
  }
  if (path !== undefined) return { url: readUrl(path), by: "--database-file" };
  const variable = env.COUNTERSIGN_DATABASE ?? "";
  return variable === "" ? undefined : { url: variable, by: "COUNTERSIGN_DATABASE" };
}

function readUrl(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (cause) {
    throw new CountersignError("disk.unreadable", `${path} cannot be read`, { cause });
  }
}
