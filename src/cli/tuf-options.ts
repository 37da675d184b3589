// What the `tuf` commands share: where a repository is, what it is trusted by, and how it is asked.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CountersignError, encodeHex, isCountersignError, type JsonObject } from "../bytes/index.ts";
import { diskError, locateHome } from "../home/index.ts";
import { createHttpClient, type HttpClient, proxyFromEnvironment, tlsAnchors } from "../http/index.ts";
import {
  fileNameOf,
  httpTransport,
  openDirectoryStore,
  type TufRepositoryOptions,
  type TufTarget,
  type TufVersions,
} from "../tuf-client/index.ts";
import type { Context, OptionSpec } from "./command.ts";
import { printable } from "./terminal.ts";

export const repositoryOptions: readonly OptionSpec[] = [
  { name: "metadata-url", value: "URL", text: "where the repository's timestamp.json is" },
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

/** Runs `use` with a client that is closed afterwards. `plainUrls` that start with http:// are spoken to as such. */
export async function withClient<T>(
  { args, env, clock }: Context,
  plainUrls: readonly string[],
  use: (client: HttpClient) => Promise<T>,
): Promise<T> {
  const caFile = args.value("tls-ca");
  const plain = plainUrls.filter((url) => url.startsWith("http://") && URL.canParse(url));
  const client = createHttpClient({
    anchors: tlsAnchors(caFile === undefined ? {} : { caFile }),
    proxy: proxyFromEnvironment(env),
    // Nothing here is believed because of the connection: metadata is signed, targets are hashed.
    insecureHosts: new Set(plain.map((url) => new URL(url).host)),
    clock,
  });
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

/** The repository of --metadata-url, with `store` unless told in a directory of its own. @throws usage.invalid, disk.unreadable */
export async function repositoryOf(context: Context, client: HttpClient): Promise<TufRepositoryOptions> {
  const { args } = context;
  const metadataUrl = requiredValue(context, "metadata-url");
  const directory = args.value("metadata-dir") ?? stateDirectory(context, metadataUrl);
  return {
    ...portsOf(context, client),
    metadataUrl,
    store: openDirectoryStore(directory),
    bootstrapRoot: await bootstrapRoot(context),
  };
}

/** Everything but the address, the store and the first root. */
export function portsOf({ clock, terminal }: Context, client: HttpClient) {
  const onStep = (step: string): void => terminal.progress(`${printable(step.slice(0, 100))} ...`);
  return { transport: httpTransport({ client, attempts: 4 }), clock, onStep };
}

/** Not the cache: what a reader remembers must outlive it. */
export function stateDirectory({ env }: Context, name: string): string {
  return join(locateHome(env).state, "tuf", fileNameOf(name));
}

async function bootstrapRoot({ args }: Context): Promise<Uint8Array | undefined> {
  const file = args.value("root");
  if (file === undefined) return undefined;
  try {
    return new Uint8Array(await readFile(file));
  } catch (error) {
    throw diskError(error, "read", file);
  }
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
