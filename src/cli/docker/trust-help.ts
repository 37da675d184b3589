// Help in docker's layout, for a command and for a group of commands.
import type { TrustSpec } from "./trust-command.ts";

export interface TrustGroup {
  /** Words after `trust`; none: `trust` itself. */
  readonly words: readonly string[];
  readonly summary: string;
}

export function usageLine(spec: TrustSpec, path: string): string {
  return `Usage:  ${path} ${spec.usage}`;
}

export function commandHelp(spec: TrustSpec, path: string): string {
  const shown = spec.options.map(({ name, short, value, text }) => {
    const letter = short === undefined ? "    " : `-${short}, `;
    return { title: `  ${letter}--${name}${value === undefined ? "" : ` ${value}`}`, text };
  });
  const width = Math.max(0, ...shown.map(({ title }) => title.length)) + 3;
  const lines = shown.flatMap(({ title, text }) =>
    text.map((line, index) => (index === 0 ? title.padEnd(width) : " ".repeat(width)) + line),
  );
  const options = lines.length === 0 ? "" : `\nOptions:\n${lines.join("\n")}\n`;
  return `${usageLine(spec, path)}\n\n${spec.summary}\n${options}`;
}

/** `path`: `docker trust key`. */
export function groupHelp(
  group: TrustGroup,
  path: string,
  groups: readonly TrustGroup[],
  specs: readonly TrustSpec[],
): string {
  const depth = group.words.length;
  const isBelow = (words: readonly string[]): boolean =>
    words.length === depth + 1 && group.words.every((word, index) => words[index] === word);
  const list = (entries: readonly { readonly words: readonly string[]; readonly summary: string }[]): string =>
    entries
      .map(({ words, summary }) => `  ${(words.at(-1) ?? "").padEnd(11)} ${summary}`)
      .sort()
      .join("\n");
  const managed = groups.filter(({ words }) => isBelow(words));
  const commands = specs.filter(({ words }) => isBelow(words));
  const parts = [
    `Usage:  ${path} COMMAND`,
    group.summary,
    ...(managed.length === 0 ? [] : [`Management Commands:\n${list(managed)}`]),
    `Commands:\n${list(commands)}`,
    `Run '${path} COMMAND --help' for more information on a command.`,
  ];
  return `${parts.join("\n\n")}\n`;
}
