// What lies where in an exported tree (TUF 1.0.34, section 6.2, consistent snapshots): `metadata/N.ROLE.json`, `metadata/timestamp.json`,
// `targets/DIR/HASH.NAME`. Clients percent-encode a role's name in the URL and web servers decode it once, so a delegation below a
// delegation lies in a directory; a copy under the encoded name serves what reads the tree without a web server.
import { CountersignError, encodeHex, type RoleName } from "../bytes/index.ts";
import type { Reader } from "../publish/index.ts";
import type { Target } from "../tuf/index.ts";
import { safeName } from "./file-tree.ts";

export const timestampPath = "metadata/timestamp.json";

/** Every path of a document; the first is the one that URLs lead to. @throws role.invalid for a name that is no safe path */
export function documentPaths(role: RoleName, version: number): readonly string[] {
  if (role === "timestamp") return [timestampPath];
  const name = role.startsWith("targets/") ? role.slice("targets/".length) : role;
  const isSafe = name.split("/").every((part) => /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(part));
  if (!isSafe) {
    throw new CountersignError("role.invalid", `${JSON.stringify(name.slice(0, 80))} is no name for a file`, {
      hints: ["the collection was made by another tool; delegate again under a plain name"],
    });
  }
  const plain = `metadata/${version}.${name}.json`;
  return name.includes("/") ? [plain, `metadata/${version}.${encodeURIComponent(name)}.json`] : [plain];
}

/**
 * One path for each hash that the target lists; clients take whichever they like. tough puts its hash, SHA-256, before the whole of a path
 * and not before its last part: where the collection must serve it, the content lies there too. @throws name.invalid, target.invalid
 */
export function artifactPaths(name: string, { hashes }: Target, mustServe: readonly Reader[]): readonly string[] {
  const safe = safeName(name);
  const slash = safe.lastIndexOf("/") + 1;
  const paths = [...hashes].map(([, hash]) => `targets/${safe.slice(0, slash)}${encodeHex(hash)}.${safe.slice(slash)}`);
  const sha256 = hashes.get("sha256");
  if (slash > 0 && sha256 !== undefined && mustServe.includes("tough"))
    paths.push(`targets/${encodeHex(sha256)}.${safe}`);
  if (paths.length > 0) return paths;
  throw new CountersignError("target.invalid", `${JSON.stringify(name)} lists no hash`);
}

/** What a file is called until it is whole; one that is still called so was left by an export that was killed. */
export function temporaryName(random: string): string {
  return `.new-${random}`;
}

export function isLeftOver(path: string): boolean {
  return /(?:^|\/)\.new-[0-9a-f]{16}$/.test(path);
}

/** Files that an export made and may take away once nobody asks for them any more. Roots stay for ever (TUF 1.0.34, 6.1). */
export function isOurs(path: string): boolean {
  if (path.startsWith("targets/"))
    return /\/(?:[0-9a-f]{64}|[0-9a-f]{128})\.[^/]+$|^targets\/[0-9a-f]{64}\./.test(path);
  return /^metadata\/[1-9][0-9]*\..+\.json$/.test(path) && !/^metadata\/[1-9][0-9]*\.root\.json$/.test(path);
}
