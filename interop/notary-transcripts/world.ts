// The same collection on two servers: one publisher's keys, one sequence of uploads, so that every answer should be the same but for
// what the servers' own keys and clocks put into it. Uploads and odd requests are made here, byte by byte.

import { createHash } from "node:crypto";
import { parseGun } from "../../src/bytes/index.ts";
import { generateSigner, type Signer } from "../../src/keys/index.ts";
import { TestPublisher } from "../../src/server/test-publisher.ts";
import type { Document } from "../../src/tuf/index.ts";
import { rawExchange } from "../peers/raw-http.ts";

export interface People {
  readonly root: Signer;
  readonly targets: Signer;
  readonly stranger: Signer;
}

export interface Part {
  /** Its name; `headers` instead where the whole header is odd. */
  readonly filename?: string;
  readonly headers?: string;
  readonly bytes: string | Uint8Array;
}

export const boundary = "XBOUNDARYX";
export const multipart = `multipart/form-data; boundary=${boundary}`;
const gun = "docker.example.com/team/app";

export async function newPeople(): Promise<People> {
  return { root: await generateSigner(), targets: await generateSigner(), stranger: await generateSigner() };
}

export class World {
  readonly gun = gun;
  readonly url: string;
  readonly people: People;
  readonly publisher: TestPublisher;

  private constructor(url: string, people: People) {
    this.url = url;
    this.people = people;
    this.publisher = this.publisherOf(gun);
  }

  /** Root 1, targets 1 and 2 of the collection are published. */
  static async open(url: string, people: People): Promise<World> {
    const world = new World(url, people);
    const initial = await world.initial(world.publisher);
    await world.accepted(initial);
    await world.accepted(await world.publisher.nextTargets("1.0", "content", ["notary1"]));
    return world;
  }

  publisherOf(name: string): TestPublisher {
    const { root, targets } = this.people;
    return new TestPublisher(parseGun(name), (request) => fetch(request), Date.now, this.url, root, targets);
  }

  /** Root and targets as Notary reads them. */
  async initial(publisher: TestPublisher): Promise<readonly Document[]> {
    return (await publisher.initial()).filter((document) => document.dialect === "notary1");
  }

  /** Hex. */
  hashOf(role: "root" | "targets"): string {
    return createHash("sha256").update(this.publisher.document("notary1", role).bytes).digest("hex");
  }

  /** Sends a request as it is and tells the answer so that it can be compared. */
  async ask(request: string | Uint8Array): Promise<string> {
    const method = Buffer.from(request).toString("latin1", 0, 10).split(" ")[0] ?? "";
    const { version, status, headers, body } = await rawExchange(this.url, [request], { method, timeoutMs: 5_000 });
    const shown = [...headers].flatMap(([name, value]) => headerLine(name, value)).sort();
    return [`${version} ${status}`, ...shown, this.#plain(body.toString())].join("\n");
  }

  /** POST of an update. */
  async post(parts: readonly Part[] | Uint8Array, contentType = multipart, name: string = gun): Promise<string> {
    const body = parts instanceof Uint8Array ? parts : form(parts);
    const type = contentType === "" ? "" : `Content-Type: ${contentType}\r\n`;
    const head = `POST /v2/${name}/_trust/tuf/ HTTP/1.1\r\nHost: h\r\n${type}Content-Length: ${body.length}\r\n\r\n`;
    return this.ask(Buffer.concat([Buffer.from(head), body]));
  }

  postDocuments(documents: readonly { readonly role: string; readonly bytes: Uint8Array }[], name?: string) {
    return this.post(
      documents.map(({ role, bytes }) => ({ filename: role, bytes })),
      multipart,
      name,
    );
  }

  private async accepted(documents: readonly Document[]): Promise<void> {
    const response = await this.publisher.publishNotary(documents);
    if (!response.ok) throw new Error(`${this.url}: ${response.status} ${await response.text()}`);
    this.publisher.accepted(documents);
  }

  #plain(body: string): string {
    for (const role of ["root", "targets"]) {
      if (body === Buffer.from(this.publisher.document("notary1", role).bytes).toString()) return `<the ${role}>`;
    }
    return body
      .replace(/"expires":"[^"]+"/g, '"expires":"<time>"')
      .replace(/"CreatedAt":"[^"]+"/g, '"CreatedAt":"<time>"')
      .replace(/"(sig|sha256|sha512|public)":"[^"]{20,}"/g, '"$1":"<bytes>"')
      .replace(/\b[0-9a-f]{64}\b/g, "<hex>")
      .replace(/"length":\d+/g, '"length":<n>')
      .replace(/(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} [ \d]\d \d\d:\d\d:\d\d UTC \d{4}/g, "<time>");
  }
}

/** How the answer is framed, when, and whether the connection stays: not what this compares. */
const framing = new Set(["date", "content-length", "transfer-encoding", "keep-alive"]);

function headerLine(name: string, value: string): readonly string[] {
  if (framing.has(name)) return [];
  if (name === "connection" && value === "keep-alive") return [];
  // On our errors only: see "Errors are not cached" on the page.
  if (name === "cache-control" && value === "no-store") return [];
  if (name === "last-modified")
    return [`last-modified: ${value.replace(/^\w{3}, \d\d \w{3} \d{4} [\d:]{8} /, "<date> ")}`];
  return [`${name}: ${value}`];
}

/** multipart/form-data as Go's clients write it, unless told otherwise. */
export function form(parts: readonly Part[], { newline = "\r\n", end = true, preamble = "" } = {}): Buffer {
  const pieces: (string | Uint8Array)[] = [preamble];
  for (const { filename, headers, bytes } of parts) {
    const usual = `Content-Disposition: form-data; name="files"; filename="${filename}"${newline}Content-Type: application/octet-stream`;
    pieces.push(`--${boundary}${newline}`, headers ?? usual, newline + newline, bytes, newline);
  }
  if (end) pieces.push(`--${boundary}--${newline}`);
  return Buffer.concat(pieces.map((piece) => Buffer.from(piece)));
}
