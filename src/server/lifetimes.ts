// How long the documents live that the server signs, and when it signs the next ones: at half of a life, never after its end, so
// that a server that was down for days still finds everything valid (notary-v1, 7.1: Notary renews only after expiry). notary1's
// lifetimes are Notary's own; tuf1's timestamp is shorter, since nothing but the sweep depends on it.
import { randomInt } from "node:crypto";
import type { DialectName, Document, Snapshot, Timestamp } from "../tuf/index.ts";
import type { OnlineRole } from "./role-signer.ts";

const dayMs = 24 * 60 * 60 * 1000;

export const lifetimesMs: Readonly<Record<DialectName, Readonly<Record<OnlineRole, number>>>> = {
  notary1: { snapshot: 3 * 365 * dayMs, timestamp: 14 * dayMs },
  tuf1: { snapshot: 90 * dayMs, timestamp: 7 * dayMs },
};

/** A document is renewed once this has passed. `signedAt` is the time it was stored. */
export function renewalTime(document: Document<Snapshot> | Document<Timestamp>, signedAt: number): number {
  return signedAt + Math.max(0, document.signed.expires.at - signedAt) / 2;
}

/** Up to a tenth earlier, so that collections made together are not renewed together. */
export function withJitter(renewAt: number, now: number): number {
  const slack = Math.floor((renewAt - now) / 10);
  return slack > 0 ? renewAt - randomInt(Math.min(slack, 2 ** 47)) : renewAt;
}
