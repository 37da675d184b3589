// What Notary's own configuration files say, typed: paths absolute, addresses taken apart, limits checked. Nothing here decides what
// Countersign does with it (the commands do); notary-v1, section 12.

/** Addresses as Go writes them: `:4443` is every address of the machine. */
export interface ListenAddress {
  /** undefined: all addresses. */
  readonly host: string | undefined;
  /** 0: any free one. */
  readonly port: number;
}

export interface CertificatePaths {
  readonly certificatePath: string;
  readonly keyPath: string;
}

/** Sorted from what says most to what says least. */
export type LogLevel = "debug" | "info" | "warning" | "error";

export type NotaryStorage =
  | { readonly kind: "memory" }
  /** A URL; what lib/pq takes as `key=value` words has been rewritten. It may hold a password. */
  | { readonly kind: "postgres"; readonly url: string }
  /** Go's MySQL form, `user:password@tcp(host:3306)/database?...`. It may hold a password. */
  | { readonly kind: "mysql"; readonly dsn: string }
  | { readonly kind: "sqlite" }
  | { readonly kind: "rethinkdb" };

export type TrustService =
  | { readonly kind: "local" }
  | {
      readonly kind: "remote";
      readonly host: string;
      readonly port: number;
      readonly caPath?: string;
      readonly certificatePath?: string;
      readonly keyPath?: string;
      readonly algorithm: "ecdsa" | "ed25519";
    };

/** Docker token authentication (notary-v1, section 6.5). One of the two paths at least is there. */
export interface NotaryTokenAuth {
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  readonly rootCertBundlePath?: string;
  readonly jwksPath?: string;
}

export interface NotaryServerSettings {
  /** Absolute. */
  readonly configPath: string;
  readonly listen: ListenAddress;
  /** undefined: plain HTTP. */
  readonly tls: CertificatePaths | undefined;
  /** Clients must show a certificate of this authority. */
  readonly clientCaPath: string | undefined;
  readonly trustService: TrustService;
  readonly storage: NotaryStorage;
  /** undefined: open to everybody. */
  readonly tokenAuth: NotaryTokenAuth | undefined;
  /** 0: not to be cached. */
  readonly caching: { readonly currentSeconds: number; readonly consistentSeconds: number };
  /** Each ends in `/`; empty: every name. */
  readonly gunPrefixes: readonly string[];
  readonly logLevel: LogLevel;
}

export interface NotarySignerSettings {
  /** Absolute. */
  readonly configPath: string;
  readonly listen: ListenAddress;
  readonly tls: CertificatePaths;
  readonly clientCaPath: string | undefined;
  readonly storage: NotaryStorage;
  /** The passphrase that new keys are sealed with. undefined only with storage in memory. */
  readonly defaultAlias: string | undefined;
  /** From NOTARY_SIGNER_<ALIAS>; undefined when it is not set or empty. */
  passphraseOf(alias: string): string | undefined;
  readonly logLevel: LogLevel;
}

/** A setting that is used. */
export interface TakenSetting {
  /** `server.http_addr` */
  readonly key: string;
  /** As given, with secrets left out. */
  readonly value: string;
  /** What became of it. */
  readonly as: string;
  /** "file", or the name of the environment variable that overrides it. */
  readonly from: string;
}

/** A setting without effect, or a variable that looks like one. */
export interface IgnoredSetting {
  readonly key: string;
  readonly why: string;
}

export interface NotaryConfig<Settings> {
  readonly settings: Settings;
  readonly taken: readonly TakenSetting[];
  readonly ignored: readonly IgnoredSetting[];
}
