// docker's own options, which come before the name of a plugin. --config says where everything of docker's is; the others are about the
// engine, which is not used, and are passed over.

export interface GlobalOptions {
  readonly config: string | undefined;
}

export type TakenOptions =
  | { readonly kind: "taken"; readonly options: GlobalOptions; readonly rest: readonly string[] }
  | { readonly kind: "refused"; readonly message: string };

const withValue = new Set(["config", "context", "host", "log-level", "tlscacert", "tlscert", "tlskey"]);
const flags = new Set(["debug", "tls", "tlsverify"]);
const letters: ReadonlyMap<string, string> = new Map([
  ["c", "context"],
  ["D", "debug"],
  ["H", "host"],
  ["l", "log-level"],
]);

/** Takes them up to the first word that is none. */
export function takeGlobalOptions(argv: readonly string[]): TakenOptions {
  let config: string | undefined;
  const rest = [...argv];
  for (let word = rest[0]; word?.startsWith("-") === true && !isHelp(word); word = rest[0]) {
    const { name, inline } = nameOf(word);
    rest.shift();
    if (name !== undefined && flags.has(name)) continue;
    if (name === undefined || !withValue.has(name)) return { kind: "refused", message: `unknown flag: ${word}` };
    const value = inline ?? rest.shift();
    if (value === undefined) return { kind: "refused", message: `flag needs an argument: ${word}` };
    if (name === "config") config = value;
  }
  return { kind: "taken", options: { config }, rest };
}

function isHelp(word: string): boolean {
  return word === "--help" || word === "-h" || word === "--version";
}

function nameOf(word: string): { readonly name: string | undefined; readonly inline: string | undefined } {
  if (!word.startsWith("--")) {
    const inline = word.slice(2);
    return { name: letters.get(word.slice(1, 2)), inline: inline === "" ? undefined : inline };
  }
  const equals = word.indexOf("=");
  if (equals === -1) return { name: word.slice(2), inline: undefined };
  return { name: word.slice(2, equals), inline: word.slice(equals + 1) };
}
