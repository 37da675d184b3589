// What a server can be told, with the defaults an operator gets by saying nothing, and what it tells back.
import type { Clock } from "../bytes/index.ts";
import type { SqliteOptions } from "../storage/index.ts";
import type { AccessOptions } from "./admin-access.ts";
import type { Caching } from "./answers.ts";
import type { RateLimits } from "./rate-limits.ts";

/** Structured lines; never a secret, a header or a body. */
export type ServerLog = (
  event: "request" | "renewed" | "error" | "started" | "reloaded" | "stopped",
  fields: Readonly<Record<string, string | number | boolean | undefined>>,
) => void;

export type TlsChoice =
  | { readonly kind: "generated" } // made at first start for localhost, 127.0.0.1 and ::1, kept in the data directory
  | { readonly kind: "files"; readonly certificatePath: string; readonly keyPath: string }
  | { readonly kind: "off" }; // behind a proxy that ends TLS

export type StorageChoice =
  | { readonly kind: "sqlite" } // in the data directory
  /** The URL may hold a password. Several servers may share the database. */
  | { readonly kind: "postgres"; readonly url: string };

export type SignerChoice =
  | { readonly kind: "local" } // keys of the server's own, sealed with the master key, kept in storage
  | RemoteSigner;

/** A notary-signer, or `countersign signer`, over gRPC. */
export interface RemoteSigner {
  readonly kind: "remote";
  readonly host: string;
  readonly port: number;
  /** The signer's authority; the system's unless told. */
  readonly caPath?: string;
  /** What the signer is shown; both or neither. */
  readonly certificatePath?: string;
  readonly keyPath?: string;
  /** Of new keys. */
  readonly algorithm: "ecdsa" | "ed25519";
}

/** Where every address of the machine is meant. */
export const everyAddress = "*";

export interface ServerOptions {
  /** Holds the SQLite database, the master key and the generated certificate, as far as they are used. */
  readonly dataDir: string;
  /** SQLite unless told. */
  readonly storage?: StorageChoice;
  /** Local unless told. */
  readonly signer?: SignerChoice;
  /** Who may read, publish and administer; everybody unless told. */
  readonly access?: AccessOptions;
  /** None without access control, `defaultRateLimits` with it, unless told. */
  readonly rateLimits?: RateLimits;
  /** Clients must show a certificate of this authority (PEM file); TLS only. */
  readonly clientCaPath?: string;
  /** Addresses and networks of proxies whose X-Forwarded-For is believed; none unless told. */
  readonly trustedProxies?: readonly string[];
  /** Lifetimes of answers in caches; Notary's own unless told. */
  readonly caching?: Caching;
  /** Only collections whose names begin with one of these are served. */
  readonly gunPrefixes?: readonly string[];
  /** 127.0.0.1 unless told; `everyAddress` listens on all. */
  readonly host?: string;
  /** 4443 unless told; 0 = any free port. */
  readonly port?: number;
  /** A loopback certificate of our own unless told. */
  readonly tls?: TlsChoice;
  /** An address others can reach is refused without access control or client certificates, unless this says the network is guarded. */
  readonly allowNonLoopback?: boolean;
  /** Reads the key that seals server keys; `<dataDir>/master.key`, made at first start, unless told. 32 raw bytes or 64 hex digits. */
  readonly masterKeyPath?: string;
  readonly clock?: Clock;
  readonly log?: ServerLog;
  readonly testOnlyStorage?: SqliteOptions;
}

export interface RunningServer {
  /** `https://127.0.0.1:4443`, without a trailing slash. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** undefined when TLS is off. `path` is the PEM file a client may trust as its CA; `sha256` the fingerprint in hex. */
  readonly certificate: { readonly path: string; readonly sha256: string; readonly generated: boolean } | undefined;
  /** Reads the certificate files again, for connections to come. @throws as startServer; the old certificate stays then */
  reloadTls(): void;
  /** Finishes requests under way, then the sweep, then storage. */
  close(): Promise<void>;
}
