// Completion scripts. Everything in them comes from our own table: words of [a-z-] and texts without quotes, so nothing needs quoting.
import type { OptionSpec } from "./command.ts";

/** A program to complete: this one, or `notary`. */
export interface CompletedProgram {
  readonly name: string;
  readonly commands: readonly CompletedCommand[];
}

export interface CompletedCommand {
  /** `verify`, or `key list`. */
  readonly name: string;
  readonly summary: string;
  /** All of them, with what every command has. */
  readonly options: readonly Pick<OptionSpec, "name" | "short" | "value" | "isFile" | "text">[];
}

/** The script for `shell`, or undefined for a shell we do not know. */
export function completionScript(shell: string, program: CompletedProgram): string | undefined {
  if (shell === "bash") return bash(program);
  if (shell === "zsh") return zsh(program);
  return shell === "fish" ? fish(program) : undefined;
}

function firstWords(commands: readonly CompletedCommand[]): readonly string[] {
  return [...new Set(commands.map(({ name }) => name.split(" ")[0] ?? ""))];
}

function secondWords(commands: readonly CompletedCommand[], first: string): readonly string[] {
  return commands.flatMap(({ name }) => {
    const [group, second] = name.split(" ");
    return group === first && second !== undefined ? [second] : [];
  });
}

function optionWords({ options }: CompletedCommand): string {
  return options.map((option) => `--${option.name}`).join(" ");
}

function fileOptions(commands: readonly CompletedCommand[]): readonly string[] {
  const names = commands.flatMap(({ options }) => options.filter((option) => option.isFile).map((one) => one.name));
  return [...new Set(names)];
}

function bash({ name: program, commands }: CompletedProgram): string {
  const groups = firstWords(commands).filter((word) => secondWords(commands, word).length > 0);
  return `# bash completion for ${program}
_${program}() {
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
${commands.map((command) => `      "${command.name}") words="${optionWords(command)}" ;;`).join("\n")}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  [ "\${#COMPREPLY[@]}" -gt 0 ] || COMPREPLY=($(compgen -f -- "$word"))
}
complete -o filenames -F _${program} ${program}
`;
}

function zsh({ name: program, commands }: CompletedProgram): string {
  const entries = commands.map(({ name, options }) => {
    const described = options.map((option) => {
      const value = option.value === undefined ? "" : `:${option.value}:${option.isFile === true ? "_files" : ""}`;
      return `'--${option.name}[${bracketText(option.text)}]${value}'`;
    });
    return `    "${name}") _arguments ${described.join(" ")} '*:name:_files' ;;`;
  });
  const groups = firstWords(commands).filter((word) => secondWords(commands, word).length > 0);
  return `#compdef ${program}
# zsh completion for ${program}
_${program}() {
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
_${program} "$@"
`;
}

function fish({ name: program, commands }: CompletedProgram): string {
  const lines = [`# fish completion for ${program}`];
  for (const word of firstWords(commands)) {
    const summary = commands.find(({ name }) => name === word)?.summary ?? `commands of ${word}`;
    lines.push(`complete -c ${program} -n __fish_use_subcommand -a ${word} -d '${quoteText(summary)}'`);
    const seconds = secondWords(commands, word);
    if (seconds.length > 0) {
      const unseen = `__fish_seen_subcommand_from ${word}; and not __fish_seen_subcommand_from ${seconds.join(" ")}`;
      lines.push(`complete -c ${program} -f -n '${unseen}' -a '${seconds.join(" ")}'`);
    }
  }
  for (const { name, options } of commands) {
    const seen = name
      .split(" ")
      .map((word) => `__fish_seen_subcommand_from ${word}`)
      .join("; and ");
    for (const option of options) {
      const kind = option.value === undefined ? "" : option.isFile === true ? " -r" : " -x";
      const short = option.short === undefined ? "" : ` -s ${option.short}`;
      lines.push(`complete -c ${program} -n '${seen}' -l ${option.name}${short}${kind} -d '${quoteText(option.text)}'`);
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
