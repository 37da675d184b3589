// Temporary directories that go away with the test that made them.
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Scratch extends Disposable {
  readonly path: string;
  /** A path inside. */
  at(...parts: readonly string[]): string;
}

/** A new directory that everybody may enter (peers run as other users), removed when the scope ends. */
export function scratch(name: string): Scratch {
  const path = mkdtempSync(join(tmpdir(), `countersign-${name}-`));
  chmodSync(path, 0o755);
  return {
    path,
    at: (...parts) => join(path, ...parts),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true, maxRetries: 3 }),
  };
}
