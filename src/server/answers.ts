// Answers that carry stored bytes, with the headers readers and caches rely on (notary-v1, section 6.1; TUF 1.0.34, section 7). A
// document fixed by version or hash may be kept by anybody for a month; the current one for minutes.
import type { StoredDocument } from "../storage/index.ts";
import type { ReadyAnswer } from "./document-cache.ts";

/** How long caches may keep documents, in seconds; 0 = not at all (Notary's `caching.max_age`, notary-v1, section 12). */
export interface Caching {
  /** Whatever the newest version is. */
  readonly currentSeconds: number;
  /** Documents named by version or hash. */
  readonly consistentSeconds: number;
}

export const notaryCaching: Caching = { currentSeconds: 300, consistentSeconds: 2_592_000 };
/** A tuf1 timestamp lives half as long as Notary's: it is asked for more often. */
const tuf1CurrentSeconds = 60;
export const forever = Number.POSITIVE_INFINITY;

/** A notary1 document, byte for byte and header for header as notary-server sends it. */
export function notaryDocument(
  document: StoredDocument,
  {
    isCurrent,
    operation,
    freshUntil,
    caching,
  }: { isCurrent: boolean; operation: string; freshUntil: number; caching: Caching },
): ReadyAnswer {
  return ready(document.bytes, operation, freshUntil, [
    ...(isCurrent
      ? cacheControl(caching.currentSeconds, ", must-revalidate")
      : cacheControl(caching.consistentSeconds, "")),
    "Content-Type",
    "text/plain; charset=utf-8",
    // Not the GMT that HTTP asks for: Notary's own spelling, which its clients have always been sent.
    "Last-Modified",
    new Date(document.storedAt).toUTCString().replace("GMT", "+0000"),
  ]);
}

export function tuf1Document(
  document: StoredDocument,
  { isCurrent, freshUntil, caching }: { isCurrent: boolean; freshUntil: number; caching: Caching },
): ReadyAnswer {
  return ready(document.bytes, "Tuf1Metadata", freshUntil, [
    ...(isCurrent
      ? cacheControl(Math.min(tuf1CurrentSeconds, caching.currentSeconds), ", must-revalidate")
      : cacheControl(caching.consistentSeconds, ", immutable")),
    "Content-Type",
    "application/json",
    "Last-Modified",
    new Date(document.storedAt).toUTCString(),
  ]);
}

/** Target contents come from publishers: no browser may take them for a page. */
export function tuf1Target(bytes: Uint8Array, caching: Caching): ReadyAnswer {
  return ready(bytes, "Tuf1Target", forever, [
    ...cacheControl(caching.consistentSeconds, ", immutable"),
    "Content-Type",
    "application/octet-stream",
    "X-Content-Type-Options",
    "nosniff",
  ]);
}

export function bundleAnswer(bytes: Uint8Array, mediaType: string, freshUntil: number): ReadyAnswer {
  return ready(bytes, "Bundle", freshUntil, ["Cache-Control", "no-cache", "Content-Type", mediaType]);
}

/**
 * The same for a reader who had to prove who they are. Notary says `public` here too, and with it any cache in front of the server may
 * keep the answer and give it to whoever asks next (RFC 9111, section 3.5).
 */
export function forOneReader(answer: ReadyAnswer): ReadyAnswer {
  const headers = answer.headers.map((value, at) => {
    if (answer.headers[at - 1] !== "Cache-Control") return value;
    const kept = value.split(", ").filter((part) => part !== "public" && !part.startsWith("s-maxage="));
    return (kept.includes("no-store") ? kept : ["private", ...kept]).join(", ");
  });
  return { ...answer, headers };
}

export function toResponse(answer: ReadyAnswer): Response {
  const headers = new Headers();
  for (let at = 0; at + 1 < answer.headers.length; at += 2) {
    headers.set(answer.headers[at] ?? "", answer.headers[at + 1] ?? "");
  }
  return new Response(new Uint8Array(answer.body), { headers });
}

export function jsonResponse(value: unknown, contentType = "application/json; charset=utf-8"): Response {
  return new Response(JSON.stringify(value), { headers: { "content-type": contentType, "cache-control": "no-cache" } });
}

/** Notary sets no type on what it encodes itself, and Go then guesses this one. */
export function notaryJson(value: unknown): Response {
  return new Response(JSON.stringify(value), { headers: { "content-type": "text/plain; charset=utf-8" } });
}

/** notary-server's words for both cases. */
function cacheControl(seconds: number, more: string): readonly string[] {
  if (seconds === 0) return ["Cache-Control", "max-age=0, no-cache, no-store", "Pragma", "no-cache"];
  return ["Cache-Control", `public, max-age=${seconds}, s-maxage=${seconds}${more}`];
}

function ready(body: Uint8Array, operation: string, freshUntil: number, headers: readonly string[]): ReadyAnswer {
  const all = [...headers, "Content-Length", String(body.length)];
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.length);
  return { body: buffer, headers: all, operation, freshUntil };
}
