// One `docker trust ...` command line, from words to an exit status, with docker's words for what is wrong with it. A failure is told as
// docker tells it, one line on stderr and status 1, with what to do next below.
import { printable, type Streams } from "../terminal.ts";
import { tellFailure } from "./failure.ts";
import { parseTrustArguments } from "./parse-trust-arguments.ts";
import type { TrustContext } from "./trust-command.ts";
import { commandHelp, groupHelp } from "./trust-help.ts";
import { trustGroups, trustTable } from "./trust-table.ts";

/** `path`: the words that led here, `docker trust` or `docker countersign trust`. */
export async function runTrust(
  argv: readonly string[],
  path: string,
  context: Omit<TrustContext, "args">,
): Promise<number> {
  const { streams } = context;
  const entry = trustTable.find(({ words }) => words.every((word, index) => argv[index] === word));
  if (entry === undefined) return runGroup(argv, path, streams);
  const whole = [path, ...entry.words].join(" ");
  try {
    const command = await entry.load();
    const parsed = parseTrustArguments(command.spec, whole, argv.slice(entry.words.length));
    if (parsed.kind === "refused") {
      streams.err(parsed.text);
      return parsed.status;
    }
    if (parsed.kind === "help") {
      streams.out(commandHelp(command.spec, whole));
      return 0;
    }
    return await command.run({ ...context, args: parsed.args });
  } catch (error) {
    return tellFailure(streams, error);
  }
}

/** No command of that name: help for the group, or docker's words for an unknown one. */
async function runGroup(argv: readonly string[], path: string, streams: Streams): Promise<number> {
  const named = trustGroups.find(({ words }) => words.length > 0 && words.every((word, index) => argv[index] === word));
  const [top] = trustGroups;
  const group = named ?? top;
  if (group === undefined) return 1;
  const whole = [path, ...group.words].join(" ");
  const [next] = argv.slice(group.words.length);
  if (next === undefined || next === "--help" || next === "-h") {
    const specs = await Promise.all(trustTable.map(async ({ load }) => (await load()).spec));
    const text = groupHelp(group, whole, trustGroups, specs);
    // As docker: what was not asked for goes to stderr.
    if (next === undefined) streams.err(text);
    else streams.out(text);
    return 0;
  }
  const more = `Usage:  ${whole}\n\nRun '${whole} --help' for more information\n`;
  if (next.startsWith("-")) {
    const what = next.startsWith("--")
      ? `unknown flag: ${next}`
      : `unknown shorthand flag: '${next.charAt(1)}' in ${next}`;
    streams.err(`${printable(what)}\n\n${more}`);
    return 125;
  }
  streams.err(`docker: unknown command: ${printable(`${whole} ${next}`)}\n\n${more}`);
  return 1;
}
