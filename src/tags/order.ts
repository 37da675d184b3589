// Tags as people look for them: versions first, the newest on top (Semantic Versioning 2.0.0, section 11); then everything else by
// the date it was signed, the newest on top, undated ones last; equals by name. The order is total: the input's order never shows.
import { compareUtf8 } from "../bytes/index.ts";

export interface Orderable {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly signedAt: number | undefined;
}

/** A new, ordered array. `v1.2.3`, `1.2` and `1` count as versions too; semver is loaded only when some name looks like one. */
export async function orderTags<T extends Orderable>(tags: readonly T[]): Promise<readonly T[]> {
  const versions = new Map<T, string>();
  for (const tag of tags) {
    const version = fullVersion(tag.name);
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

/** `v1.2` -> `1.2.0`; undefined for what is no version. Long digit runs (dates as one number) are names, not versions. */
function fullVersion(name: string): string | undefined {
  const match = /^v?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?(-[0-9A-Za-z.-]{1,100})?(?:\+[0-9A-Za-z.-]{1,100})?$/.exec(
    name,
  );
  if (match === null) return undefined;
  const [, major = "0", minor = "0", patch = "0", prerelease = ""] = match;
  return `${Number(major)}.${Number(minor)}.${Number(patch)}${prerelease}`;
}

async function versionOrder<T>(versions: Map<T, string>): Promise<(a: T, b: T) => number> {
  if (versions.size === 0) return () => 0;
  const { default: semver } = await import("semver");
  const parsed = new Map<T, InstanceType<typeof semver.SemVer>>();
  for (const [tag, text] of versions) {
    const version = semver.parse(text);
    if (version === null) versions.delete(tag);
    else parsed.set(tag, version);
  }
  return (a, b) => {
    const left = parsed.get(a);
    const right = parsed.get(b);
    return left === undefined || right === undefined ? 0 : right.compare(left);
  };
}
