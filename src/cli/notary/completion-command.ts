// `notary completion SHELL`: what start-up files of shells source. Failing there would make each new shell run Notary's failure line.
import { completionScript } from "../completion-script.ts";
import { NotaryUsage } from "./command-line.ts";
import { commandTable, globalFlags } from "./command-table.ts";
import type { NotaryCommand } from "./front-context.ts";

const files = new Set(["configFile", "custom", "input", "output", "rootcert", "rootkey", "trustDir"]);
const tlsFile = /^tls/;

export function completion(shell: string): NotaryCommand {
  return async ({ args, say }) => {
    if (args.length > 0) throw new NotaryUsage(`completion ${shell} takes no arguments`, true);
    const commands = commandTable
      .filter(({ usage }) => usage !== undefined)
      .map(({ name, summary, flags = [] }) => ({
        name,
        summary,
        options: [...flags, ...globalFlags].map(({ name: flag, short, kind, text }) => ({
          name: flag,
          ...(short === undefined ? {} : { short }),
          ...(kind === "bool" ? {} : { value: kind }),
          ...(files.has(flag) || tlsFile.test(flag) ? { isFile: true as const } : {}),
          text,
        })),
      }));
    say(completionScript(shell, { name: "notary", commands }) ?? "");
  };
}
