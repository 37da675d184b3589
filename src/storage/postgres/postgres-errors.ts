// PostgreSQL's SQLSTATEs (postgresql.org/docs/current/errcodes-appendix.html) and the failures of its connection as our errors. What
// the caller may do differs: a lost connection leaves a commit undecided, a serialization failure may be repeated, the rest is over.
import { CountersignError } from "../../bytes/index.ts";

/** The five characters of a server's error; undefined when it did not come from the server. */
export function sqlState(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error && "severity" in error ? error.code : undefined;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** True when the connection is gone: what was under way on it may have happened or not. */
export function isLostConnection(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof CountersignError) return false;
  const state = sqlState(error);
  if (state === undefined) return true;
  return state.startsWith("08") || ["57P01", "57P02", "57P03", "57P05", "25P03"].includes(state);
}

/** True when the server took the transaction back only because of what others did at the same time. */
export function isPassingConflict(error: unknown): boolean {
  const state = sqlState(error);
  return state === "40001" || state === "40P01";
}

/** A coded error that names the database; anything already coded passes through. Never holds the password. */
export function toPostgresError(error: unknown, shown: string): CountersignError {
  if (error instanceof CountersignError) return error;
  const state = sqlState(error);
  const known = state === undefined ? undefined : (states.get(state) ?? states.get(state.slice(0, 2)));
  if (known !== undefined) {
    const [code, what, ...hints] = known;
    return new CountersignError(code, `the database ${shown} ${what} (${state})`, { cause: error, hints });
  }
  if (state !== undefined) {
    return new CountersignError("storage.unavailable", `the database ${shown} failed (${state})`, { cause: error });
  }
  return connectionError(error, shown);
}

/** The same for what never reached the server or came from no server. */
function connectionError(error: unknown, shown: string): CountersignError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const message = error instanceof Error ? error.message : "";
  if (/CERT|SELF_SIGNED|ALTNAME|SIGNATURE/.test(code)) {
    return new CountersignError(
      "tls.untrusted",
      `the TLS certificate of the database ${shown} is not trusted (${code})`,
      {
        cause: error,
        hints: ["name its authority with sslrootcert=FILE in the database URL"],
      },
    );
  }
  if (message.includes("does not support SSL")) {
    return new CountersignError("storage.unavailable", `the database ${shown} does not offer TLS`, {
      cause: error,
      hints: ["switch TLS on there", "or add sslmode=disable to the database URL where the network is guarded"],
    });
  }
  const reason = code !== "" ? code : message.includes("timeout") ? "timeout" : "connection lost";
  return new CountersignError("storage.unavailable", `the database ${shown} cannot be reached (${reason})`, {
    cause: error,
    hints: [
      "check that PostgreSQL runs and that the database URL is right; the server goes on by itself once it answers",
    ],
  });
}

type Known = readonly [CountersignError["code"], string, ...string[]];

const credentials = "check the user, the password and pg_hba.conf";
/** Whole states, or their first two characters. */
const states: ReadonlyMap<string, Known> = new Map<string, Known>([
  ["23505", ["storage.conflict", "holds such a row already"]],
  ["25006", ["disk.read_only", "takes no writes", "the database URL may name a standby: name the primary"]],
  ["28000", ["storage.unavailable", "refuses this user", credentials]],
  ["28P01", ["storage.unavailable", "refuses the password", credentials]],
  ["3D000", ["storage.unavailable", "does not exist", "make it with createdb, owned by the user of the database URL"]],
  ["3F000", ["storage.corrupt", "has lost its schema", "restore it from a backup"]],
  [
    "42501",
    [
      "storage.unavailable",
      "denies this user what it needs",
      "make the user the owner of the database or of our schema",
    ],
  ],
  ["42703", ["storage.corrupt", "lacks a column of ours", "restore it from a backup"]],
  ["42P01", ["storage.corrupt", "lacks a table of ours", "restore it from a backup"]],
  ["53", ["storage.unavailable", "is out of resources", "look at its log"]],
  ["53100", ["disk.full", "has no space left", "free some space; publishing works again as soon as there is some"]],
  ["53300", ["storage.unavailable", "has no connection left", "raise max_connections there, or lower ours"]],
  ["55P03", ["storage.unavailable", "kept a row locked for too long"]],
  ["57014", ["storage.unavailable", "took too long over a statement"]],
  ["57P01", ["storage.unavailable", "is shutting down"]],
  ["57P02", ["storage.unavailable", "has crashed and recovers"]],
  ["57P03", ["storage.unavailable", "is starting up or shutting down"]],
  ["40", ["storage.unavailable", "took a transaction back because of others"]],
  [
    "XX",
    ["storage.corrupt", "finds itself damaged", "keep a copy before anything else, then restore it from a backup"],
  ],
]);
