// IP addresses as certificates hold them: 4 or 16 bytes (RFC 5280, section 4.2.1.6; text forms of RFC 4291, section 2.2).
import { CountersignError } from "../bytes/index.ts";

/** @throws usage.invalid */
export function parseIpAddress(text: string): Uint8Array {
  const bytes = text.includes(":") ? parseIpv6(text) : parseIpv4(text);
  if (bytes === undefined) {
    throw new CountersignError("usage.invalid", `not an IP address: ${JSON.stringify(text.slice(0, 80))}`);
  }
  return Uint8Array.from(bytes);
}

function parseIpv4(text: string): readonly number[] | undefined {
  const parts = text.split(".");
  const isAddress =
    parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
  return isAddress ? parts.map(Number) : undefined;
}

function parseIpv6(text: string): readonly number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [left, right] = halves.map((half) => (half === "" ? [] : parseGroups(half.split(":"))));
  if (left === undefined || (halves.length === 2 && right === undefined)) return undefined;
  const given = left.length + (right?.length ?? 0);
  if (right === undefined) return given === 16 ? left : undefined;
  return given < 16 ? [...left, ...Array<number>(16 - given).fill(0), ...right] : undefined;
}

/** Groups of up to four hex digits; the last may be an IPv4 address. */
function parseGroups(groups: readonly string[]): readonly number[] | undefined {
  const bytes: number[] = [];
  for (const [index, group] of groups.entries()) {
    if (index === groups.length - 1 && group.includes(".")) {
      const tail = parseIpv4(group);
      if (tail === undefined) return undefined;
      bytes.push(...tail);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    }
  }
  return bytes;
}
