// Every command: its name, one line about it, and where it is. A command is loaded when it runs, so that `verify` never pays for
// the server. Completion, docs/cli.md and the list of commands are made from this table.
import type { TableEntry } from "./command.ts";

export const commandTable: readonly TableEntry[] = [
  {
    name: "trust add",
    summary: "pin the root key of a collection",
    load: async () => (await import("./commands/trust-add.ts")).trustAdd,
  },
  {
    name: "trust list",
    summary: "list the pins",
    load: async () => (await import("./commands/trust-list.ts")).trustList,
  },
  {
    name: "trust remove",
    summary: "remove a pin",
    load: async () => (await import("./commands/trust-remove.ts")).trustRemove,
  },
  {
    name: "completion",
    summary: "print a completion script for bash, zsh or fish",
    load: async () => (await import("./commands/completion.ts")).completion,
  },
  {
    name: "version",
    summary: "print the version",
    load: async () => (await import("./commands/version.ts")).version,
  },
];
