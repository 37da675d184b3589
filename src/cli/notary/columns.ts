// Tables as Notary prints them: a heading, a line of dashes below each title, columns four blanks apart, the last one not padded.

/** Cells may have several lines. Every line ends in a newline. */
export function columns(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = rows.flatMap(splitRow);
  const widths = heading.map((title, at) =>
    Math.max(title.length, ...lines.map((line) => [...(line[at] ?? "")].length)),
  );
  const dashes = heading.map((title) => "-".repeat(title.length));
  return [heading, dashes, ...lines].map((line) => `${formatLine(line, widths)}\n`).join("");
}

/** `...` in the place of the beginning of what is too long. */
export function shortened(text: string, width: number): string {
  return text.length <= width ? text : `...${text.slice(text.length - width + 3)}`;
}

function splitRow(row: readonly string[]): readonly (readonly string[])[] {
  const cells = row.map((cell) => cell.split("\n"));
  const height = Math.max(...cells.map((cell) => cell.length));
  return Array.from({ length: height }, (_, line) => cells.map((cell) => cell[line] ?? ""));
}

function formatLine(line: readonly string[], widths: readonly number[]): string {
  return line
    .map((cell, at) => (at === line.length - 1 ? cell : cell + " ".repeat((widths[at] ?? 0) - [...cell].length + 4)))
    .join("");
}
