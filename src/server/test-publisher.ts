// Test code: a publisher with all its keys in memory, and an app to talk to without sockets. It signs whatever a test asks for, right or
// wrong; the documents of a new collection are made by publish/, as real ones are. Used by the crash harness too.
import { type Clock, CountersignError, type Gun, parseGun, parseRoleName, sha256 } from "../bytes/index.ts";
import { type Dialect, dialectNamed, notary1, tuf1 } from "../dialects/index.ts";
import { generateSigner, type PublicKey, publicKeyFromSpki, type Signer } from "../keys/index.ts";
import { prepareInitial, publicationParts } from "../publish/index.ts";
import {
  type DialectName,
  type Document,
  type Key,
  type Root,
  type Signed,
  signDocument,
  type Targets,
} from "../tuf/index.ts";
import type { App } from "./app.ts";
import type { UploadPart } from "./multipart.ts";

export const dialects: readonly DialectName[] = ["notary1", "tuf1"];
export const baseUrl = "http://server";

/** Anything that answers requests: the app, or a server behind a socket. */
export type Send = (request: Request) => Promise<Response>;

export function sendTo(app: Pick<App, "handle">): Send {
  return (request) => app.handle(request);
}

export class TestPublisher {
  readonly gun: Gun;
  readonly #send: Send;
  readonly #clock: Clock;
  readonly url: string;
  readonly rootSigner: Signer;
  readonly targetsSigner: Signer;
  /** The newest document of each dialect and role that this publisher signed. */
  readonly documents = new Map<string, Document>();

  constructor(gun: Gun, send: Send, clock: Clock, origin: string, rootSigner: Signer, targetsSigner: Signer) {
    this.gun = gun;
    this.#send = send;
    this.#clock = clock;
    this.url = `${origin}/v2/${gun}/_trust`;
    this.rootSigner = rootSigner;
    this.targetsSigner = targetsSigner;
  }

  static async create(name: string, send: Send, clock: Clock, origin: string = baseUrl): Promise<TestPublisher> {
    return new TestPublisher(parseGun(name), send, clock, origin, await generateSigner(), await generateSigner());
  }

  get(path: string): Promise<Response> {
    return this.#send(new Request(`${this.url}/${path}`));
  }

  send(method: string, path: string): Promise<Response> {
    return this.#send(new Request(`${this.url}/${path}`, { method }));
  }

  post(path: string, parts: readonly UploadPart[]): Promise<Response> {
    const form = new FormData();
    for (const { filename, bytes } of parts) form.append("files", new Blob([Buffer.from(bytes)]), filename);
    return this.#send(new Request(`${this.url}/${path}`, { method: "POST", body: form }));
  }

  publish(documents: readonly Document[], blobs: readonly Uint8Array[] = []): Promise<Response> {
    const parts = publicationParts({ gun: this.gun, documents, blobs: new Map() });
    return this.post("publish", [
      ...parts.map(({ name, bytes }) => ({ filename: name, bytes })),
      ...blobs.map(blobPart),
    ]);
  }

  /** As an old client: notary1 only, on Notary's route. */
  publishNotary(documents: readonly Document[]): Promise<Response> {
    return this.post(
      "tuf/",
      documents.map(({ role, bytes }) => ({ filename: role, bytes })),
    );
  }

  async serverKey(role: "snapshot" | "timestamp", method: "GET" | "POST" = "GET"): Promise<PublicKey> {
    const body: unknown = await (await this.send(method, `tuf/${role}.key`)).json();
    const found = /"public":"([^"]+)"/.exec(JSON.stringify(body))?.[1] ?? "";
    return publicKeyFromSpki(Buffer.from(found, "base64"));
  }

  /** Root and targets version 1 in both dialects. */
  async initial(): Promise<readonly Document[]> {
    const { publication } = await prepareInitial({
      gun: this.gun,
      dialects: [notary1, tuf1],
      now: this.#clock(),
      rootSigners: [this.rootSigner],
      targetsSigners: [this.targetsSigner],
      snapshotKey: await this.serverKey("snapshot"),
      timestampKey: await this.serverKey("timestamp"),
    });
    for (const document of publication.documents) this.#remember(document);
    return publication.documents;
  }

  async init(): Promise<void> {
    const response = await this.publish(await this.initial());
    if (!response.ok) throw new CountersignError("publish.refused", await response.text());
  }

  /** The next targets of each dialect named, with one more target `name` of this content. */
  async nextTargets(
    name: string,
    content: string,
    into: readonly DialectName[] = dialects,
  ): Promise<readonly Document[]> {
    const target = { length: content.length, hashes: new Map([["sha256", sha256(content)]]), custom: undefined };
    return Promise.all(
      into.map((dialect) =>
        this.edit<Targets>(dialect, "targets", (before) => ({
          ...before,
          targets: new Map([...before.targets, [name, target]]),
        })),
      ),
    );
  }

  /** The next version of a role, changed and signed (by its usual keys unless told). Not remembered until `accepted`. */
  async edit<T extends Signed>(
    dialect: DialectName,
    role: string,
    change: (before: T) => T,
    signers: readonly Signer[] = [role === "root" ? this.rootSigner : this.targetsSigner],
  ): Promise<Document<T>> {
    const before = this.document<T>(dialect, role);
    return this.sign(dialect, role, change({ ...before.signed, version: before.signed.version + 1 }), signers);
  }

  async sign<T extends Signed>(
    dialect: DialectName,
    role: string,
    signed: T,
    signers: readonly Signer[],
  ): Promise<Document<T>> {
    const writer = dialectNamed(dialect);
    const keys = signers.map((signer) => ({ signer, key: this.keyOf(writer, role, signer) }));
    return signDocument(writer, parseRoleName(role), signed, keys);
  }

  /** Takes over what was published, so that the next edit builds on it. */
  accepted(documents: readonly Document[]): void {
    for (const document of documents) this.#remember(document);
  }

  document<T extends Signed>(dialect: DialectName, role: string): Document<T> {
    const found = this.documents.get(`${dialect} ${role}`);
    if (found === undefined) throw new CountersignError("bug.unexpected", `${dialect} ${role} was never made`);
    return found as Document<T>;
  }

  /** The key object under which the newest root lists this signer for root, else a plain one. */
  keyOf(dialect: Dialect, role: string, signer: Signer): Key {
    const root = this.documents.get(`${dialect.name} root`) as Document<Root> | undefined;
    const listed = [...(root?.signed.keys.values() ?? [])];
    const known = listed.find(
      (key) => key.publicKey?.id === signer.publicKey.id && (role !== "root" || key.certificates.length > 0),
    );
    return known ?? dialect.makeKey(signer.publicKey);
  }

  #remember(document: Document): void {
    this.documents.set(`${document.dialect} ${document.role}`, document);
  }
}

function blobPart(bytes: Uint8Array): UploadPart {
  return { filename: `blob/${Buffer.from(sha256(bytes)).toString("hex")}`, bytes };
}
