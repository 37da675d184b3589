// Errors on our own routes: the code, the facts and what to do next, in at most 1,024 bytes (docs/api.md). What only this machine's
// operator can mend is named by its code alone: paths and causes go to the log, not to strangers.
import { CountersignError, isCountersignError } from "../bytes/index.ts";
import { RefusedUpload } from "./refusal.ts";

/** `as`: a status other than the error's own. */
export function problem(error: unknown, as?: number): Response {
  const { status, shown } = describe(error);
  const body = (message: string, hints: readonly string[]) =>
    `${JSON.stringify({ error: { code: shown.code, message, hints } })}\n`;
  let message = shown.message.toWellFormed();
  let hints = shown.hints;
  while (Buffer.byteLength(body(message, hints)) > 1_024) {
    if (hints.length > 0) hints = hints.slice(0, -1);
    else message = message.slice(0, Math.floor(message.length * 0.9)).toWellFormed();
  }
  return new Response(body(message, hints), {
    status: as ?? status,
    headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" },
  });
}

function describe(error: unknown): { readonly status: number; readonly shown: CountersignError } {
  if (!isCountersignError(error)) {
    return { status: 500, shown: new CountersignError("bug.unexpected", "the server failed; its log says more") };
  }
  if (error.code === "conflict.lost_race") return { status: 409, shown: error };
  if (error.code === "request.too_large") return { status: 413, shown: error };
  if (error.kind === "bug") return { status: 500, shown: error };
  if (error.kind === "local" || error.kind === "network") {
    const shown = new CountersignError("storage.unavailable", "the server cannot read or store now; try again later");
    return { status: 503, shown: /^(?:server|access)\./.test(error.code) ? error : shown };
  }
  if (error.kind === "key") {
    return { status: 503, shown: new CountersignError("server.signing_unavailable", "the server cannot sign now") };
  }
  if (error instanceof RefusedUpload) return { status: 422, shown: error };
  return { status: error.kind === "missing" ? 404 : 400, shown: error };
}
