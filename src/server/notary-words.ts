// Why an upload was refused, in notary-server's own words where it has words for it (notary-v1, section 7): scripts, runbooks and web
// searches know these sentences. What it does not detect, or says with less, is told in ours. Facts are read from our messages, whose
// wording the tests of this file hold.
import type { RefusedUpload } from "./refusal.ts";

export function notaryReason(error: RefusedUpload): string {
  const role = /^([^ ]+) version \d+ /.exec(error.message)?.[1] ?? error.place;
  switch (error.code) {
    case "threshold.unmet":
      return role === "root" ? rootReason(error.message) : `valid signatures did not meet threshold for ${role}`;
    case "signature.none":
      return role === "root" ? rootReason(error.message) : "tuf: data has no signatures";
    case "certificate.invalid":
      return role === "root" ? withoutCertificates : error.message;
    case "metadata.version_mismatch":
    case "conflict.lost_race":
      return versionReason(error.message) ?? error.message;
    case "metadata.expired":
      return expiryReason(error.message) ?? error.message;
    case "metadata.wrong_type":
      return error.message.replace(
        /^([^ ]+) should be of type (\w+), it says "(\w*)"$/,
        "$1 type metadata invalid: expected type $2, not $3",
      );
    case "metadata.invalid":
    case "threshold.invalid":
      return error.place === "validation" ? error.message : `${error.place} type metadata invalid: ${error.message}`;
    default:
      return error.message;
  }
}

/** True when a root is below the stored one, which Notary calls a bad root; the same version again is a lost race there too. */
export function isOlderRoot(error: RefusedUpload): boolean {
  return error.place === "root" && error.code === "conflict.lost_race" && versionReason(error.message) !== undefined;
}

const withoutCertificates = "could not validate the path to a trusted root: unable to retrieve valid leaf certificates";

/** Signed too little for the root before it, or for itself. */
function rootReason(message: string): string {
  const isItsOwn = / that its own root role asks for$|^root version 1 carries/.test(message);
  return isItsOwn
    ? "could not validate the path to a trusted root: failed to validate integrity of roots"
    : "could not rotate trust to a new trusted root: failed to validate data with current trusted certificates";
}

function versionReason(message: string): string | undefined {
  const [, uploaded, current] =
    /^root version (\d+) (?:does not follow version|is not above the stored version) (\d+)$/.exec(message) ?? [];
  if (uploaded === undefined || uploaded === current) return undefined;
  return `Root modifications must increment the version. Current ${current}, new ${uploaded}`;
}

/** Go's UnixDate: `Sat Nov 21 15:47:32 UTC 2026`. */
function expiryReason(message: string): string | undefined {
  const [, role, text] = /^([^ ]+) version \d+ expired at ([^ ]+)$/.exec(message) ?? [];
  const at = text === undefined ? Number.NaN : Date.parse(text);
  if (role === undefined || Number.isNaN(at)) return undefined;
  const [weekday = "", day = "", month = "", year = "", time = ""] = new Date(at).toUTCString().split(/,? /);
  return `${role} expired at ${weekday} ${month} ${String(Number(day)).padStart(2)} ${time} UTC ${year}`;
}
