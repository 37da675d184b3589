// Why nothing goes on: what the publishers of a load were told since something last went well, and what they are waiting for now. So that
// a stall on a machine nobody can look into explains itself.

export class Troubles {
  readonly #told = new Map<string, number>();
  readonly #underWay = new Map<string, number>();

  /** From now on: what was told before is over. */
  clear(): void {
    this.#told.clear();
  }

  /** Counts `work` as under way, and its failure as told. */
  async watch<T>(what: string, work: Promise<T>): Promise<T> {
    add(this.#underWay, what, 1);
    try {
      return await work;
    } catch (error) {
      this.note(what, reasonOf(error));
      throw error;
    } finally {
      add(this.#underWay, what, -1);
    }
  }

  note(what: string, reason: string): void {
    add(this.#told, `${what}: ${reason}`, 1);
  }

  toString(): string {
    const lines = (counts: ReadonlyMap<string, number>) =>
      [...counts]
        .filter(([, count]) => count > 0)
        .toSorted(([, a], [, b]) => b - a)
        .slice(0, 12)
        .map(([what, count]) => `  ${count} x ${what}`);
    return ["told since:", ...lines(this.#told), "under way:", ...lines(this.#underWay)].join("\n");
  }
}

function add(counts: Map<string, number>, what: string, count: number): void {
  counts.set(what, (counts.get(what) ?? 0) + count);
}

/** fetch says "fetch failed" and keeps the reason in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
