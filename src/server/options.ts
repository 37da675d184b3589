// What a server can be told, with the defaults an operator gets by saying nothing, and what it tells back.
import type { Clock } from "../bytes/index.ts";
import type { SqliteOptions } from "../storage/index.ts";

/** Structured lines; never a secret, a header or a body. */
export type ServerLog = (
  event: "request" | "renewed" | "error" | "started" | "stopped",
  fields: Readonly<Record<string, string | number | boolean | undefined>>,
) => void;

export type TlsChoice =
  | { readonly kind: "generated" } // made at first start for localhost, 127.0.0.1 and ::1, kept in the data directory
  | { readonly kind: "files"; readonly certificatePath: string; readonly keyPath: string }
  | { readonly kind: "off" }; // behind a proxy that ends TLS

export interface ServerOptions {
  readonly dataDir: string;
  /** 127.0.0.1 unless told. */
  readonly host?: string;
  /** 4443 unless told; 0 = any free port. */
  readonly port?: number;
  /** A loopback certificate of our own unless told. */
  readonly tls?: TlsChoice;
  /** There is no authentication yet: an address others can reach is refused unless this says the network is guarded elsewhere. */
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
  /** Finishes requests under way, then the sweep, then storage. */
  close(): Promise<void>;
}
