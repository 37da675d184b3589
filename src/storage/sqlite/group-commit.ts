// Many writers, one fsync. A durable commit waits about 3 ms for the disk whatever the engine, so writes that arrive while others are
// still arriving (turn by turn of the event loop, for a bounded time) share one transaction: each in its own savepoint, so that one that fails leaves no
// trace and the others stand; all are answered only after the one COMMIT has returned (sqlite.org/lang_savepoint.html).
import type { DatabaseSync } from "node:sqlite";
import { CountersignError } from "../../bytes/index.ts";
import { toStorageError } from "./sqlite-errors.ts";

/** Past this many writes a batch is closed, so that the first writer does not wait for the last. */
const maxBatch = 256;

/** A batch that still grows with every turn is closed after this: under load the first writer would wait for ever. */
const maxGatherMs = 20;

/** Points of a write at which the crash tests kill the process. */
export type WritePoint = "begin" | "write" | "before-commit" | "after-commit";

interface Pending {
  /** Runs the statements; gives what to call once they are durable. */
  readonly run: () => () => void;
  readonly fail: (error: CountersignError) => void;
}

export class GroupCommit {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #atPoint: (point: WritePoint) => void;
  #queue: Pending[] = [];
  #scheduled = false;
  #closed = false;

  constructor(database: DatabaseSync, path: string, atPoint: (point: WritePoint) => void) {
    this.#database = database;
    this.#path = path;
    this.#atPoint = atPoint;
  }

  /** Runs `work` in the next transaction; resolves when it is durable. */
  write<T>(work: () => T): Promise<T> {
    if (this.#closed) return Promise.reject(new CountersignError("storage.unavailable", `${this.#path} is closed`));
    return new Promise((resolve, reject) => {
      const run = () => {
        const result = work();
        return () => resolve(result);
      };
      this.#queue.push({ run, fail: reject });
      if (this.#scheduled) return;
      this.#scheduled = true;
      this.#gather(performance.now() + maxGatherMs);
    });
  }

  /** A lone writer waits for one turn of the event loop; more come along only as long as every turn brings some. */
  #gather(until: number): void {
    const length = this.#queue.length;
    setImmediate(() => {
      const isGrowing = this.#queue.length > length && this.#queue.length < maxBatch;
      if (isGrowing && performance.now() < until) this.#gather(until);
      else this.flush();
    });
  }

  /** Writes everything queued. */
  flush(): void {
    this.#scheduled = false;
    while (this.#queue.length > 0) this.#writeBatch(this.#queue.splice(0, maxBatch));
  }

  close(): void {
    this.flush();
    this.#closed = true;
  }

  #writeBatch(batch: readonly Pending[]): void {
    const settle: (() => void)[] = [];
    try {
      this.#atPoint("begin");
      this.#database.exec("BEGIN IMMEDIATE");
      for (const pending of batch) settle.push(this.#writeOne(pending));
      this.#atPoint("before-commit");
      this.#database.exec("COMMIT");
      this.#atPoint("after-commit");
    } catch (cause) {
      // Nothing of the batch is on disk, or SQLite has already rolled it back: every writer must hear so.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      const error = toStorageError(cause, this.#path);
      for (const pending of batch) pending.fail(error);
      return;
    }
    for (const call of settle) call();
  }

  /** One savepoint; gives what to call after the commit. Throws only when the whole transaction is gone (a full disk ends it, for example). */
  #writeOne(pending: Pending): () => void {
    this.#database.exec("SAVEPOINT one");
    try {
      const settle = pending.run();
      this.#atPoint("write");
      this.#database.exec("RELEASE one");
      return settle;
    } catch (cause) {
      if (!this.#database.isTransaction) throw cause;
      this.#database.exec("ROLLBACK TO one; RELEASE one");
      const error = toStorageError(cause, this.#path);
      return () => pending.fail(error);
    }
  }
}
