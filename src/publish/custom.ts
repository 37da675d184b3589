// Custom data of a target. Ours is one member, `countersign`, that says who signed and when; whatever else a publisher puts there
// is kept. It is a statement by the holder of the key and no more: readers show it, no decision rests on it.
//   {"countersign":{"publisher":"ci@example.com","signed":"2026-11-22T12:00:00Z"}, ...}

import type { JsonObject, JsonValue } from "../bytes/index.ts";
import { CountersignError } from "../bytes/index.ts";

export interface Provenance {
  readonly publisher: string | undefined;
  /** Milliseconds since the epoch. */
  readonly signedAt: number | undefined;
}

const member = "countersign";
const maxPublisherLength = 256;

/**
 * `custom` with our member set. Angle brackets and ampersands in the publisher's name are written as brackets and plus: Notary's own
 * client cannot re-sign a file whose custom data holds them (notary-v1, section 3). @throws name.invalid
 */
export function withProvenance(
  custom: JsonObject | undefined,
  said: { readonly publisher: string | undefined; readonly signedAt: number },
): JsonObject {
  const signed = new Date(said.signedAt).toISOString().replace(/\.\d+Z$/, "Z");
  const provenance: JsonObject =
    said.publisher === undefined ? { signed } : { publisher: plainPublisher(said.publisher), signed };
  return { ...custom, [member]: provenance };
}

/** What a target's custom data says of who and when; anything not of our shape is silently nothing. */
export function provenanceOf(custom: JsonValue | undefined): Provenance {
  const provenance = memberOf(custom, member);
  const publisher = memberOf(provenance, "publisher");
  const signed = memberOf(provenance, "signed");
  const at =
    typeof signed === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(signed) ? Date.parse(signed) : Number.NaN;
  return {
    publisher: typeof publisher === "string" && publisher.length <= maxPublisherLength ? publisher : undefined,
    signedAt: Number.isNaN(at) ? undefined : at,
  };
}

/** True when Notary's own client could not sign a targets file that holds this value (notary-v1, section 3). */
export function breaksOldWriters(custom: JsonValue | undefined): boolean {
  if (typeof custom === "string") return /[<>&\u2028\u2029]/.test(custom);
  if (Array.isArray(custom)) return custom.some(breaksOldWriters);
  if (typeof custom === "object" && custom !== null) {
    return Object.entries(custom).some(([name, value]) => breaksOldWriters(name) || breaksOldWriters(value));
  }
  return false;
}

function plainPublisher(publisher: string): string {
  const isBad = publisher === "" || publisher.length > maxPublisherLength || !publisher.isWellFormed();
  if (isBad || /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(publisher)) {
    throw new CountersignError("name.invalid", `not a publisher's name: ${JSON.stringify(publisher.slice(0, 80))}`, {
      hints: [`a publisher is one line of at most ${maxPublisherLength} characters, such as ci@example.com`],
    });
  }
  return publisher.replace(/</g, "(").replace(/>/g, ")").replace(/&/g, "+");
}

function memberOf(value: JsonValue | undefined, name: string): JsonValue | undefined {
  if (typeof value !== "object" || value === null || isArray(value)) return undefined;
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
