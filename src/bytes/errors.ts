// The one registry of error codes. Every failure that leaves this code base is a CountersignError whose `code`
// stands in the table below; the table says who has to act (the kind, which decides the exit code) and what
// the code means. docs/errors.md is generated from it. Secrets and passphrases never enter an error.

/** Who has to act on an error. The CLI maps each kind to one exit code (cli/exit-codes.ts). */
export type ErrorKind =
  | "untrusted" // the repository's bytes do not deserve trust
  | "usage" // the caller asked for something impossible
  | "missing" // a named thing is not there
  | "network" // a server could not be reached or misbehaved
  | "denied" // credentials refused
  | "key" // a key or passphrase is wrong or absent
  | "conflict" // somebody else was faster, or the change would lock people out
  | "local" // this machine: disk, permissions, corrupt files, clock
  | "bug"; // ours

/** Every code, with its kind and its meaning. Sorted by first word. */
export const errorTable = {
  "access.denied": ["denied", "the server wants credentials that allow what was asked"],
  "access.issuer_unavailable": ["network", "the keys of a token's issuer cannot be fetched now"],
  "access.limited": ["network", "requests came faster than the server's limits allow"],
  "bug.unexpected": ["bug", "a failure nobody foresaw; please report it"],
  "bundle.invalid": ["untrusted", "a bundle file is malformed or cut short"],
  "cache.corrupt": ["local", "a file of the local cache is damaged"],
  "certificate.invalid": [
    "untrusted",
    "a root certificate is malformed, expired, not yet valid or made for another name",
  ],
  "clock.off": ["local", "this machine's clock is far from the server's"],
  "collection.exists": ["conflict", "a collection of that name already exists"],
  "collection.missing": ["missing", "the trust server has no collection of that name"],
  "config.invalid": ["local", "a file of the user's own settings is damaged"],
  "conflict.lost_race": ["conflict", "another publisher published first"],
  "der.invalid": ["untrusted", "bytes are not the DER structure they should be"],
  "digest.invalid": ["usage", "text is not a digest of a supported algorithm"],
  "disk.full": ["local", "no space left on the device"],
  "disk.read_only": ["local", "a directory or file cannot be written"],
  "disk.unreadable": ["local", "a file or directory cannot be read"],
  "download.denied": ["denied", "the server refused the credentials"],
  "download.failed": ["network", "a request failed"],
  "download.missing": ["missing", "the server has no such document"],
  "download.redirected": ["network", "a server redirected where that is not allowed"],
  "download.stopped": ["local", "a download was stopped; nothing of it was kept"],
  "download.too_large": ["network", "a body is longer than its limit"],
  "download.too_slow": ["network", "a body did not arrive before its deadline"],
  "download.unreachable": ["network", "a server could not be reached"],
  "download.unavailable": ["network", "a server answered that it cannot serve now"],
  "encoding.invalid": ["untrusted", "text is not valid hex, base64 or UTF-8"],
  "file.changed": ["local", "a file changed or vanished while it was read"],
  "file.unsafe": ["usage", "a path leads out of its directory or is no regular file"],
  "gun.invalid": ["usage", "text is not a collection name"],
  "image.mismatch": ["untrusted", "what the registry serves is not what was signed"],
  "image.missing": ["missing", "the registry or layout has no such image"],
  "import.forked": ["untrusted", "two sources tell different histories of one collection"],
  "import.stopped": ["local", "an import was stopped; what is done stays"],
  "json.duplicate_member": ["untrusted", "a JSON object names a member twice"],
  "json.invalid": ["untrusted", "bytes are not one JSON text"],
  "json.lone_surrogate": ["untrusted", "a JSON string holds half a surrogate pair"],
  "json.not_integer": ["untrusted", "a JSON number is not an integer"],
  "json.too_deep": ["untrusted", "JSON is nested deeper than the limit"],
  "json.too_large": ["untrusted", "JSON is longer than the limit"],
  "json.unsafe_integer": ["untrusted", "a JSON integer is beyond 2^53 - 1"],
  "key.exists": ["conflict", "a key file of that name already exists"],
  "key.format": ["key", "a key file is in no format we can read"],
  "key.missing": ["key", "a key that is needed is not at hand"],
  "key.passphrase_missing": ["key", "a key needs a passphrase and none was given"],
  "key.passphrase_wrong": ["key", "a passphrase does not open its key"],
  "key.unsupported": ["key", "a key's type cannot be used here"],
  "limit.exceeded": ["untrusted", "a count or size is over its limit"],
  "listen.failed": ["local", "the server cannot listen on its address"],
  "metadata.expired": ["untrusted", "a document has expired"],
  "metadata.hash_mismatch": ["untrusted", "a document's bytes do not match the hash its parent lists"],
  "metadata.invalid": ["untrusted", "a document's content breaks the format"],
  "metadata.length_mismatch": ["untrusted", "a document is longer than its parent lists"],
  "metadata.missing": ["missing", "a document that its parent lists is not there"],
  "metadata.rollback": ["untrusted", "a document is older than one already trusted"],
  "metadata.root_mismatch": ["untrusted", "the snapshot was made for another root than the one trusted"],
  "metadata.unlisted": ["untrusted", "a role is missing from the snapshot"],
  "metadata.version_mismatch": ["untrusted", "a document's version is not the one its parent lists"],
  "metadata.wrong_type": ["untrusted", "a document is of another role than asked for"],
  "migrate.source_invalid": ["usage", "a database to migrate from is not one of Notary's"],
  "name.invalid": ["usage", "text is not a valid target, tag or role name"],
  "pin.exists": ["conflict", "the collection is already pinned"],
  "pin.mismatch": ["untrusted", "no pinned key signed the root"],
  "pin.missing": ["untrusted", "the collection is not pinned and trust on first use was not asked for"],
  "preflight.inexpressible": ["conflict", "a change cannot be written in one of the collection's dialects"],
  "preflight.would_lock_out": ["conflict", "a change would leave readers or owners locked out"],
  "publish.refused": ["conflict", "the trust server refused the documents"],
  "publish.unverified": ["conflict", "the publish was accepted but does not read back"],
  "reference.invalid": ["usage", "text is not an image reference"],
  "registry.denied": ["denied", "the registry refused the credentials"],
  "registry.failed": ["network", "the registry answered something unusable"],
  "request.invalid": ["usage", "a request to the server is malformed"],
  "request.too_large": ["usage", "a request to the server is over its size limit"],
  "request.unknown": ["missing", "the server has no such route"],
  "role.invalid": ["usage", "text is not a role name"],
  "root.missing": ["usage", "a TUF repository was opened without a trusted root to begin with"],
  "server.busy": ["network", "the server has too much to do at once"],
  "server.key_missing": ["conflict", "the root names an online key that the server does not hold"],
  "server.signing_unavailable": ["network", "the server cannot sign now"],
  "signature.none": ["untrusted", "a document carries no signatures"],
  "storage.conflict": ["conflict", "a document of that version is already stored"],
  "storage.corrupt": ["local", "the server's database is damaged"],
  "storage.locked": ["local", "another process is using the data directory"],
  "storage.newer": ["local", "the data directory was written by a newer version of this program"],
  "storage.unavailable": ["network", "the database cannot be reached"],
  "target.exists": ["conflict", "the name is signed already, with another content"],
  "target.invalid": ["untrusted", "a target's length or hashes are unusable"],
  "target.mismatch": ["untrusted", "a downloaded target is not what the metadata lists"],
  "target.missing": ["missing", "the collection has no such target"],
  "target.unsafe": ["untrusted", "a target's path leads elsewhere, or its file would replace another target's"],
  "threshold.invalid": ["untrusted", "a threshold is not an integer of at least one"],
  "threshold.unmet": ["untrusted", "too few distinct keys of the role signed"],
  "timestamp.invalid": ["untrusted", "text is not an RFC 3339 date"],
  "tls.untrusted": ["network", "a server's TLS certificate is not trusted"],
  "usage.invalid": ["usage", "the command line is not understood"],
} as const satisfies Readonly<Record<string, readonly [ErrorKind, string]>>;

/** A stable name for one way to fail. */
export type ErrorCode = keyof typeof errorTable;

export interface ErrorOptions {
  /** What to do next, one step a line. */
  readonly hints?: readonly string[];
  readonly cause?: unknown;
}

export class CountersignError extends Error {
  readonly code: ErrorCode;
  readonly hints: readonly string[];

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "CountersignError";
    this.code = code;
    this.hints = options.hints ?? [];
  }

  /** Who has to act. */
  get kind(): ErrorKind {
    return errorTable[this.code][0];
  }
}

/** True for a CountersignError, with one of `codes` if any are named. */
export function isCountersignError(error: unknown, ...codes: readonly ErrorCode[]): error is CountersignError {
  return error instanceof CountersignError && (codes.length === 0 || codes.includes(error.code));
}

/** The end of a switch over a union: unreachable, and the compiler proves it. */
export function assertNever(value: never): never {
  throw new CountersignError("bug.unexpected", `unreachable case: ${String(value)}`);
}
