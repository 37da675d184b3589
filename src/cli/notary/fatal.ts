// A failure as Notary tells it: the line after `* fatal:` in the words that scripts look for, on stdout, exit status 1. What is wrong and
// what to do about it, in our words and with our code, follows on stderr (the rows of notary-v1, section 14).
import { CountersignError } from "../../bytes/index.ts";
import { printable } from "../terminal.ts";

export interface Told {
  /** After `* fatal: `. */
  readonly line: string;
  /** Of our own, for stderr. */
  readonly more: readonly string[];
}

/** What somebody was doing: for the words that name it. */
export interface Subject {
  readonly gun: string | undefined;
  /** host[:port] of the trust server. */
  readonly host: string | undefined;
  /** What Notary says before the reason. */
  readonly prelude?: string;
  /** The root of this collection is cached here. */
  readonly hasCachedRoot: boolean;
}

/** Advice that speaks of our own commands and settings, or of docker's: the `notary` command reads none of them. */
const notOfNotary = /countersign |docker login|--tls-ca |--sign-with-kit |DOCKER_CONFIG|COUNTERSIGN_/;

export function tellFailure(error: unknown, subject: Subject): Told {
  if (!(error instanceof CountersignError)) {
    const line = error instanceof Error ? error.message : String(error);
    return { line, more: [error instanceof Error ? String(error.stack ?? "") : "", "  - please report this"] };
  }
  const line = notaryLine(error, subject);
  const own = `countersign: ${line === error.message ? "" : `${printable(error.message)} `}[${error.code}]`;
  const hints = [...advice(error, subject), ...error.hints.filter((hint) => !notOfNotary.test(hint))];
  return {
    line: printable(`${subject.prelude ?? ""}${line}`),
    more: [own, ...hints.map((hint) => `  - ${printable(hint)}`)],
  };
}

/** Notary's text where it has one for this, else ours. */
function notaryLine(error: CountersignError, subject: Subject): string {
  const { message } = error;
  switch (error.code) {
    case "collection.missing":
      return `${subject.host ?? "the server"} does not have trust data for ${subject.gun ?? "this repository"}`;
    case "download.unreachable":
    case "download.too_slow":
    case "tls.untrusted":
    case "request.invalid":
      return "client is offline";
    case "download.denied":
      return "you are not authorized to perform this operation: server returned 401.";
    case "download.unavailable":
    case "download.redirected":
    case "download.failed":
      return statusLine(message);
    case "metadata.missing":
    case "download.missing":
      // A root that is only here, or only in the cache: the server has nothing of this name.
      if (roleIn(message) === "timestamp") return `${subject.host} does not have trust data for ${subject.gun}`;
      return `${roleIn(message)} trust data unavailable.  Has a notary repository been initialized?`;
    case "metadata.expired":
      return expiredLine(message);
    case "metadata.rollback":
      return rollbackLine(message);
    case "metadata.hash_mismatch":
      return `${message.split(" ")[0]} checksum did not match: ${message}`;
    case "threshold.unmet":
    case "signature.none":
      return thresholdLine(message, subject);
    case "certificate.invalid":
      return "could not validate the path to a trusted root: unable to retrieve valid leaf certificates";
    case "pin.missing":
      return "could not validate the path to a trusted root: invalid trust pinning specified";
    case "pin.mismatch":
      return subject.hasCachedRoot
        ? "could not rotate trust to a new trusted root: failed to validate data with current trusted certificates"
        : "could not validate the path to a trusted root: unable to match any certificates to trust_pinning config";
    case "conflict.lost_race":
    case "storage.conflict":
    case "collection.exists":
      return "trust server rejected operation.";
    case "publish.refused":
    case "server.key_missing":
      return /: INVALID_UPDATE: (.+)$/.exec(message)?.[1] ?? "trust server rejected operation.";
    case "preflight.would_lock_out":
      return lockOutLine(message);
    case "role.invalid":
      return roleLine(message);
    case "key.missing":
      return keysLine(message);
    case "key.passphrase_missing":
      return "maximum number of passphrase attempts exceeded";
    case "key.passphrase_wrong":
      return keysLine(message);
    default:
      return message;
  }
}

function statusLine(message: string): string {
  const status = /\banswered ([1-5][0-9]{2})\b/.exec(message)?.[1];
  return status === undefined ? message : `unable to reach trust server at this time: ${status}.`;
}

function roleIn(message: string): string {
  return /\b(root|targets(?:\/[-a-z0-9_/]+)?|snapshot|timestamp)\b/.exec(message)?.[1] ?? "repository";
}

/** `root version 2 expired at <RFC 3339>` with the date as Go's UnixDate writes it. */
function expiredLine(message: string): string {
  const match = /^(\S+) version \d+ expired at (\S+)$/.exec(message);
  const at = new Date(match?.[2] ?? "");
  if (match === null || Number.isNaN(at.getTime())) return message;
  const [weekday, day = "", month] = at.toUTCString().replace(",", "").split(" ");
  const time = at.toISOString().slice(11, 19);
  return `${match[1]} expired at ${weekday} ${month} ${String(Number(day)).padStart(2)} ${time} UTC ${at.getUTCFullYear()}`;
}

function rollbackLine(message: string): string {
  const numbers = [...message.matchAll(/version (\d+)/g)].map((match) => match[1]);
  return numbers.length < 2 ? message : `version ${numbers[0]} is lower than current version ${numbers[1]}`;
}

