// Traffic between Go's clients and notary-server, captured by a proxy, replayed: what was read is read back with the same status, body and
// documented headers; what was refused is refused in the same bytes; what was accepted is understood to the byte. (Accepted updates cannot be
// accepted again: they name keys of the server of that day.)
import assert from "node:assert/strict";
import { test } from "node:test";
import { CountersignError } from "../bytes/index.ts";
import { type PublicKey, publicKeyFromSpki, type Signer } from "../keys/index.ts";
import type { Change } from "../storage/index.ts";
import { temporaryDirectory } from "../testing/index.ts";
import { type App, createApp } from "./app.ts";
import {
  after,
  capturedExchanges,
  capturedGun,
  type Exchange,
  partsOf,
  storageAt,
  storedVersion,
  type Versions,
} from "./captured-traffic.ts";
import type { RoleSigner } from "./role-signer.ts";
import { parseNotaryUpload } from "./upload.ts";

/** Answered otherwise on purpose: docs/notary-differences.md says why. */
const wanted: Readonly<Record<string, string>> = {
  "15-http-errors-and-misc #5": "One name per document",
  "15-http-errors-and-misc #12": "Unknown is 404",
  "15-http-errors-and-misc #33": "A lost name can be taken up again",
  // A version that is not new, and not signed either.
  "15-http-errors-and-misc #34": "Reasons in our own words",
};

/** Delegations with odd `custom` data: looked at after the server has signed, which the keys of that day cannot. interop/sessions plays them. */
const needSigning = [6, 19, 25, 29, 33].map((number) => `13-custom-unsorted-keys #${number}`);

test("captured traffic is answered as notary-server answered it", async () => {
  await using world = await openReplay();
  const differing: string[] = [];
  for (const exchange of capturedExchanges()) {
    if (needSigning.includes(exchange.name)) continue;
    if (exchange.target.includes("/_trust/tuf/") && exchange.method === "POST" && exchange.status === 200) {
      if (exchange.target.endsWith(".key")) await checkAnswer(world, exchange, differing);
      else await checkAccepted(world, exchange);
    } else {
      await checkAnswer(world, exchange, differing);
    }
  }
  assert.deepEqual(differing.sort(), Object.keys(wanted).sort());
});

async function checkAccepted(world: Replay, exchange: Exchange): Promise<void> {
  const parts = await partsOf(exchange);
  const read = parseNotaryUpload(parts);
  assert.ok(read.kind === "upload", exchange.name);
  await world.advance(parts, exchange.at);
  for (const { role, bytes } of read.upload.documents) {
    const version = world.versions.get(role)?.version ?? 0;
    assert.deepEqual(Buffer.from(bytes), storedVersion(role, version), `${exchange.name} ${role}`);
  }
}

async function checkAnswer(world: Replay, exchange: Exchange, differing: string[]): Promise<void> {
  const response = await world.send(exchange);
  // The listener leaves the body of an answer to HEAD away.
  const body = exchange.method === "HEAD" ? "" : await response.text();
  const told = {
    status: response.status,
    body: body.trimEnd(),
    ...shownHeaders((name) => response.headers.get(name) ?? undefined),
  };
  const expected = {
    status: exchange.status,
    body: plain(exchange.body),
    ...shownHeaders((name) => exchange.headers.get(name)),
  };
  try {
    assert.deepEqual(
      { ...told, body: plain(told.body) },
      expected,
      `${exchange.name} ${exchange.method} ${exchange.target}`,
    );
    const length = exchange.headers.get("content-length");
    const isExact = length !== undefined && exchange.method !== "HEAD" && !exchange.target.includes("changefeed");
    if (isExact) assert.equal(Buffer.byteLength(body), Number(length), exchange.name);
  } catch (error) {
    if (!Object.hasOwn(wanted, exchange.name)) throw error;
    differing.push(exchange.name);
  }
}

/** Microseconds are of PostgreSQL's making; our clock has milliseconds. */
function plain(body: string): string {
  return body.replace(/("CreatedAt":"[^"]+?)(?:\.\d+)?Z"/g, '$1Z"');
}

function shownHeaders(of: (name: string) => string | undefined) {
  const type = of("content-type");
  return {
    type,
    cache: of("cache-control") === "no-store" ? undefined : of("cache-control"),
    modified: /^(\w{3}), (\d\d \w{3} \d{4}) [\d:]{8} (\S+)$/.exec(of("last-modified") ?? "")?.slice(1),
    pragma: of("pragma"),
  };
}

interface Replay extends AsyncDisposable {
  readonly versions: Versions;
  /** An update was accepted. */
  advance(parts: Awaited<ReturnType<typeof partsOf>>, at: number): Promise<void>;
  send(exchange: Exchange): Promise<Response>;
}

async function openReplay(): Promise<Replay> {
  const stack = new AsyncDisposableStack();
  const keys = new CapturedKeys();
  let now = 0;
  let versions: Versions = new Map();
  const open = async (): Promise<App> => {
    const directory = stack.use(await temporaryDirectory());
    const storage = await storageAt(directory.path, versions);
    stack.defer(() => storage.close());
    await storage.importChanges(capturedChanges());
    return createApp({ storage, signer: keys, clock: () => now });
  };
  let app = await open();
  return {
    get versions() {
      return versions;
    },
    advance: async (parts, at) => {
      versions = after(versions, parts, at);
      app = await open();
    },
    send: (exchange) => {
      now = exchange.at;
      keys.expect(exchange);
      const headers = exchange.requestHeaders.get("content-type");
      const hasBody = exchange.method === "POST" || exchange.method === "PUT";
      return app.handle(
        new Request(`http://server${exchange.target}`, {
          method: exchange.method,
          headers: headers === undefined ? {} : { "content-type": headers },
          ...(hasBody ? { body: new Uint8Array(exchange.requestBody) } : {}),
        }),
      );
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** The feed as notary-server last told it. */
function capturedChanges(): readonly Change[] {
  const all = capturedExchanges().find(({ target }) => target === "/v2/_trust/changefeed?records=0");
  const { records } = JSON.parse(all?.body ?? "") as {
    records: { ID: string; CreatedAt: string; GUN: string; Version: number; SHA256: string; Category: "update" }[];
  };
  return records.map((record) => ({
    id: Number(record.ID),
    gun: record.GUN as Change["gun"],
    createdAt: Date.parse(record.CreatedAt),
    version: record.Version,
    sha256: record.SHA256,
    category: record.Category,
  }));
}

/** Offers the server keys that the captured answers name, and can sign with none of them. */
class CapturedKeys implements RoleSigner {
  readonly #held = new Map<string, PublicKey>();
  #next: PublicKey | undefined;

  expect({ target, body }: Exchange): void {
    const [, text] = target.endsWith(".key") ? (/"public":"([^"]+)"/.exec(body) ?? []) : [];
    this.#next = text === undefined ? undefined : publicKeyFromSpki(Buffer.from(text, "base64"));
    if (this.#next !== undefined && target.includes(capturedGun)) this.#held.set(this.#next.id, this.#next);
  }

  async held(): Promise<readonly Signer[]> {
    return [...this.#held.values()].map((publicKey) => ({ publicKey, sign: () => Promise.reject(cannotSign()) }));
  }

  async pending(): Promise<PublicKey> {
    if (this.#next === undefined) throw cannotSign();
    return this.#next;
  }
}

function cannotSign(): CountersignError {
  return new CountersignError("server.signing_unavailable", "these keys are in the past");
}
