// What the `tuf` commands share: where a repository is, what it is trusted by, and how it is asked.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { CountersignError, encodeHex, isCountersignError, type JsonObject } from "../bytes/index.ts";
import { locateHome, readSmallFile } from "../home/index.ts";
import {
  defaultTufLimits,
  fileNameOf,
  openDirectoryStore,
  openWebTransport,
  type TufRepositoryOptions,
  type TufTarget,
  type TufTransport,
  type TufVersions,
  type WebTransport,
} from "../tuf-client/index.ts";
import type { Context, OptionSpec } from "./command.ts";
import { printable } from "./terminal.ts";

export const repositoryOptions: readonly OptionSpec[] = [
  { name: "metadata-url", value: "URL", text: "where the repository's timestamp.json is; a directory of a copy too" },
  {
    name: "metadata-dir",
    value: "DIR",
    isFile: true,
    text: "keep the trusted documents there; unless told, below the user's own directory by address",
  },
  {
    name: "root",
    value: "FILE",
    isFile: true,
    text: "begin with this root.json, got in a way you trust; the stored ones are verified from it again",
  },
  { name: "tls-ca", value: "FILE", isFile: true, text: "trust this certificate authority (PEM) beside the system's" },
];

/** What asks the repositories at these base addresses; to be disposed of. From here on SIGINT and SIGTERM end downloads in good order. */
export function transportTo(context: Context, bases: readonly string[]): WebTransport {
  const { args, env, clock } = context;
  const stopping = new AbortController();
  const stopped = new CountersignError("download.stopped", "stopped before everything was there", {
    hints: ["run the same command again: what is there already and right is not asked for again"],
  });
  context.stopSignal().addEventListener("abort", () => stopping.abort(stopped), { once: true });
  return openWebTransport({ bases, env, clock, caFile: args.value("tls-ca"), signal: stopping.signal });
}

/** The repository of --metadata-url, with `store` unless told in a directory of its own. @throws usage.invalid, disk.unreadable */
export async function repositoryOf(context: Context, transport: TufTransport): Promise<TufRepositoryOptions> {
  const { args } = context;
  const metadataUrl = requiredPlace(context, "metadata-url");
  const directory = args.value("metadata-dir") ?? stateDirectory(context, metadataUrl);
  return {
    ...portsOf(context, transport),
    metadataUrl,
    store: openDirectoryStore(directory),
    bootstrapRoot: await bootstrapRoot(context),
  };
}

/** Everything but the address, the store and the first root. */
export function portsOf({ clock, terminal }: Context, transport: TufTransport) {
  const onStep = (step: string): void => terminal.progress(`${printable(step.slice(0, 100))} ...`);
  return { transport, clock, onStep };
}

/** Not the cache: what a reader remembers must outlive it. */
export function stateDirectory({ env }: Context, name: string): string {
  return join(locateHome(env).state, "tuf", fileNameOf(name));
}

async function bootstrapRoot({ args }: Context): Promise<Uint8Array | undefined> {
  const file = args.value("root");
  return file === undefined ? undefined : readRootFile(file);
}

/** A root.json that the user names. @throws disk.unreadable */
export function readRootFile(file: string): Promise<Uint8Array> {
  return readNamedFile(file, defaultTufLimits.rootBytes);
}

/** A file that the user names, which has to be there. @throws disk.unreadable */
export async function readNamedFile(file: string, maxBytes: number): Promise<Uint8Array> {
  const bytes = await readSmallFile(file, { maxBytes });
  if (bytes === undefined) throw new CountersignError("disk.unreadable", `there is no file ${file}`);
  return bytes;
}

/** An address, or the directory of a copy: what begins with `/`, `./` or `../` is a path. @throws usage.invalid */
export function requiredPlace(context: Context, name: string): string {
  const place = requiredValue(context, name);
  return /^\.{0,2}\//.test(place) ? pathToFileURL(place).href : place;
}

/** @throws usage.invalid */
export function requiredValue({ args }: Context, name: string): string {
  const value = args.value(name);
  if (value === undefined || value === "") throw new CountersignError("usage.invalid", `--${name} is missing`);
  return value;
}

/** `root 3, timestamp 41, snapshot 40, targets 12`. */
export function versionsText({ root, timestamp, snapshot, targets }: TufVersions): string {
  return `root ${root}, timestamp ${timestamp}, snapshot ${snapshot}, targets ${targets}`;
}

export function targetJson({ path, length, hashes, custom, chain }: TufTarget): JsonObject {
  const listed = [...hashes].map(([algorithm, hash]) => [algorithm, encodeHex(hash)] as const);
  return { path, length, hashes: Object.fromEntries(listed), chain, ...(custom === undefined ? {} : { custom }) };
}

/** A network that fails, as opposed to an answer that is not to be trusted. */
export function isOutOfReach(error: unknown): boolean {
  return isCountersignError(error) && (error.kind === "network" || error.code === "download.denied");
}