function thresholdLine(message: string, { hasCachedRoot }: Subject): string {
  const role = roleIn(message);
  if (role === "root" || (hasCachedRoot && (role === "timestamp" || role === "snapshot"))) {
    return "could not rotate trust to a new trusted root: failed to validate data with current trusted certificates";
  }
  return `valid signatures did not meet threshold for ${role}`;
}

function keysLine(message: string): string {
  const ids = [...message.matchAll(/\b[0-9a-f]{64}\b/g)].map((match) => match[0]);
  const needed = /(?:signed by|needs) (\d+) of/.exec(message)?.[1] ?? "1";
  if (ids.length === 0) return message;
  if (/^(?:a new root|root) /.test(message)) {
    return `signing keys not available: need ${needed} keys from ${ids.length} possible keys (${ids.join(", ")})`;
  }
  return `could not find necessary signing keys, at least one of these keys must be available: ${ids.join(", ")}`;
}

/** What preflight refuses before anything is signed, and Notary only notices while it signs. */
function lockOutLine(message: string): string {
  const ids = [...message.matchAll(/\b[0-9a-f]{64}\b/g)].map((match) => match[0]);
  const [, role, needed] = /notary1 (\S+): .* wants (\d+) of these keys/.exec(message) ?? [];
  if (role === "targets") {
    return `could not find necessary signing keys, at least one of these keys must be available: ${ids.join(", ")}`;
  }
  if (role !== undefined) {
    return `signing keys not available: need ${needed} keys from ${ids.length} possible keys (${ids.join(", ")})`;
  }
  return message.includes("outside the paths delegated") ? "Could not add all targets" : message;
}

function roleLine(message: string): string {
  const role = /^\S+ does not delegate to (\S+)/.exec(message)?.[1];
  return role === undefined ? message : `tuf: invalid role ${role}. delegation does not exist`;
}

/** notary-v1, 14-H and 14-I. */
function wrongServersKeys(gun: string): readonly string[] {
  return [
    "the server does not hold a key that the root names: a moved or restored server, or the wrong one",
    `with the root key: notary key rotate ${gun} snapshot timestamp -r puts both right in one root`,
    `begun for another server and never published: publish it there, or notary delete ${gun} and begin again`,
  ];
}

function renewal(message: string, gun: string): string {
  const role = roleIn(message);
  return role === "timestamp"
    ? "the trust server signs the timestamp: see that it runs and has its keys, and that its clock and this machine's agree"
    : `whoever holds the ${role} key can renew it, also now: notary witness -p ${gun} ${role}`;
}

const address = "the server is the one of -s URL, else remote_server.url in the configuration";

/** What to do, in the words of somebody who calls `notary`. */
function advice(error: CountersignError, { gun = "GUN", hasCachedRoot }: Subject): readonly string[] {
  switch (error.code) {
    case "collection.missing":
      return [`to start it: notary init -p ${gun}`, `is it the right server? ${address}`];
    case "conflict.lost_race":
    case "storage.conflict":
      return ["somebody else published first: run the same command again"];
    case "server.key_missing":
      return wrongServersKeys(gun);
    case "publish.refused":
      return /\bkeys exist on the server|\bkey [0-9a-f]{64} not found/.test(error.message) ? wrongServersKeys(gun) : [];
    case "pin.mismatch":
    case "threshold.unmet":
      return hasCachedRoot && roleIn(error.message) !== "targets"
        ? [
            "either the collection was deleted and made again, its server lost roots, or somebody shows you another one: ask its owner",
            `if the owner says it is right: notary delete ${gun} forgets what is cached here, and the next list starts afresh`,
          ]
        : ["the key ids of trust_pinning are those of the root certificates: ask the owner for the right ones"];
    case "metadata.expired":
      // An old copy, and a server that did not answer: nobody has to renew anything.
      if (error.cause instanceof CountersignError) return [];
      return [renewal(error.message, gun)];
    case "metadata.rollback":
      return [
        `if the server was restored from a backup, publishing again brings it level; notary delete ${gun} forgets what is cached here`,
      ];
    case "key.missing":
      return [
        "bring the key with notary key import, or see what is here with notary key list",
        ...(error.message.startsWith("a new root")
          ? ["a recovery kit signs in its place: countersign rotate --help says how, under --sign-with-kit"]
          : []),
      ];
    case "key.passphrase_wrong":
    case "key.passphrase_missing":
      return [
        "set NOTARY_ROOT_PASSPHRASE, NOTARY_TARGETS_PASSPHRASE, NOTARY_SNAPSHOT_PASSPHRASE or NOTARY_DELEGATION_PASSPHRASE, or run on a terminal",
      ];
    case "download.redirected":
      return [
        `a trust server answers by itself: the address leads to something else, a login page perhaps; ${address}`,
      ];
    case "download.too_large":
    case "bundle.invalid":
    case "metadata.invalid":
      return [`what came is no trust data: a proxy or another server may have answered; ${address}`];
    case "download.failed":
      return [`if it goes on: is there a proxy in between? ${address}`];
    case "download.unreachable":
    case "download.too_slow":
      return [address];
    case "tls.untrusted":
      return ["the server's certificate authority is given with --tlscacert FILE, or as remote_server.root_ca"];
    case "disk.read_only":
      return ["the trust directory is the one of -d DIR, else trust_dir in the configuration, else ~/.notary"];
    case "download.denied":
      return ["set NOTARY_AUTH to the base64 of user:password, or run on a terminal to be asked"];
    default:
      return [];
  }
}
