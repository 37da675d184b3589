// What an uploaded document may cost before anybody has looked at its signatures. A reader takes 100 MiB of anything (notary-v1, section 1);
// a server that did would stand still for a minute over one upload of nested brackets. Real documents are long because they list
// many targets, and each of those is a name, a hash and a length.
import { CountersignError, isTopRole, type RoleName } from "../bytes/index.ts";

/** 125,000 tags as `notary` writes them, twice as many as docker does; some seconds of this server's time. */
export const maxTargetsBytes = 32 * 1024 * 1024;
/** Roots list keys, snapshots list roles: 15,000 delegations. */
export const maxOtherBytes = 4 * 1024 * 1024;
/** Below this nothing is slow. */
export const freeBytes = 256 * 1024;
/** docker's shortest target has one comma or bracket in about twenty bytes. */
const bytesPerMark = 12;

/** @throws request.too_large */
export function requireBounded(role: RoleName, bytes: Uint8Array): void {
  const limit = isTopRole(role) && role !== "targets" ? maxOtherBytes : maxTargetsBytes;
  if (bytes.length > limit) {
    throw new CountersignError("request.too_large", `${role} is over ${limit} bytes`);
  }
}

/** For documents that none of the collection's keys has signed: they may say what no document says. @throws request.too_large */
export function requireSparse(role: RoleName, bytes: Uint8Array): void {
  if (bytes.length > freeBytes && marksIn(bytes) > freeBytes / bytesPerMark + bytes.length / bytesPerMark) {
    throw new CountersignError("request.too_large", `${role} has too many members for its length`);
  }
}

/** Commas and opening brackets: each begins a value. */
function marksIn(bytes: Uint8Array): number {
  let marks = 0;
  // By index: an iterator over ten million bytes costs more than parsing them.
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === 0x2c || byte === 0x5b || byte === 0x7b) marks++;
  }
  return marks;
}
