// Patterns of collection names and of claims: `*` is any run of characters without a slash, `**` any run at all, everything else
// stands for itself, upper and lower case apart. Matched without regular expressions, in time at most quadratic, so that a
// claim written by a stranger cannot make it slow.

const maxPatternLength = 512;

/** True when the whole of `text` fits. */
export function matchesPattern(pattern: string, text: string): boolean {
  const steps = stepsOf(pattern);
  if (steps.length === 0) return pattern === text;
  const first = pattern.indexOf("*");
  const last = pattern.lastIndexOf("*");
  // One run of stars, as nearly every pattern has: asked for with every document that is answered from memory.
  if (last - first <= 1) return matchesOneRun(pattern.slice(0, first), pattern.slice(last + 1), last > first, text);
  // Positions of `text` that some reading of the steps so far can stand at.
  let reached = new Uint8Array(text.length + 1);
  reached[0] = 1;
  for (const step of steps) {
    const next = new Uint8Array(text.length + 1);
    for (let at = 0; at <= text.length; at++) {
      if (reached[at] !== 1) continue;
      if (step.kind === "text") {
        if (text.startsWith(step.text, at)) next[at + step.text.length] = 1;
        continue;
      }
      let end = at;
      // What is marked already was walked from there to its end.
      while (next[end] !== 1) {
        next[end] = 1;
        if (end === text.length || (step.kind === "segment" && text[end] === "/")) break;
        end++;
      }
    }
    reached = next;
  }
  return reached[text.length] === 1;
}

function matchesOneRun(before: string, after: string, crossesSegments: boolean, text: string): boolean {
  if (text.length < before.length + after.length || !text.startsWith(before) || !text.endsWith(after)) return false;
  const slash = crossesSegments ? -1 : text.indexOf("/", before.length);
  return slash === -1 || slash >= text.length - after.length;
}

type Step = { readonly kind: "text"; readonly text: string } | { readonly kind: "segment" | "any" };

const parsed = new Map<string, readonly Step[]>();

/** Empty for a pattern without stars. Patterns come from the operator, so their number is small; it is bounded all the same. */
function stepsOf(pattern: string): readonly Step[] {
  const known = parsed.get(pattern);
  if (known !== undefined) return known;
  const steps: Step[] = !pattern.includes("*")
    ? []
    : pattern
        .split(/(\*+)/)
        .filter((piece) => piece !== "")
        .map((piece) => {
          if (!piece.startsWith("*")) return { kind: "text", text: piece };
          return { kind: piece === "*" ? "segment" : "any" };
        });
  if (parsed.size >= 10_000) parsed.clear();
  parsed.set(pattern, steps);
  return steps;
}

/** Why a pattern is unusable, or undefined. */
export function patternFault(pattern: string): string | undefined {
  if (pattern === "") return "an empty pattern fits nothing";
  if (pattern.length > maxPatternLength) return `longer than ${maxPatternLength} characters`;
  if (/\*{3}/.test(pattern)) return "*** means nothing: * stays within a path segment, ** does not";
  if (/[\u0000-\u0020\u007f]/.test(pattern)) return "holds a space or control character";
  return undefined;
}
