// Interleaved measuring: every subject runs once a round, in turning order, and its figure is the median over the rounds. Subjects
// measured in one interleaved run share the machine's noise, so their ratios hold where their absolute figures do not.

export interface Subject<T> {
  readonly name: string;
  measure(): Promise<T>;
}

/** Results by subject, one per round. */
export async function interleave<T>(
  rounds: number,
  subjects: readonly Subject<T>[],
): Promise<ReadonlyMap<string, readonly T[]>> {
  const results = new Map<string, T[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const turn = round % Math.max(1, subjects.length);
    for (const subject of [...subjects.slice(turn), ...subjects.slice(0, turn)]) {
      results.get(subject.name)?.push(await subject.measure());
    }
  }
  return results;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
