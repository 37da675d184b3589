// The form of the transcripts in testdata/: whole command lines and what they print. They are the specification of the command line.
//   # a comment                    @ clock +15d       (a directive to the world, see transcript-world.ts)
//   $ countersign verify ...       the command line; `\` at the end continues it
//     a line of stdout             two spaces in front; blank lines inside the block count
//   ! a line of stderr
//   exit 1                         0 where there is none
// In expected lines `...` stands for any text, and {name} for one word: the first time it is learned, later it must be the same.
// In command lines and directives {name} is replaced by what was learned.

export type TranscriptStep =
  | { readonly kind: "directive"; readonly line: number; readonly words: readonly string[]; readonly text: string }
  | {
      readonly kind: "command";
      readonly line: number;
      readonly text: string;
      readonly stdout: readonly string[];
      readonly stderr: readonly string[];
      readonly exit: number;
    };

/** The steps of a transcript. @throws Error naming the line that is in no form */
export function parseTranscript(source: string): readonly TranscriptStep[] {
  const steps: TranscriptStep[] = [];
  const lines = source.replaceAll("\\\n", "").split("\n");
  let open: { line: number; text: string; stdout: string[]; stderr: string[]; exit: number } | undefined;
  const close = (): void => {
    if (open === undefined) return;
    while (open.stdout.at(-1) === "") open.stdout.pop();
    steps.push({ kind: "command", ...open });
    open = undefined;
  };
  for (const [index, text] of lines.entries()) {
    const line = index + 1;
    if (text.startsWith("#")) continue;
    if (text.startsWith("@ ")) {
      close();
      const rest = text.slice(2).trim();
      steps.push({ kind: "directive", line, words: splitWords(rest), text: rest });
    } else if (text.startsWith("$ ")) {
      close();
      open = { line, text: text.slice(2), stdout: [], stderr: [], exit: 0 };
    } else if (open === undefined) {
      if (text.trim() !== "") throw new Error(`line ${line}: output without a command: ${text}`);
    } else if (text.startsWith("  ")) open.stdout.push(text.slice(2));
    else if (text.startsWith("!")) open.stderr.push(text.replace(/^! ?/, ""));
    else if (/^exit \d+$/.test(text)) open.exit = Number(text.slice(5));
    else if (text.trim() === "") open.stdout.push("");
    else throw new Error(`line ${line}: neither output nor command: ${text}`);
  }
  close();
  return steps;
}

/** Words with single and double quotes, as a shell splits them. */
export function splitWords(text: string): readonly string[] {
  const words = text.match(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g) ?? [];
  return words.map((word) => word.replace(/'([^']*)'|"([^"]*)"/g, "$1$2"));
}

/** Replaces {name} by what is known. @throws Error for an unknown one */
export function fillIn(text: string, known: ReadonlyMap<string, string>): string {
  return text.replace(/\{([a-z][a-zA-Z0-9]*)\}/g, (_, name: string) => {
    const value = known.get(name);
    if (value === undefined) throw new Error(`{${name}} is not known yet`);
    return value;
  });
}

/** Whether a line is what was expected; learns the names in it. */
export function matchLine(expected: string, actual: string, known: Map<string, string>): boolean {
  const names: string[] = [];
  const pattern = expected
    .split(/(\.\.\.|\{[a-z][a-zA-Z0-9]*\})/)
    .map((part) => {
      if (part === "...") return ".*";
      const name = /^\{(.+)\}$/.exec(part)?.[1];
      if (name === undefined) return escapePattern(part);
      const value = known.get(name);
      if (value !== undefined) return escapePattern(value);
      names.push(name);
      return '([^\\s,"]+)';
    })
    .join("");
  const match = new RegExp(`^${pattern}$`).exec(actual);
  if (match === null) return false;
  for (const [index, name] of names.entries()) known.set(name, match[index + 1] ?? "");
  return true;
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
