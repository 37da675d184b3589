// A MetadataCache and a MemoryStore in memory, which can be told to fail or be tampered with. For tests and one-shot readers in tests.
import type { RoleName } from "../bytes/index.ts";
import type { MemoryStore, MetadataCache } from "../updater/index.ts";

/** Keeps copies, so that a caller who changes its bytes later changes nothing here. */
export class MemoryCache implements MetadataCache {
  readonly documents = new Map<RoleName, Uint8Array>();
  /** Every role written, in order. */
  readonly writes: RoleName[] = [];
  /** Called before each write; may throw, to stand for a full disk or a kill. */
  beforeWrite: ((role: RoleName) => void) | undefined;

  async read(role: RoleName): Promise<Uint8Array | undefined> {
    return this.documents.get(role)?.slice();
  }

  async write(role: RoleName, bytes: Uint8Array): Promise<void> {
    this.beforeWrite?.(role);
    this.writes.push(role);
    this.documents.set(role, bytes.slice());
  }

  async remove(role: RoleName): Promise<void> {
    this.documents.delete(role);
  }
}

export class InMemoryStore implements MemoryStore {
  bytes: Uint8Array | undefined;
  beforeWrite: (() => void) | undefined;

  async read(): Promise<Uint8Array | undefined> {
    return this.bytes?.slice();
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.beforeWrite?.();
    this.bytes = bytes.slice();
  }
}
