// Many writers, one transaction: what arrives while a transaction is under way goes into the next one together, with one flush of
// PostgreSQL's log for all of them. Each commit still succeeds or fails alone (commit-plan.ts); a batch that fails for a reason of one
// of them, such as a row that the database refuses, is taken apart.
import { CountersignError } from "../../bytes/index.ts";
import type { Commit, ServerKey } from "../storage.ts";
import { writeBatch } from "./batch.ts";
import type { CertainTransactions, Work } from "./certain-transactions.ts";
import type { Run } from "./pool.ts";
import { sqlState } from "./postgres-errors.ts";

const maxBatch = 256;
/** Documents travel together as one value. */
const maxBatchBytes = 16 * 1024 * 1024;

interface Batchable {
  readonly commit?: Commit;
  readonly key?: ServerKey;
  /** Called with the new generation; 0 for a key. */
  readonly resolve: (generation: number) => void;
  readonly reject: (error: unknown) => void;
}

interface Alone {
  readonly run: () => Promise<void>;
  readonly reject: (error: unknown) => void;
}

export class Writer {
  readonly #transactions: CertainTransactions;
  readonly #id: string;
  #queue: (Batchable | Alone)[] = [];
  #working: Promise<void> | undefined;
  #isClosed = false;

  constructor(transactions: CertainTransactions, id: string) {
    this.#transactions = transactions;
    this.#id = id;
  }

  commit(commit: Commit): Promise<number> {
    return new Promise((resolve, reject) => this.#add({ commit, resolve, reject }));
  }

  async addKey(key: ServerKey): Promise<void> {
    await new Promise<number>((resolve, reject) => this.#add({ key, resolve, reject }));
  }

  /** A transaction of its own. `work` may run again after one that did not happen. */
  alone<T>(work: (run: Run) => Promise<Work<T>>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#add({ run: async () => resolve(await this.#transactions.run(work)), reject });
    });
  }

  /** Finishes what is queued. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#working;
    await this.#transactions.close();
  }

  #add(item: Batchable | Alone): void {
    if (this.#isClosed) {
      item.reject(new CountersignError("storage.unavailable", "the connection to the database is closed"));
      return;
    }
    this.#queue.push(item);
    this.#working ??= this.#workOff();
  }

  async #workOff(): Promise<void> {
    // One turn of the event loop: publishers that were answered together come again together.
    await new Promise((resolve) => setImmediate(resolve));
    for (let item = this.#queue.shift(); item !== undefined; item = this.#queue.shift()) {
      if ("run" in item) await item.run().catch(item.reject);
      else await this.#together([item, ...this.#alsoTaken(item)]);
    }
    this.#working = undefined;
  }

  /** What follows in the queue and goes along with the first. */
  #alsoTaken(first: Batchable): readonly Batchable[] {
    const taken: Batchable[] = [];
    let bytes = bytesOf(first);
    for (const item of this.#queue) {
      if ("run" in item || taken.length + 1 >= maxBatch) break;
      bytes += bytesOf(item);
      if (bytes > maxBatchBytes) break;
      taken.push(item);
    }
    this.#queue.splice(0, taken.length);
    return taken;
  }

  async #together(items: readonly Batchable[]): Promise<void> {
    const commits = items.flatMap(({ commit }) => (commit === undefined ? [] : [commit]));
    const keys = items.flatMap(({ key }) => (key === undefined ? [] : [key]));
    let later: readonly Batchable[] = [];
    try {
      const outcomes = await this.#transactions.run((run) => writeBatch(run, this.#id, commits, keys));
      const ofCommit = new Map(commits.map((commit, index) => [commit, outcomes[index]]));
      later = items.filter(({ commit }) => commit !== undefined && ofCommit.get(commit) === "later");
      for (const { commit, resolve, reject } of items) {
        const outcome = commit === undefined ? 0 : ofCommit.get(commit);
        if (typeof outcome === "number") resolve(outcome);
        else if (outcome !== "later") reject(outcome);
      }
    } catch (error) {
      if (items.length > 1 && isAboutValues(error)) for (const item of items) await this.#together([item]);
      else for (const { reject } of items) reject(error);
    }
    this.#queue.unshift(...later);
  }
}

/** The database refused something it was given, of one of them; any other failure would come again for each. */
function isAboutValues(error: unknown): boolean {
  const state = error instanceof CountersignError ? sqlState(error.cause) : undefined;
  return state !== undefined && /^(?:22|23|54)/.test(state);
}

function bytesOf({ commit }: Batchable): number {
  if (commit === undefined) return 0;
  const sum = (all: readonly Uint8Array[]) => all.reduce((total, each) => total + each.length, 0);
  return sum(commit.documents.map((document) => document.bytes)) + sum(commit.blobs);
}
