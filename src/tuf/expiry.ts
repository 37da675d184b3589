// Expiry: a document is in force while its date lies after the time of the run (TUF 1.0.34, 5.3.10, 5.4.4, 5.5.6, 5.6.5: "MUST be
// higher"; Notary also lets the very moment pass, counted in nanoseconds). The time is one value for a whole run (5.1): a moving clock
// could call one document fresh and its parent expired in the same run.
import { CountersignError } from "../bytes/index.ts";
import type { Document, Expiry } from "./model.ts";

/** `now` in milliseconds since the Unix epoch. A date that is not a number counts as expired. */
export function isExpired(expires: Expiry, now: number): boolean {
  return !(expires.at > now);
}

/** @throws metadata.expired */
export function requireFresh(document: Document, now: number): void {
  const { expires, version } = document.signed;
  if (!isExpired(expires, now)) return;
  throw new CountersignError("metadata.expired", `${document.role} version ${version} expired at ${expires.text}`, {
    hints: ["if this machine's clock is right, the collection's owner has to publish a renewed document"],
  });
}
