// `countersign completion SHELL`: a completion script made from the command table.
import { CountersignError } from "../../bytes/index.ts";
import { type Command, commonOptions } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";

export const completion: Command = {
  spec: {
    name: "completion",
    usage: ["bash|zsh|fish [options]"],
    about: ["Prints a script that teaches a shell the commands, options and file names of countersign."],
    positionals: { min: 1, max: 1 },
    options: [],
    examples: [
      ["source <(countersign completion bash)", "for this bash"],
      ["countersign completion zsh > ~/.zfunc/_countersign", "for every zsh, with ~/.zfunc in fpath"],
      ["countersign completion fish > ~/.config/fish/completions/countersign.fish", "for every fish"],
    ],
    json: ['{"shell": "bash", "script": "..."}'],
  },
  async run({ args, terminal, commands }) {
    const shell = args.positionals[0] ?? "";
    const { completionScript } = await import("../completion-script.ts");
    const described = await Promise.all(
      commands.map(async ({ name, summary, load }) => ({
        name,
        summary,
        options: [...(await load()).spec.options, ...commonOptions],
      })),
    );
    const script = completionScript(shell, { name: "countersign", commands: described });
    if (script === undefined) {
      throw new CountersignError("usage.invalid", `no completion for the shell ${shell.slice(0, 40)}`, {
        hints: ["shells: bash, zsh, fish"],
      });
    }
    if (terminal.json) terminal.value({ shell, script });
    else terminal.raw(script);
    return exitCodes.done;
  },
};
