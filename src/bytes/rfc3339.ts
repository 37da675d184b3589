// Dates as metadata writes them: RFC 3339 with 0 to 9 fraction digits and any zone offset (Notary writes nanoseconds and
// sometimes the local zone; TUF 1.0 whole seconds in UTC). The text is kept, since rewriting it would change signed bytes.
import { CountersignError } from "./errors.ts";

export interface Rfc3339 {
  readonly text: string;
  /** Milliseconds since the Unix epoch, rounded down. */
  readonly at: number;
}

const pattern = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/;

/** Upper-case T and Z, a date the calendar has, no leap second. @throws timestamp.invalid */
export function parseRfc3339(text: string): Rfc3339 {
  const match = pattern.exec(text);
  if (match === null) throw invalid(text);
  const [, local = "", fraction = "", sign, hours = "0", minutes = "0"] = match;
  const milliseconds = fraction.slice(0, 3).padEnd(3, "0");
  const iso = `${local}.${milliseconds}Z`;
  const localAt = Date.parse(iso);
  // Date.parse takes 31 February for 3 March and 24:00 for the next day: what does not write back the same is no date.
  if (Number.isNaN(localAt) || new Date(localAt).toISOString() !== iso) throw invalid(text);
  const offsetMs = (Number(hours) * 60 + Number(minutes)) * 60_000;
  return { text, at: sign === "-" ? localAt + offsetMs : localAt - offsetMs };
}

/** As Go's RFC3339Nano in UTC, which Notary writes: as many fraction digits as there are, at most three here. @throws timestamp.invalid */
export function formatRfc3339(at: number): string {
  const [seconds = "", fraction = ""] = isoText(at).slice(0, -1).split(".");
  const digits = fraction.replace(/0+$/, "");
  return digits === "" ? `${seconds}Z` : `${seconds}.${digits}Z`;
}

/** Whole seconds in UTC, rounded down, as TUF 1.0 writes them. @throws timestamp.invalid */
export function formatRfc3339Seconds(at: number): string {
  return `${isoText(at).slice(0, 19)}Z`;
}

function isoText(at: number): string {
  const text = Number.isFinite(at) && Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : String(at);
  if (!/^\d{4}-/.test(text)) throw invalid(text);
  return text;
}

function invalid(text: string): CountersignError {
  return new CountersignError("timestamp.invalid", `not an RFC 3339 date: ${JSON.stringify(text.slice(0, 60))}`);
}
