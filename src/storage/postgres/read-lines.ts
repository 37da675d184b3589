// Connections for reads, shared: statements are sent down a line without waiting for those before them. What arrives together is answered together, by few
// processes of the database instead of one each, which halves what a read costs. A further line is opened only when all are busy, one at a
// time and beside them: where the database has no connection left, or is slow to give one, those there are serve.
import type { Client } from "pg";
import { CountersignError } from "../../bytes/index.ts";
import { type ConnectionSettings, execute, openConnection, type Result, type SqlValue } from "./connection.ts";
import { isLostConnection } from "./postgres-errors.ts";

/** Behind this many statements a new one would wait noticeably. */
const busy = 16;

interface Line {
  readonly client: Client;
  waiting: number;
}

export class ReadLines {
  readonly #settings: ConnectionSettings;
  readonly #maxLines: number;
  readonly #lines = new Set<Line>();
  #opening: Promise<Line> | undefined;
  #isClosed = false;

  constructor(settings: ConnectionSettings, maxLines: number) {
    this.#settings = settings;
    this.#maxLines = maxLines;
  }

  /** Rejects with the driver's own error. */
  async execute(sql: string, values: readonly SqlValue[]): Promise<Result> {
    if (this.#isClosed) {
      const { shown } = this.#settings.address;
      throw new CountersignError("storage.unavailable", `the connection to ${shown} is closed`);
    }
    const line = this.#leastBusy() ?? (await this.#open());
    line.waiting++;
    try {
      return await execute(line.client, sql, values);
    } catch (error) {
      if (isLostConnection(error)) this.#giveUp(line);
      throw error;
    } finally {
      line.waiting--;
    }
  }

  /** Cuts what is still under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#opening?.catch(() => undefined);
    const lines = [...this.#lines];
    this.#lines.clear();
    await Promise.allSettled(lines.map(({ client }) => client.end()));
  }

  #leastBusy(): Line | undefined {
    let best: Line | undefined;
    for (const line of this.#lines) if (best === undefined || line.waiting < best.waiting) best = line;
    if (best !== undefined && best.waiting >= busy && this.#lines.size < this.#maxLines) {
      this.#open().catch(() => undefined);
    }
    return best;
  }

  #open(): Promise<Line> {
    this.#opening ??= openConnection(this.#settings)
      .then((client) => {
        const line: Line = { client, waiting: 0 };
        this.#lines.add(line);
        client.once("end", () => this.#lines.delete(line));
        return line;
      })
      .finally(() => {
        this.#opening = undefined;
      });
    return this.#opening;
  }

  /** Those behind it on the line fail as well, and are asked again by `PostgresPool.read`. */
  #giveUp(line: Line): void {
    if (!this.#lines.delete(line)) return;
    line.client.end().catch(() => undefined);
  }
}
