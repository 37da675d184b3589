// Errors as notary-server words them (notary-v1, section 6.3). Notary's clients show a reason only when there is exactly one error, its
// detail has the shape below, and the whole body stays under 1,024 bytes; so messages are cut rather than lost.
import { type CountersignError, isCountersignError } from "../bytes/index.ts";
import { isOlderRoot, notaryReason } from "./notary-words.ts";
import { type RefusalPlace, RefusedUpload } from "./refusal.ts";

const texts = {
  MALFORMED_UPLOAD: [400, "The body of your request is malformed."],
  NO_FILENAME: [400, "No file/role name provided."],
  MALFORMED_JSON: [400, "JSON sent by the client could not be parsed by the server"],
  INVALID_ROLE: [400, "The role you are attempting to operate on is invalid."],
  INVALID_UPDATE: [400, "Update sent by the client is invalid."],
  INVALID_GUN: [400, "The server does not support actions on images of this name."],
  INVALID_PARAMETERS: [400, "The parameters provided are not valid."],
  VERSION: [400, "A newer version of metadata is already available."],
  METADATA_NOT_FOUND: [404, "You have requested metadata that does not exist."],
  UNKNOWN: [500, "unknown error"],
} as const;

export type NotaryCode = keyof typeof texts;

const kinds: Readonly<Record<RefusalPlace, string>> = {
  validation: "ErrValidation",
  root: "ErrBadRoot",
  targets: "ErrBadTargets",
  snapshot: "ErrBadSnapshot",
  hierarchy: "ErrBadHierarchy",
};

export function notaryError(code: NotaryCode, detail?: unknown, status: number = texts[code][0]): Response {
  const body = JSON.stringify({
    errors: [{ code, message: texts[code][1], ...(detail === undefined ? {} : { detail }) }],
  });
  return new Response(`${body}\n`, {
    status,
    headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" },
  });
}

export function notaryErrorOf(error: unknown): Response {
  if (error instanceof RefusedUpload) return refusal(error);
  if (!isCountersignError(error)) return notaryError("UNKNOWN", {});
  switch (error.code) {
    case "request.invalid":
      return notaryError("MALFORMED_UPLOAD");
    case "request.too_large":
      return notaryError("MALFORMED_UPLOAD", shortDetail(error.message), 413);
    case "collection.missing":
    case "metadata.missing":
      return notaryError("METADATA_NOT_FOUND", {});
    default:
      // An outage is no verdict on what the client sent: Notary's own server calls it INVALID_UPDATE, which sends people hunting.
      return error.kind === "bug" ? notaryError("UNKNOWN", {}) : notaryError("UNKNOWN", {}, 503);
  }
}

function refusal(error: RefusedUpload): Response {
  if (error.code === "json.invalid") return notaryError("MALFORMED_JSON");
  if (error.code === "conflict.lost_race" && !isOlderRoot(error)) return notaryError("VERSION", {});
  if (error.kind === "network") return notaryError("UNKNOWN", {}, 503);
  const missing = error.place === "hierarchy" ? { Missing: missingRole(error) } : {};
  return notaryError("INVALID_UPDATE", {
    Name: kinds[placeShown(error)],
    Error: { ...missing, Msg: shortDetail(notaryReason(error)) },
  });
}

/** A document that is not the one its snapshot lists is the snapshot's fault to Notary. */
function placeShown({ code, place }: RefusedUpload): RefusalPlace {
  const isListing = code === "metadata.hash_mismatch" || code === "metadata.length_mismatch";
  return isListing ? "snapshot" : place;
}

function missingRole(error: CountersignError): string {
  return error.code === "server.key_missing" ? "snapshot" : "targets";
}

/** Cut so that the JSON around it keeps the body under the limit. */
export function shortDetail(message: string): string {
  let text = message.slice(0, 700).toWellFormed();
  while (Buffer.byteLength(JSON.stringify(text)) > 700)
    text = text.slice(0, Math.floor(text.length * 0.9)).toWellFormed();
  return text;
}
