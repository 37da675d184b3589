// The WWW-Authenticate header taken apart: several challenges in one value, quoted strings with escapes, or a bare token68
// (RFC 9110, section 11.6.1). What does not parse is left out; an unknown scheme is kept for the caller to ignore.

export interface Challenge {
  /** Lower case. */
  readonly scheme: string;
  /** Lower-case names; the first of a repeated one. */
  readonly parameters: ReadonlyMap<string, string>;
}

const maxHeaderLength = 8_192;
const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+(?=[ \t,]|$)/y;
const parameter = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+.^_`|~0-9A-Za-z/:-]+))/y;
const token68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;

export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: Challenge[] = [];
  if (header.length > maxHeaderLength) return challenges;
  let at = 0;
  const skip = (pattern: RegExp): void => {
    pattern.lastIndex = at;
    if (pattern.test(header)) at = pattern.lastIndex;
  };
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(header);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  while (at < header.length) {
    skip(/[ \t,]*/y);
    const scheme = take(token);
    if (scheme === null) return challenges;
    const parameters = new Map<string, string>();
    challenges.push({ scheme: scheme[0].toLowerCase(), parameters });
    skip(/[ \t]*/y);
    for (;;) {
      const found = take(parameter);
      if (found === null) break;
      const name = (found[1] ?? "").toLowerCase();
      const value = found[2]?.replace(/\\(.)/g, "$1") ?? found[3] ?? "";
      if (!parameters.has(name)) parameters.set(name, value);
      // The next thing is a parameter of this challenge only if a "=" follows it; otherwise a new scheme begins.
      skip(/[ \t]*(?:,[ \t]*)*/y);
    }
    take(token68);
  }
  return challenges;
}
