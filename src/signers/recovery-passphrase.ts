// A passphrase for a recovery kit when nobody gives one: 140 random bits in seven groups of four, from an alphabet without the
// letters that people confuse on paper (Crockford's base 32: no I, L, O, U). Typed back with any case, spacing or confusion.
import { randomBytes } from "node:crypto";

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const groupCount = 7;
const groupLength = 4;

/** `XXXX-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX`, 140 bits. */
export function generateRecoveryPassphrase(random: (size: number) => Uint8Array = randomBytes): string {
  const length = groupCount * groupLength;
  const bytes = random(length);
  if (bytes.length !== length) throw new RangeError(`wanted ${length} random bytes, got ${bytes.length}`);
  // 256 is a multiple of 32: taking the low five bits of each byte is unbiased.
  const letters = Array.from(bytes, (byte) => alphabet.charAt(byte & 31));
  const groups = Array.from({ length: groupCount }, (_, group) =>
    letters.slice(group * groupLength, (group + 1) * groupLength).join(""),
  );
  return groups.join("-");
}

/**
 * The passphrase as it was generated, when `text` is one copied by hand (lower case, other spacing, O for 0, I or L for 1);
 * any other text comes back as it is, because it may be a passphrase of the user's own.
 */
export function tidyRecoveryPassphrase(text: string): string {
  const letters = text
    .replace(/[\s-]+/g, "")
    .toUpperCase()
    .replace(/O/g, "0")
    .replace(/[IL]/g, "1");
  if (letters.length !== groupCount * groupLength) return text;
  if (![...letters].every((letter) => alphabet.includes(letter))) return text;
  return (letters.match(/.{4}/g) ?? []).join("-");
}
