// Help texts, made from the command table and each command's description.
import { type CommandSpec, commonOptions, type OptionSpec, type TableEntry } from "./command.ts";
import { exitCodeMeanings } from "./exit-codes.ts";

const width = 100;

/** The list of commands. */
export function overview(commands: readonly TableEntry[]): string {
  const nameWidth = Math.max(...commands.map((entry) => entry.name.length));
  return [
    "countersign signs container images and files, and verifies that they are the ones meant, unchanged and current.",
    "",
    "usage: countersign COMMAND [options]",
    "",
    ...commands.map((entry) => `  ${entry.name.padEnd(nameWidth)}  ${entry.summary}`),
    "",
    "countersign COMMAND --help tells more about one.",
    "",
  ].join("\n");
}

/** The whole help of one command. */
export function commandHelp(spec: CommandSpec): string {
  return [
    ...spec.usage.map((line) => `usage: countersign ${spec.name} ${line}`.trimEnd()),
    "",
    ...spec.about.flatMap((paragraph) => [...wrap(paragraph, width), ""]),
    ...optionGroups(spec.options).flatMap(([heading, options]) => [
      `${heading}:`,
      ...rows(options.map((option) => [optionTitle(option), option.text] as const)),
      "",
    ]),
    "examples:",
    ...spec.examples.flatMap(([line, text]) => [`  ${line}`, `      ${text}`]),
    "",
    "with --json:",
    ...spec.json.map((line) => `  ${line}`),
    "",
    "exit codes:",
    ...exitCodeMeanings.map(([code, meaning]) => `  ${String(code).padStart(2)}  ${meaning}`),
    "",
  ].join("\n");
}

/** Headings and their options, in order; the common options close the last one. */
function optionGroups(options: readonly OptionSpec[]): readonly (readonly [string, readonly OptionSpec[]])[] {
  const groups = Map.groupBy([...options, ...commonOptions], (option) => option.group ?? "options");
  return [...groups];
}

export function optionTitle(option: OptionSpec): string {
  const short = option.short === undefined ? "" : `-${option.short}, `;
  return `${short}--${option.name}${option.value === undefined ? "" : ` ${option.value}`}`;
}

function rows(entries: readonly (readonly [string, string])[]): readonly string[] {
  const column = Math.min(30, Math.max(...entries.map(([title]) => title.length)));
  return entries.flatMap(([title, text]) => {
    const [first = "", ...rest] = wrap(text, width - column - 4);
    const indent = " ".repeat(column + 4);
    const head = title.length > column ? [`  ${title}`, `${indent}${first}`] : [`  ${title.padEnd(column)}  ${first}`];
    return [...head, ...rest.map((line) => `${indent}${line}`)];
  });
}

function wrap(text: string, limit: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > limit) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
