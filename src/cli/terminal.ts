// What goes where. stdout holds the answer and nothing else; with --json exactly one JSON text. stderr holds the rest: progress,
// notes, warnings, questions, errors. --quiet drops answers for people and progress, never errors or questions.
// Progress and colour appear only where a person looks (a terminal, NO_COLOR unset); nothing is asked unless stdin and stderr
// are terminals. Every text from outside loses its control characters, or a tag's name could rewrite the verdict above it.
import type { JsonValue } from "../bytes/index.ts";
import type { Environment } from "../home/index.ts";

export interface Streams {
  out(text: string): void;
  err(text: string): void;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  readonly inIsTerminal: boolean;
  /** Reads one line from the terminal, unseen if hidden; undefined at end of input. */
  readLine(options: { readonly hidden: boolean }): Promise<string | undefined>;
}

export interface TerminalOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly env: Environment;
}

export type Colour = "green" | "red" | "yellow" | "dim" | "bold";

export interface Terminal {
  readonly json: boolean;
  /** Whether a person can be asked. */
  readonly canAsk: boolean;
  /** A line of the answer for people. */
  line(text?: string): void;
  /** The answer, when it is asked for as JSON. */
  value(value: JsonValue): void;
  /** Exact text on stdout whatever the mode: a script, a key. */
  raw(text: string): void;
  /** Aligned facts: label, value; undefined values are left out. */
  facts(rows: readonly (readonly [string, string | undefined])[]): void;
  /** Aligned columns with a heading. */
  table(heading: readonly string[], rows: readonly (readonly string[])[]): void;
  note(text: string): void;
  warning(text: string): void;
  /** The latest step of long work, replaced by the next one; shown on a terminal only. */
  progress(text: string): void;
  /** Asks on the terminal. @throws nothing: undefined = end of input */
  ask(question: string, options?: { readonly hidden?: boolean }): Promise<string | undefined>;
  paint(colour: Colour, text: string): string;
  error(text: string): void;
}

const codes: Readonly<Record<Colour, string>> = { green: "32", red: "31", yellow: "33", dim: "2", bold: "1" };

export function openTerminal(streams: Streams, options: TerminalOptions): Terminal {
  const plainWanted = (options.env.NO_COLOR ?? "") !== "" || options.env.TERM === "dumb";
  const showsProgress = streams.errIsTerminal && !options.quiet && !options.json && options.env.TERM !== "dumb";
  const speaks = !options.json && !options.quiet;
  let progressShown = false;
  const clearProgress = (): void => {
    if (progressShown) streams.err("\r\u001b[K");
    progressShown = false;
  };
  const paintFor = (isTerminal: boolean, colour: Colour, text: string): string =>
    isTerminal && !plainWanted ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text;
  const line = (text = ""): void => {
    clearProgress();
    if (speaks) streams.out(`${text}\n`);
  };
  const error = (text: string): void => {
    clearProgress();
    streams.err(`${text}\n`);
  };

  return {
    json: options.json,
    canAsk: streams.errIsTerminal && streams.inIsTerminal,
    line,
    value(value) {
      clearProgress();
      if (options.json) streams.out(`${JSON.stringify(value, undefined, 2)}\n`);
    },
    raw(text) {
      clearProgress();
      streams.out(text);
    },
    facts(rows) {
      const width = Math.max(0, ...rows.map(([label, value]) => (value === undefined ? 0 : label.length)));
      for (const [label, value] of rows) {
        if (value !== undefined) line(`  ${paintFor(streams.outIsTerminal, "dim", label.padEnd(width))}  ${value}`);
      }
    },
    table(heading, rows) {
      if (!speaks) return;
      const widths = heading.map((title, column) =>
        Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)),
      );
      const format = (row: readonly string[]): string =>
        row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join("  ");
      // One write: a system call a row costs more than making the rows.
      line([paintFor(streams.outIsTerminal, "dim", format(heading)), ...rows.map(format)].join("\n"));
    },
    note(text) {
      if (!options.quiet && !options.json) error(text);
    },
    warning(text) {
      error(`${paintFor(streams.errIsTerminal, "yellow", "warning:")} ${text}`);
    },
    progress(text) {
      if (!showsProgress) return;
      clearProgress();
      streams.err(paintFor(true, "dim", text));
      progressShown = true;
    },
    async ask(question, askOptions = {}) {
      clearProgress();
      streams.err(question);
      const answer = await streams.readLine({ hidden: askOptions.hidden === true });
      if (askOptions.hidden === true || answer === undefined) streams.err("\n");
      return answer;
    },
    paint: (colour, text) => paintFor(streams.outIsTerminal, colour, text),
    error,
  };
}

/** Text from outside, made safe to print: control, format and bidirectional characters are shown as escapes. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}
