// A TUF 1.0 repository in memory that says and serves whatever a test wants, as plain JSON: edit `signed` and `signers`, publish roles,
// then let a client fetch from it. Nothing is checked here; an attacker would not check either. The tree answers as a transport does.
import { encodeCanonicalJson, encodeHex, encodeUtf8, type JsonObject, type JsonValue, sha256 } from "../bytes/index.ts";
import { tuf1 } from "../dialects/index.ts";
import { generateSigner, type KeyAlgorithm, type Signer } from "../keys/index.ts";
import { day, testStart } from "./fake-clock.ts";

// biome-ignore lint/suspicious/noExplicitAny: tests reach into JSON of every shape, also of wrong ones
export type LooseJson = Record<string, any>;

export interface TreeLie {
  readonly status?: number;
  readonly bytes?: Uint8Array;
  /** The body never ends. */
  readonly isEndless?: boolean;
}

export class TufTree {
  /** `metadata/1.root.json` -> bytes. */
  readonly files = new Map<string, Uint8Array>();
  /** What is answered instead, by file. */
  readonly lies = new Map<string, TreeLie>();
  /** Files asked for, in order. */
  readonly requests: string[] = [];
  /** `signed` of each role as the next publish signs it. */
  readonly signed = new Map<string, LooseJson>();
  readonly signers = new Map<string, Signer[]>();
  /** Whether snapshot and timestamp list lengths and hashes. */
  listsHashes = false;
  /** Changes the envelope of a role after signing. */
  readonly envelope = new Map<string, (envelope: LooseJson) => void>();

  /** Four roles at version 1, each with one key. */
  static async create(options: { consistent?: boolean; algorithm?: KeyAlgorithm } = {}): Promise<TufTree> {
    const tree = new TufTree();
    const expires = dateAfter(365);
    const common = { spec_version: "1.0.34", version: 0, expires };
    const roles: LooseJson = {};
    const keys: LooseJson = {};
    for (const role of ["root", "timestamp", "snapshot", "targets"]) {
      const signer = await generateSigner(options.algorithm ?? "ed25519");
      const key = tuf1.makeKey(signer.publicKey);
      tree.signers.set(role, [signer]);
      keys[key.id] = key.source;
      roles[role] = { keyids: [key.id], threshold: 1 };
    }
    tree.signed.set("root", { _type: "root", ...common, consistent_snapshot: options.consistent ?? true, keys, roles });
    tree.signed.set("targets", { _type: "targets", ...common, targets: {} });
    tree.signed.set("snapshot", { _type: "snapshot", ...common, meta: {} });
    tree.signed.set("timestamp", { _type: "timestamp", ...common, meta: {} });
    await tree.publish("root", "targets", "snapshot", "timestamp");
    return tree;
  }

  role(name: string): LooseJson {
    const signed = this.signed.get(name);
    if (signed === undefined) throw new Error(`no role ${name}`);
    return signed;
  }

  signer(role: string): Signer {
    const [signer] = this.signers.get(role) ?? [];
    if (signer === undefined) throw new Error(`no signer of ${role}`);
    return signer;
  }

  /** The first root: what a client is given. */
  get firstRoot(): Uint8Array {
    return this.file("metadata/1.root.json");
  }

  file(name: string): Uint8Array {
    const bytes = this.files.get(name);
    if (bytes === undefined) throw new Error(`no file ${name}`);
    return bytes;
  }

  /** Delegates from `parent` with a new key; the role's document is empty until a test fills it. */
  async delegate(parent: string, name: string, how: LooseJson = {}): Promise<LooseJson> {
    const signer = await generateSigner("ed25519");
    const key = tuf1.makeKey(signer.publicKey);
    const paths = Object.hasOwn(how, "path_hash_prefixes") ? {} : { paths: ["*"] };
    const delegation = { name, keyids: [key.id], threshold: 1, terminating: false, ...paths, ...how };
    const from = this.role(parent);
    from.delegations ??= { keys: {}, roles: [] };
    from.delegations.keys[key.id] = key.source;
    from.delegations.roles.push(delegation);
    this.signers.set(name, [...(this.signers.get(name) ?? []), signer]);
    this.addTargetsRole(name);
    return delegation;
  }

