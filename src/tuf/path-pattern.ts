// Shell patterns as tuf1 delegations use them: `*` is any run of characters and `?` one character, both within one path
// segment; every other character stands for itself. Matching is case-sensitive on every machine and never crosses `/`
// (TUF 1.0.34, 4.5). No regular expression is built from a pattern: a segment costs at most its length times the
// pattern's, whatever a delegator writes.

/** True when `pattern` has as many segments as `path` and each matches. */
export function matchesPattern(pattern: string, path: string): boolean {
  const patternParts = pattern.split("/");
  const pathParts = path.split("/");
  if (patternParts.length !== pathParts.length) return false;
  return patternParts.every((part, index) => matchesSegment(part, pathParts[index] ?? ""));
}

function matchesSegment(pattern: string, text: string): boolean {
  if (pattern.includes("?")) return matchesCharacters([...pattern], [...text]);
  const chunks = pattern.split("*");
  const first = chunks[0] ?? "";
  if (chunks.length === 1) return text === first;
  const last = chunks.at(-1) ?? "";
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  // What stands between two `*` is looked for as far left as possible: if any placing works, that one does.
  let at = first.length;
  const end = text.length - last.length;
  for (const chunk of chunks.slice(1, -1)) {
    const found = text.indexOf(chunk, at);
    if (found < 0 || found + chunk.length > end) return false;
    at = found + chunk.length;
  }
  return true;
}

/** Greedy matching that only ever goes back to the last `*`; characters are code points. */
function matchesCharacters(pattern: readonly string[], text: readonly string[]): boolean {
  let at = 0;
  let next = 0;
  let star = -1;
  let starAt = 0;
  while (at < text.length) {
    const wanted = pattern[next];
    if (wanted === "*") {
      star = next;
      starAt = at;
      next += 1;
    } else if (wanted !== undefined && (wanted === "?" || wanted === text[at])) {
      at += 1;
      next += 1;
    } else if (star >= 0) {
      starAt += 1;
      at = starAt;
      next = star + 1;
    } else {
      return false;
    }
  }
  while (pattern[next] === "*") next += 1;
  return next === pattern.length;
}
