// Tags as people look for them: versions first, the newest on top (Semantic Versioning 2.0.0, section 11); then everything else by
// the date it was signed, the newest on top, undated ones last; equals by name. The order is total: the input's order never shows.
import type { SemVer } from "semver";
import { compareUtf8 } from "../bytes/index.ts";

export interface Orderable {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly signedAt: number | undefined;
}

/** A new, ordered array. `v1.2.3`, `1.2` and `1` count as versions too; semver is loaded only when some version has a prerelease. */
export async function orderTags<T extends Orderable>(tags: readonly T[]): Promise<readonly T[]> {
  const versions = new Map<T, Version>();
  for (const tag of tags) {
    const version = versionOf(tag.name);
    if (version !== undefined) versions.set(tag, version);
  }
  const compare = await versionOrder(versions);
  return [...tags].sort((a, b) => {
    const isVersionA = versions.has(a);
    if (isVersionA !== versions.has(b)) return isVersionA ? -1 : 1;
    const byRank = isVersionA ? compare(a, b) : (b.signedAt ?? 0) - (a.signedAt ?? 0);
    return byRank !== 0 ? byRank : compareUtf8(a.name, b.name);
  });
}

interface Version {
  /** Major, minor, patch; what is not written is 0. */
  readonly numbers: readonly [number, number, number];
  /** With its hyphen; empty for a release. */
  readonly prerelease: string;
}

/** `v1.2` -> 1.2.0; undefined for what is no version. Long digit runs (dates as one number) are names, not versions. */
function versionOf(name: string): Version | undefined {
  const match = /^v?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?(-[0-9A-Za-z.-]{1,100})?(?:\+[0-9A-Za-z.-]{1,100})?$/.exec(
    name,
  );
  if (match === null) return undefined;
  const [, major = "0", minor = "0", patch = "0", prerelease = ""] = match;
  return { numbers: [Number(major), Number(minor), Number(patch)], prerelease };
}

/** Takes out of `versions` what turns out to be none. */
async function versionOrder<T>(versions: Map<T, Version>): Promise<(a: T, b: T) => number> {
  const prereleases = await parsePrereleases(versions);
  return (a, b) => {
    const left = versions.get(a);
    const right = versions.get(b);
    if (left === undefined || right === undefined) return 0;
    for (const [index, number] of right.numbers.entries()) {
      const difference = number - (left.numbers[index] ?? 0);
      if (difference !== 0) return difference;
    }
    if (left.prerelease === right.prerelease) return 0;
    if (left.prerelease === "" || right.prerelease === "") return left.prerelease === "" ? -1 : 1;
    return prereleases(a, b);
  };
}

async function parsePrereleases<T>(versions: Map<T, Version>): Promise<(a: T, b: T) => number> {
  const parsed = new Map<T, SemVer>();
  for (const [tag, { numbers, prerelease }] of versions) {
    if (prerelease === "") continue;
    const { default: semver } = await import("semver");
    const version = semver.parse(`${numbers.join(".")}${prerelease}`);
    if (version === null) versions.delete(tag);
    else parsed.set(tag, version);
  }
  return (a, b) => {
    const [left, right] = [parsed.get(a), parsed.get(b)];
    return left === undefined || right === undefined ? 0 : right.compare(left);
  };
}
