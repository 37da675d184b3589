// Writes DER (X.690) for the few types that keys and certificates use. Each function gives one whole element; the mirror
// of der.ts, which reads back everything written here.
import { contextTag, derTag } from "./der.ts";
import { CountersignError } from "./errors.ts";
import { encodeUtf8 } from "./text.ts";

export function derElement(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, content) => sum + content.length, 0);
  const header = [tag, ...lengthBytes(length)];
  const element = new Uint8Array(header.length + length);
  element.set(header);
  let at = header.length;
  for (const content of contents) {
    element.set(content, at);
    at += content.length;
  }
  return element;
}

export function derSequence(...elements: readonly Uint8Array[]): Uint8Array {
  return derElement(derTag.sequence, ...elements);
}

/** A SET of one element; DER's order of several is not needed here. */
export function derSetOfOne(element: Uint8Array): Uint8Array {
  return derElement(derTag.set, element);
}

/** A non-negative INTEGER from a number or from big-endian bytes, with or without leading zeros. */
export function derInteger(value: number | Uint8Array): Uint8Array {
  const bytes = typeof value === "number" ? numberBytes(value) : value;
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const shortest = bytes.subarray(start);
  const needsZero = shortest.length === 0 || ((shortest[0] ?? 0) & 0x80) !== 0;
  return needsZero ? derElement(derTag.integer, Uint8Array.of(0), shortest) : derElement(derTag.integer, shortest);
}

export function derBoolean(value: boolean): Uint8Array {
  return derElement(derTag.boolean, Uint8Array.of(value ? 0xff : 0));
}

export function derNull(): Uint8Array {
  return derElement(derTag.null);
}

export function derOctetString(bytes: Uint8Array): Uint8Array {
  return derElement(derTag.octetString, bytes);
}

export function derBitString(bytes: Uint8Array, unusedBits = 0): Uint8Array {
  return derElement(derTag.bitString, Uint8Array.of(unusedBits), bytes);
}

export function derUtf8String(text: string): Uint8Array {
  return derElement(derTag.utf8String, encodeUtf8(text));
}

/** From dotted form. @throws der.invalid */
export function derObjectIdentifier(dotted: string): Uint8Array {
  const [first, second, ...rest] = dotted.split(".").map(Number);
  if (first === undefined || second === undefined || ![first, second, ...rest].every(Number.isSafeInteger)) {
    throw new CountersignError("der.invalid", `not an object identifier: ${dotted.slice(0, 80)}`);
  }
  return derElement(derTag.objectIdentifier, Uint8Array.from([first * 40 + second, ...rest].flatMap(base128)));
}

/** UTCTime through 2049, GeneralizedTime from 2050 on, both in whole seconds (RFC 5280, section 4.1.2.5). */
export function derTime(milliseconds: number): Uint8Array {
  const text = `${new Date(milliseconds).toISOString().replace(/[-:T]/g, "").slice(0, 14)}Z`;
  const isUtc = text >= "1950" && text < "2050";
  return isUtc
    ? derElement(derTag.utcTime, encodeUtf8(text.slice(2)))
    : derElement(derTag.generalizedTime, encodeUtf8(text));
}

/** [number] EXPLICIT around whole elements. */
export function derExplicit(number: number, ...elements: readonly Uint8Array[]): Uint8Array {
  return derElement(contextTag(number, true), ...elements);
}

/** [number] IMPLICIT of a primitive type: the bare content. */
export function derImplicit(number: number, content: Uint8Array): Uint8Array {
  return derElement(contextTag(number, false), content);
}

function lengthBytes(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const bytes = [...numberBytes(length)];
  return [0x80 | bytes.length, ...bytes];
}

function numberBytes(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.from(bytes);
}

function base128(arc: number): readonly number[] {
  const bytes = [arc % 128];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift((rest % 128) | 0x80);
  return bytes;
}
