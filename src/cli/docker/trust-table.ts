// Every command of `docker trust`, loaded when it runs, and the groups they stand in.
import type { TrustCommand } from "./trust-command.ts";
import type { TrustGroup } from "./trust-help.ts";

export const trustGroups: readonly TrustGroup[] = [
  { words: [], summary: "Manage trust on Docker images" },
  { words: ["key"], summary: "Manage keys for signing Docker images" },
  { words: ["signer"], summary: "Manage entities who can sign Docker images" },
];

export interface TrustEntry {
  readonly words: readonly string[];
  load(): Promise<TrustCommand>;
}

export const trustTable: readonly TrustEntry[] = [
  { words: ["inspect"], load: async () => (await import("./trust-inspect.ts")).trustInspect },
  { words: ["key", "generate"], load: async () => (await import("./trust-key-generate.ts")).trustKeyGenerate },
  { words: ["key", "load"], load: async () => (await import("./trust-key-load.ts")).trustKeyLoad },
  { words: ["revoke"], load: async () => (await import("./trust-revoke.ts")).trustRevoke },
  { words: ["sign"], load: async () => (await import("./trust-sign.ts")).trustSign },
  { words: ["signer", "add"], load: async () => (await import("./trust-signer-add.ts")).trustSignerAdd },
  { words: ["signer", "remove"], load: async () => (await import("./trust-signer-remove.ts")).trustSignerRemove },
];
