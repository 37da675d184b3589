// A store that ends with the process: for one-off lookups, and tests.
import type { TufStore } from "./ports.ts";

export function openMemoryStore(): TufStore {
  const documents = new Map<string, Uint8Array>();
  const roots = new Map<number, Uint8Array>();
  return {
    read: async (role) => documents.get(role),
    write: async (role, bytes) => void documents.set(role, bytes),
    remove: async (role) => void documents.delete(role),
    readRoot: async (version) => roots.get(version),
    writeRoot: async (version, bytes) => void roots.set(version, bytes),
  };
}
