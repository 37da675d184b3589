// A collection's trust server as the flows see it: reading its documents, asking for the whole chain at once, publishing.
// Nothing here verifies: bytes go to the updater as they came, within the limits it set (docs/api.md; notary-v1, section 6).
import type { Digest, Gun, RoleName } from "../bytes/index.ts";
import type { DialectName } from "../tuf/index.ts";
import type { FetchOptions, MetadataSource } from "../updater/index.ts";

export interface BundleRequest {
  readonly dialect: DialectName | "auto";
  /** The newest root version at hand; undefined: send all from version 1. */
  readonly root?: number;
  /** sha256 of documents at hand. */
  readonly have?: readonly Digest[];
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
}

/** A document or blob to publish; made by `documentPart` and `blobPart`. */
export interface PublishPart {
  /** `<dialect>/<role>` or `blob/<sha256 hex>`. */
  readonly filename: string;
  readonly bytes: Uint8Array;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface PublishOptions extends CallOptions {
  /** Called as the body goes out. */
  readonly onProgress?: (sentBytes: number, totalBytes: number) => void;
}

export interface PublishedDocument {
  readonly dialect: DialectName;
  readonly role: string;
  readonly version: number;
  readonly sha256: string;
}

export interface PublishResult {
  readonly documents: readonly PublishedDocument[];
  readonly behind: readonly DialectName[];
}

export interface RoleStatus {
  readonly version: number;
  /** RFC 3339, as the server says it; not verified. */
  readonly expires: string;
}

export interface ServerStatus {
  readonly dialects: ReadonlyMap<DialectName, ReadonlyMap<string, RoleStatus>>;
  readonly behind: readonly DialectName[];
}

/** One collection on one trust server. */
export interface TrustServer {
  readonly url: URL;
  readonly gun: Gun;
  /** Notary's routes; works with notary-server. */
  notary1Source(): MetadataSource;
  /** The plain TUF 1.0 tree. */
  tuf1Source(): MetadataSource;
  /** The content of a target; `path` is `DIR/HASH.NAME`, percent-encoded. undefined: the server does not hold it. Not verified. */
  fetchContent(path: string, options: FetchOptions): Promise<Uint8Array | undefined>;
  /** undefined: the server has no such route (notary-server), so fetch one by one. @throws collection.missing */
  fetchBundle(request: BundleRequest): Promise<Uint8Array | undefined>;
  /** One transaction. @throws conflict.lost_race and whatever code the server names; publish.refused */
  publish(parts: readonly PublishPart[], options?: PublishOptions): Promise<PublishResult>;
  /** To Notary's own route, one dialect only. @throws conflict.lost_race publish.refused */
  publishNotary1(
    documents: readonly { readonly role: RoleName; readonly bytes: Uint8Array }[],
    options?: PublishOptions,
  ): Promise<void>;
  /** The server's public key for a role it signs, in Notary's JSON form; made by the server if need be. */
  serverKey(role: "snapshot" | "timestamp", options?: CallOptions): Promise<Uint8Array>;
  /** A new key for a role the server signs; in use from the next root that lists it. */
  rotateServerKey(role: "snapshot" | "timestamp", options?: CallOptions): Promise<Uint8Array>;
  /** Deletes the collection with all its versions, for everybody. One that is not there is no error. */
  deleteCollection(options?: CallOptions): Promise<void>;
  /** What stands there, unverified; undefined: no such collection, or a server without this route. */
  status(options?: CallOptions): Promise<ServerStatus | undefined>;
  /** False: a notary-server, which knows Notary's routes only. */
  isCountersign(options?: CallOptions): Promise<boolean>;
  /** Deletes the collection, all versions and the server's keys for it. Nothing there is no error. @throws download.* */
  removeCollection(options?: CallOptions): Promise<void>;
  /** Answers or throws download.unreachable and the like; a demand for credentials counts as an answer. */
  ping(options?: CallOptions): Promise<void>;
  /** Server's clock minus ours in milliseconds, from the last answer's Date header (whole seconds); undefined before it. */
  clockSkewMs(): number | undefined;
}
