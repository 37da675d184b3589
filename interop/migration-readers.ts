// Readers of migrated collections: our own verifier over Notary's routes, with a cache from before or without, and the changefeed as its
// followers see it.
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { encodeHex, parseGun } from "../src/bytes/index.ts";
import { createAuthorizedClient, createHttpClient, noCredentials, noProxy, tlsAnchors } from "../src/http/index.ts";
import { createTrustServer } from "../src/remote/index.ts";
import { MemoryCache } from "../src/testing/index.ts";
import { openCollection } from "../src/updater/index.ts";

export interface ServerAt {
  readonly url: string;
  readonly authority: string | undefined;
}

/** Tag -> role and digest, and the versions of the roles, as text: two readers agree when it is equal. */
export type Tags = string;

export class OurReaders {
  /** What each collection's reader has trusted so far. */
  readonly #caches = new Map<string, MemoryCache>();

  /** All collections, each by the reader that has read it before. */
  readAll(server: ServerAt, guns: readonly string[]): Promise<ReadonlyMap<string, Tags>> {
    for (const gun of guns) if (!this.#caches.has(gun)) this.#caches.set(gun, new MemoryCache());
    return readEach(server, guns, (gun) => this.#caches.get(gun) ?? new MemoryCache());
  }
}

/** All collections, by readers without a past. */
export function readFresh(server: ServerAt, guns: readonly string[]): Promise<ReadonlyMap<string, Tags>> {
  return readEach(server, guns, () => new MemoryCache());
}

async function readEach(
  { url, authority }: ServerAt,
  guns: readonly string[],
  cacheOf: (gun: string) => MemoryCache,
): Promise<ReadonlyMap<string, Tags>> {
  const clock = () => Date.now();
  const anchors = tlsAnchors(authority === undefined ? {} : { caFile: authority });
  const http = createHttpClient({ anchors, proxy: noProxy, clock });
  const client = createAuthorizedClient({ client: http, credentials: noCredentials, clock });
  const tags = new Map<string, Tags>();
  const waiting = guns.values();
  const readSome = async () => {
    for (const name of waiting) {
      const gun = parseGun(name);
      const collection = await openCollection({
        gun,
        dialect: "notary1",
        source: createTrustServer({ url: new URL(url), gun, client, clock }).notary1Source(),
        cache: cacheOf(name),
        pins: [],
        trustOnFirstUse: true,
        now: clock(),
      });
      const listed = await collection.listTargets();
      tags.set(
        name,
        listed
          .map(
            ({ name: tag, role, target }) =>
              `${tag} ${role} ${encodeHex(target.hashes.get("sha256") ?? new Uint8Array())}`,
          )
          .join("\n"),
      );
    }
  };
  try {
    await Promise.all(Array.from({ length: 4 }, readSome));
  } finally {
    http.close();
  }
  return tags;
}

export interface FeedRecord {
  readonly ID: string;
  readonly CreatedAt: string;
  readonly GUN: string;
  readonly Version: number;
  readonly SHA256: string;
  readonly Category: string;
}

/** The whole feed; times cut to milliseconds, the blanks that PostgreSQL puts into empty hashes dropped. */
export async function changefeed({ url, authority }: ServerAt): Promise<readonly FeedRecord[]> {
  const records: FeedRecord[] = [];
  for (;;) {
    const after = records.at(-1)?.ID ?? "0";
    const page = await getJson(`${url}/v2/_trust/changefeed?records=1000&change_id=${after}`, authority);
    if (page.length === 0) return records;
    records.push(
      ...page.map((record) => ({
        ...record,
        CreatedAt: new Date(record.CreatedAt).toISOString(),
        SHA256: record.SHA256.trim(),
      })),
    );
  }
}

async function getJson(url: string, authority: string | undefined): Promise<readonly FeedRecord[]> {
  const text = url.startsWith("http:") ? await (await fetch(url)).text() : await getWithAuthority(url, authority);
  const answer: { readonly records: readonly FeedRecord[] | null } = JSON.parse(text);
  return answer.records ?? [];
}

function getWithAuthority(url: string, authority: string | undefined): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const ca = authority === undefined ? {} : { ca: readFileSync(authority) };
  const asked = request(url, ca, (answer) => {
    answer.setEncoding("utf8");
    let text = "";
    answer.on("data", (part: string) => {
      text += part;
    });
    answer.on("end", () => resolve(text));
    answer.on("error", reject);
  });
  asked.on("error", reject);
  asked.end();
  return promise;
}