  addTargetsRole(name: string): void {
    if (this.signed.has(name)) return;
    const common = { spec_version: "1.0.34", version: 0, expires: dateAfter(365) };
    this.signed.set(name, { _type: "targets", ...common, targets: {} });
  }

  /** Lists a target in a role and puts its file where clients look for it. */
  addTarget(role: string, path: string, content: string): void {
    const bytes = encodeUtf8(content);
    const hash = encodeHex(sha256(bytes));
    define(this.role(role).targets, path, { length: bytes.length, hashes: { sha256: hash } });
    const [last = "", ...parents] = path.split("/").reverse();
    const name = this.role("root").consistent_snapshot ? `${hash}.${last}` : last;
    this.files.set(`targets/${[...parents.reverse(), name].join("/")}`, bytes);
  }

  /** Each role with its next version; a targets role goes into the next snapshot, a snapshot into the next timestamp. */
  async publish(...roles: readonly string[]): Promise<void> {
    for (const role of roles) {
      const signed = this.role(role);
      if (typeof signed.version === "number") signed.version += 1;
      const bytes = await this.sign(role);
      const isVersioned = role === "root" || (role !== "timestamp" && this.role("root").consistent_snapshot === true);
      const file = `${encodeURIComponent(role)}.json`;
      this.files.set(`metadata/${isVersioned ? `${signed.version}.` : ""}${file}`, bytes);
      const entry = {
        version: signed.version,
        ...(this.listsHashes ? { length: bytes.length, hashes: { sha256: encodeHex(sha256(bytes)) } } : {}),
      };
      if (role === "snapshot") this.role("timestamp").meta = { "snapshot.json": entry };
      else if (role !== "root" && role !== "timestamp") define(this.role("snapshot").meta, `${role}.json`, entry);
    }
  }

  /** The given targets roles, then snapshot and timestamp. */
  publishAll(...roles: readonly string[]): Promise<void> {
    return this.publish(...roles, "snapshot", "timestamp");
  }

  async sign(role: string, signed: LooseJson = this.role(role)): Promise<Uint8Array> {
    const message = encodeCanonicalJson(signed as JsonObject);
    const signatures: LooseJson[] = [];
    for (const signer of this.signers.get(role) ?? []) {
      const key = tuf1.makeKey(signer.publicKey);
      const { scheme } = tuf1.signingScheme(key);
      signatures.push({ keyid: key.id, sig: encodeHex(await signer.sign(message, scheme)) });
    }
    const envelope: LooseJson = { signed, signatures };
    this.envelope.get(role)?.(envelope);
    return encodeUtf8(JSON.stringify(envelope));
  }

  async get(request: { readonly url: URL; readonly maxBytes: number }) {
    const file = request.url.pathname.slice(1);
    this.requests.push(file);
    const lie = this.lies.get(file);
    if (lie?.isEndless === true) return { status: 200, body: endless() };
    const bytes = lie?.bytes ?? this.files.get(decodeMetadata(file));
    const status = lie?.status ?? (bytes === undefined ? 404 : 200);
    return { status, body: once(status === 200 && bytes !== undefined ? bytes : new Uint8Array()) };
  }

  /** What was asked for since the last call. */
  takeRequests(): string[] {
    return this.requests.splice(0);
  }
}

export function dateAfter(days: number): string {
  return `${new Date(testStart + days * day).toISOString().slice(0, 19)}Z`;
}

/** Sets an own member whatever its name. */
function define(object: LooseJson, name: string, value: JsonValue): void {
  Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}

/** Metadata is kept under the name that encodeURIComponent gives; targets under their own. */
function decodeMetadata(file: string): string {
  if (!file.startsWith("metadata/")) return decodeURIComponent(file);
  return `metadata/${encodeURIComponent(decodeURIComponent(file.slice("metadata/".length)))}`;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield bytes;
}

async function* endless(): AsyncGenerator<Uint8Array, void, void> {
  for (;;) yield new Uint8Array(65_536);
}
