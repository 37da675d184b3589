// What to do next, for errors that were thrown where nobody knew: the nearest advice by code, else by kind. Advice that comes with the
// error knows more and stands alone.
import { type ErrorCode, type ErrorKind, errorTable } from "../bytes/index.ts";

const byCode: Readonly<Partial<Record<ErrorCode, readonly string[]>>> = {
  "cache.corrupt": ["run the same command again: what is damaged is fetched anew"],
  "conflict.lost_race": ["run the same command again: it starts from what the other publisher left"],
  "digest.invalid": ["a digest is sha256: and 64 hex digits, or sha512: and 128, in lower case"],
  "disk.full": ["free some space, then run the same command again"],
  "download.denied": ["log in with docker login, or set COUNTERSIGN_TOKEN or COUNTERSIGN_AUTH for the trust server"],
  "download.redirected": ["name the server that it redirects to, if that is the right one"],
  "download.too_slow": ["try again; if it stays slow, ask who runs the server"],
  "download.unavailable": ["try again in a while; if it stays so, ask who runs the server"],
  "download.unreachable": [
    "check the address, and that the server runs: --server, COUNTERSIGN_SERVER, countersign serve",
  ],
  "image.mismatch": ["do not run it: it is not what was signed"],
  "image.missing": ["check the name and the tag, or push the image first"],
  "key.exists": ["nothing was changed; choose another file, or move that one away"],
  "key.format": ["give a key file of Notary, docker or OpenSSL, as it was written"],
  "key.missing": ["see what is here: countersign key list", "bring a key with: countersign key import FILE"],
  "key.passphrase_missing": ["set COUNTERSIGN_PASSPHRASE, or pass --passphrase-file FILE"],
  "key.passphrase_wrong": ["check which passphrase is set: COUNTERSIGN_PASSPHRASE and the ones for each role"],
  "listen.failed": ["choose another address with --listen HOST:PORT"],
  "key.unsupported": [
    "use a key of ECDSA on P-256, of Ed25519 or RSA: countersign key generate makes one that every verifier reads",
  ],
  "metadata.expired": [
    "check this machine's clock",
    "if it is right, the owner or the trust server has stopped renewing: ask them",
  ],
  "pin.mismatch": ["do not trust it before its owner has confirmed the new key over another channel"],
  "pin.missing": [
    "ask the owner for the root key's id, then: countersign trust add GUN KEY-ID",
    "or believe whoever answers first, this once: --trust-on-first-use",
  ],
  "publish.refused": ["nothing was changed; the message says what the server objects to"],
  "role.invalid": [
    "roles are root, targets, snapshot, timestamp and targets/NAME: countersign status GUN shows which there are",
  ],
  "storage.corrupt": ["restore the data directory from a backup: nothing is served from a damaged one"],
  "storage.locked": ["wait for the other process to end, or give this one its own directory"],
  "storage.newer": ["start the version of countersign that wrote it, or a newer one"],
  "target.missing": ["see what is signed: countersign tags GUN"],
  "tls.untrusted": ["name the authority with --tls-ca FILE or COUNTERSIGN_TLS_CA, if you trust it"],
};

const byKind: Readonly<Record<ErrorKind, readonly string[]>> = {
  untrusted: ["do not rely on it; countersign inspect GUN shows what can be verified"],
  usage: ["countersign help COMMAND shows how it is meant"],
  missing: ["check the name, or countersign tags GUN for what there is"],
  network: ["try again; if it stays so, ask who runs the server"],
  denied: ["log in with docker login"],
  key: ["see what is here: countersign key list"],
  conflict: ["nothing was changed; read the message, then run the same command again"],
  local: ["mend what the message names on this machine, then run the same command again"],
  bug: ["please report this"],
};

/** The hints of an error, or general advice when it has none. */
export function nextSteps(code: ErrorCode, hints: readonly string[]): readonly string[] {
  return hints.length > 0 ? hints : (byCode[code] ?? byKind[errorTable[code][0]]);
}
