// Exit codes by who has to act. Scripts depend on them: a number never changes its meaning.
import { assertNever, type ErrorKind } from "../bytes/index.ts";

export const exitCodes = {
  done: 0,
  untrusted: 1,
  usage: 2,
  missing: 3,
  network: 4,
  denied: 5,
  key: 6,
  conflict: 7,
  local: 8,
  bug: 70,
  /** 128 + SIGPIPE, as programs end that do not look. Never 0: who pipes a verdict away has not been told that it was good. */
  cutOff: 141,
} as const;

/** What each exit code says, for help and docs/cli.md. */
export const exitCodeMeanings: readonly (readonly [number, string])[] = [
  [exitCodes.done, "done, or trusted"],
  [exitCodes.untrusted, "not trusted"],
  [exitCodes.usage, "the command line or a name is not understood"],
  [exitCodes.missing, "no such image, tag, collection or file"],
  [exitCodes.network, "a server could not be reached or misbehaved"],
  [exitCodes.denied, "a server refused the credentials"],
  [exitCodes.key, "a key or passphrase is wrong or absent"],
  [exitCodes.conflict, "somebody else was faster, or the change would lock people out"],
  [exitCodes.local, "this machine: disk, permissions, damaged files, clock"],
  [exitCodes.bug, "a defect of countersign"],
  [exitCodes.cutOff, "whoever read its output went away before it had finished"],
];

export function exitCodeOf(kind: ErrorKind): number {
  switch (kind) {
    case "untrusted":
      return exitCodes.untrusted;
    case "usage":
      return exitCodes.usage;
    case "missing":
      return exitCodes.missing;
    case "network":
      return exitCodes.network;
    case "denied":
      return exitCodes.denied;
    case "key":
      return exitCodes.key;
    case "conflict":
      return exitCodes.conflict;
    case "local":
      return exitCodes.local;
    case "bug":
      return exitCodes.bug;
    default:
      return assertNever(kind);
  }
}
