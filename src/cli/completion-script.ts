// Completion scripts. Everything in them comes from our own table: words of [a-z-] and texts without quotes, so nothing needs quoting.
import { type CommandSpec, commonOptions, type TableEntry } from "./command.ts";

interface Described {
  readonly spec: CommandSpec;
  readonly summary: string;
}

/** The script for `shell`, or undefined for a shell we do not know. */
export async function completionScript(shell: string, table: readonly TableEntry[]): Promise<string | undefined> {
  if (shell !== "bash" && shell !== "zsh" && shell !== "fish") return undefined;
  const commands = await Promise.all(
    table.map(async (entry) => ({ spec: (await entry.load()).spec, summary: entry.summary })),
  );
  if (shell === "bash") return bash(commands);
  return shell === "zsh" ? zsh(commands) : fish(commands);
}

function firstWords(commands: readonly Described[]): readonly string[] {
  return [...new Set(commands.map(({ spec }) => spec.name.split(" ")[0] ?? ""))];
}

function secondWords(commands: readonly Described[], first: string): readonly string[] {
  return commands.flatMap(({ spec }) => {
    const [group, second] = spec.name.split(" ");
    return group === first && second !== undefined ? [second] : [];
  });
}

function optionWords(spec: CommandSpec): string {
  return [...spec.options, ...commonOptions].map((option) => `--${option.name}`).join(" ");
}

function fileOptions(commands: readonly Described[]): readonly string[] {
  const names = commands.flatMap(({ spec }) => spec.options.filter((option) => option.isFile).map((one) => one.name));
  return [...new Set(names)];
}

function bash(commands: readonly Described[]): string {
  const groups = firstWords(commands).filter((word) => secondWords(commands, word).length > 0);
  return `# bash completion for countersign
_countersign() {
  local word="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="\${COMP_WORDS[1]}" words=""
  case " ${fileOptions(commands)
    .map((name) => `--${name}`)
    .join(" ")} " in
    *" $previous "*) COMPREPLY=($(compgen -f -- "$word")); return ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${firstWords(commands).join(" ")} help" -- "$word")); return
  fi
  case "$command" in
    ${groups.join("|")}) command="$command \${COMP_WORDS[2]}" ;;
  esac
  if [ "$COMP_CWORD" -eq 2 ]; then
    case "\${COMP_WORDS[1]}" in
${groups.map((group) => `      ${group}) words="${secondWords(commands, group).join(" ")}" ;;`).join("\n")}
    esac
  fi
  if [ -z "$words" ]; then
    case "$command" in
${commands.map(({ spec }) => `      "${spec.name}") words="${optionWords(spec)}" ;;`).join("\n")}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  [ "\${#COMPREPLY[@]}" -gt 0 ] || COMPREPLY=($(compgen -f -- "$word"))
}
complete -o filenames -F _countersign countersign
`;
}

function zsh(commands: readonly Described[]): string {
  const entries = commands.map(({ spec }) => {
    const options = [...spec.options, ...commonOptions].map((option) => {
      const value = option.value === undefined ? "" : `:${option.value}:${option.isFile === true ? "_files" : ""}`;
      return `'--${option.name}[${bracketText(option.text)}]${value}'`;
    });
    return `    "${spec.name}") _arguments ${options.join(" ")} '*:name:_files' ;;`;
  });
  const groups = firstWords(commands).filter((word) => secondWords(commands, word).length > 0);
  return `#compdef countersign
# zsh completion for countersign
_countersign() {
  local command="$words[2]"
  if (( CURRENT == 2 )); then
    compadd ${firstWords(commands).join(" ")} help; return
  fi
  case "$command" in
    ${groups.join("|")})
      if (( CURRENT == 3 )); then
        case "$command" in
${groups.map((group) => `          ${group}) compadd ${secondWords(commands, group).join(" ")} ;;`).join("\n")}
        esac
        return
      fi
      command="$command $words[3]"; shift words; (( CURRENT-- )) ;;
  esac
  shift words; (( CURRENT-- ))
  case "$command" in
${entries.join("\n")}
  esac
}
_countersign "$@"
`;
}

function fish(commands: readonly Described[]): string {
  const lines = ["# fish completion for countersign"];
  for (const word of firstWords(commands)) {
    const summary = commands.find(({ spec }) => spec.name === word)?.summary ?? `commands of ${word}`;
    lines.push(`complete -c countersign -n __fish_use_subcommand -a ${word} -d '${quoteText(summary)}'`);
    const seconds = secondWords(commands, word);
    if (seconds.length > 0) {
      const unseen = `__fish_seen_subcommand_from ${word}; and not __fish_seen_subcommand_from ${seconds.join(" ")}`;
      lines.push(`complete -c countersign -f -n '${unseen}' -a '${seconds.join(" ")}'`);
    }
  }
  for (const { spec } of commands) {
    const seen = spec.name
      .split(" ")
      .map((word) => `__fish_seen_subcommand_from ${word}`)
      .join("; and ");
    for (const option of [...spec.options, ...commonOptions]) {
      const kind = option.value === undefined ? "" : option.isFile === true ? " -r" : " -x";
      const short = option.short === undefined ? "" : ` -s ${option.short}`;
      lines.push(
        `complete -c countersign -n '${seen}' -l ${option.name}${short}${kind} -d '${quoteText(option.text)}'`,
      );
    }
  }
  return `${lines.join("\n")}\n`;
}

function quoteText(text: string): string {
  return text.replace(/['\\]/g, "");
}

function bracketText(text: string): string {
  return quoteText(text).replace(/[[\]:]/g, " ");
}
