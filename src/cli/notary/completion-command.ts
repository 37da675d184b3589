// `notary completion SHELL`: what start-up files of shells source. Failing there would make each new shell run Notary's failure line.
import { completionScript } from "../completion-script.ts";
import { type FlagSpec, NotaryUsage } from "./command-line.ts";
import type { NotaryCommand } from "./front-context.ts";

/** What is known of the commands; the heads of groups have no usage. */
interface Known {
  readonly name: string;
  readonly summary: string;
  readonly usage?: string;
  readonly flags?: readonly FlagSpec[];
}

const files = /^(?:configFile|custom|input|output|rootcert|rootkey|tls.*|trustDir)$/;

export function completion(shell: string, table: readonly Known[], globalFlags: readonly FlagSpec[]): NotaryCommand {
  return async ({ args, say }) => {
    if (args.length > 0) throw new NotaryUsage(`completion ${shell} takes no arguments`, true);
    const commands = table
      .filter(({ usage }) => usage !== undefined)
      .map(({ name, summary, flags = [] }) => ({ name, summary, options: [...flags, ...globalFlags].map(optionOf) }));
    say(completionScript(shell, { name: "notary", commands }) ?? "");
  };
}

function optionOf({ name, short, kind, text }: FlagSpec) {
  return {
    name,
    text,
    ...(short === undefined ? {} : { short }),
    ...(kind === "bool" ? {} : { value: kind }),
    ...(files.test(name) ? { isFile: true as const } : {}),
  };
}
