// One target across several repositories (TAP 4): the first mapping whose paths match and whose repositories agree decides. Who cannot be
// asked or does not verify must not choose the answer: a mapping that the missing voices could still decide stops the search.
import { CountersignError, encodeHex, isCountersignError } from "../bytes/index.ts";
import { matchesPattern } from "../tuf/index.ts";
import type { TufMap, TufMapping } from "./map-file.ts";
import type { TufTarget } from "./target.ts";

export interface MappedTarget {
  readonly target: TufTarget;
  /** The repositories that agree, in the order of the map. */
  readonly repositories: readonly string[];
}

/**
 * undefined: no mapping that matches has a target that enough repositories agree on.
 * @throws what `lookup` throws, where that repository's word could have decided
 */
export async function lookupInMap(
  map: TufMap,
  path: string,
  lookup: (repository: string) => Promise<TufTarget | undefined>,
): Promise<MappedTarget | undefined> {
  for (const mapping of map.mapping) {
    if (!mapping.paths.some((pattern) => matchesPattern(pattern, path))) continue;
    const found = await agreed(mapping, path, lookup);
    if (found !== undefined || mapping.terminating) return found;
  }
  return undefined;
}

async function agreed(
  { repositories, threshold }: TufMapping,
  path: string,
  lookup: (repository: string) => Promise<TufTarget | undefined>,
): Promise<MappedTarget | undefined> {
  const voices = new Map<string, { readonly target: TufTarget; readonly repositories: string[] }>();
  const failures: CountersignError[] = [];
  for (const name of repositories) {
    try {
      const target = await lookup(name);
      if (target === undefined) continue;
      const voice = voices.get(contentOf(target)) ?? { target, repositories: [] };
      voice.repositories.push(name);
      voices.set(contentOf(target), voice);
    } catch (error) {
      if (!isCountersignError(error)) throw error;
      failures.push(error);
    }
  }
  const most = [...voices.values()].sort((a, b) => b.repositories.length - a.repositories.length);
  const [first, second] = most;
  const enough = first !== undefined && first.repositories.length >= threshold;
  if (enough && second !== undefined && second.repositories.length >= threshold) {
    throw new CountersignError(
      "threshold.unmet",
      `repositories disagree about ${quoted(path)}, each side with enough of them`,
    );
  }
  if (enough) return first;
  const [failure] = failures;
  if (failure !== undefined && (first?.repositories.length ?? 0) + failures.length >= threshold) throw failure;
  return undefined;
}

/** What has to be the same: length and every hash listed. Custom data is each repository's own. */
function contentOf({ length, hashes }: TufTarget): string {
  const listed = [...hashes].map(([algorithm, hash]) => `${algorithm}:${encodeHex(hash)}`).sort();
  return JSON.stringify([length, ...listed]);
}

function quoted(path: string): string {
  return JSON.stringify(path.slice(0, 200));
}
