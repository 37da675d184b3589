// Test code: the HTTP exchanges that a recording proxy wrote down between Go's clients and notary-server (vectors/notary1/transcripts), and
// the collection as it stood at each of them. `>` are request lines, `<` answer lines; multipart bodies were written with bare line feeds.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Gun, parseGun, parseRoleName, type RoleName } from "../bytes/index.ts";
import { type DocumentName, type DocumentVersion, openSqliteStorage, type Storage } from "../storage/index.ts";
import { readMultipart, type UploadPart } from "./multipart.ts";

export interface Exchange {
  /** `15-http-errors-and-misc #4`: file and exchange. */
  readonly name: string;
  readonly method: string;
  readonly target: string;
  readonly requestHeaders: ReadonlyMap<string, string>;
  readonly requestBody: Buffer;
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** Milliseconds since the epoch, whole seconds. */
  readonly at: number;
}

const vectors = join(import.meta.dirname, "../../vectors/notary1");
const history = join(vectors, "metadata/notary-full-history");
export const capturedGun: Gun = parseGun("docker.example.com/team/app");

/** In the order in which they happened. Files 17 are about tokens and are read elsewhere. */
export function capturedExchanges(): readonly Exchange[] {
  const files = readdirSync(join(vectors, "transcripts")).filter((file) => !file.startsWith("17"));
  // By second, and within one by name; of the two files 13 the refused attempts came first.
  const order = files.map((file) => file.replace("13-custom-ok", "13-then-custom-ok")).sort();
  const inOrder = order.map((file) => file.replace("13-then-", "13-"));
  return inOrder.flatMap(exchangesOf).sort((a, b) => a.at - b.at);
}

function exchangesOf(file: string): readonly Exchange[] {
  const text = readFileSync(join(vectors, "transcripts", file), "utf8");
  return text
    .split(/^##### exchange (?=\d+$)/m)
    .slice(1)
    .map((piece) => exchangeOf(file.slice(0, -".txt".length), piece));
}

function exchangeOf(file: string, piece: string): Exchange {
  const [number = ""] = piece.split("\n", 1);
  const lines = piece.slice(number.length + 1).split("\n");
  const sent = lines.filter((line) => line.startsWith("> ")).map((line) => line.slice(2));
  const answered = lines.filter((line) => line.startsWith("< ")).map((line) => line.slice(2));
  const lastSent = lines.findLastIndex((line) => line.startsWith("> "));
  const firstAnswered = lines.findIndex((line) => line.startsWith("< "));
  const lastAnswered = lines.findLastIndex((line) => line.startsWith("< "));
  const [method = "", target = ""] = sent[0]?.split(" ") ?? [];
  const headers = headersOf(answered.slice(1));
  const requestHeaders = headersOf(sent.slice(1));
  const isMultipart = requestHeaders.get("content-type")?.startsWith("multipart/") === true;
  const requestBody = lines.slice(lastSent + 2, firstAnswered - 1).join(isMultipart ? "\r\n" : "\n");
  return {
    name: `${file} #${number}`,
    method,
    target,
    requestHeaders,
    requestBody: Buffer.from(requestBody),
    status: Number(answered[0]?.split(" ")[1]),
    headers,
    body: lines
      .slice(lastAnswered + 2)
      .join("\n")
      .trimEnd(),
    at: Date.parse(headers.get("date") ?? ""),
  };
}

function headersOf(lines: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 2)]),
  );
}

/** The parts of an update, under the limits of no server. */
export function partsOf({ requestHeaders, requestBody }: Exchange): Promise<readonly UploadPart[]> {
  const limits = { maxPartBytes: 1e9, maxTotalBytes: 1e9, maxParts: 100 };
  const chunks = (async function* () {
    yield requestBody;
  })();
  return readMultipart(requestHeaders.get("content-type") ?? null, chunks, limits);
}

/** The document that notary-server stored. */
export function storedVersion(role: string, version: number): Buffer {
  return readFileSync(join(history, `${role}.v${version}.json`));
}

/** The newest versions of each role at some moment, and when each was stored. */
export type Versions = ReadonlyMap<RoleName, { readonly version: number; readonly at: number }>;

/** What an accepted update leaves: its roles, a timestamp, and a snapshot where the publisher sent none. */
export function after(versions: Versions, parts: readonly UploadPart[], at: number): Versions {
  const next = new Map(versions);
  for (const { filename, bytes } of parts) {
    const version = Number(/"version":(\d+)\}/.exec(Buffer.from(bytes).toString())?.[1]);
    next.set(parseRoleName(filename), { version, at });
  }
  const made = parts.some(({ filename }) => filename === "snapshot") ? ["timestamp"] : ["snapshot", "timestamp"];
  for (const role of made.map(parseRoleName)) next.set(role, { version: (versions.get(role)?.version ?? 0) + 1, at });
  return next;
}

/** A storage that holds the captured collection as it stood then, every version up to it included. */
export async function storageAt(directory: string, versions: Versions): Promise<Storage> {
  const storage = openSqliteStorage(directory);
  if (versions.size === 0) return storage;
  const name = (role: RoleName): DocumentName => ({ dialect: "notary1", role });
  const first = (role: RoleName) => (role === "targets" || role === "snapshot" ? 2 : 1);
  const current: DocumentVersion[] = [...versions].map(([role, { version }]) => ({ ...name(role), version }));
  const documents = [...versions].flatMap(([role, { version, at }]) =>
    Array.from({ length: version - first(role) + 1 }, (_, index) => {
      const each = first(role) + index;
      return { ...name(role), version: each, bytes: storedVersion(role, each), storedAt: at };
    }),
  );
  await storage.importCollection({
    gun: capturedGun,
    documents,
    current,
    behind: [],
    serverKeys: [],
    renewAt: undefined,
  });
  return storage;
}
