// Delegations in Notary's words: paths as lists, `"" <all paths>` for everything, keys by their canonical ids.
import type { RoleName } from "../../bytes/index.ts";
import type { Targets } from "../../tuf/index.ts";

/** Rows of `delegation list`, sorted by role. */
export function allDelegationRows(
  documents: ReadonlyMap<RoleName, { readonly signed: Targets }>,
): readonly (readonly string[])[] {
  const rows: string[][] = [];
  for (const { signed } of documents.values()) {
    for (const { name, paths, keyIds, threshold } of signed.delegations?.roles ?? []) {
      const ids = keyIds.map((id) => signed.delegations?.keys.get(id)?.publicKey?.id ?? id);
      const prefixes = paths.kind === "prefixes" ? paths.prefixes : [];
      rows.push([name, pathsText(prefixes), [...new Set<string>(ids)].sort().join("\n"), String(threshold)]);
    }
  }
  return rows.sort(([a = ""], [b = ""]) => (a < b ? -1 : 1));
}

/** One a line, sorted. */
export function pathsText(prefixes: readonly string[]): string {
  return [...prefixes]
    .sort()
    .map((prefix) => (prefix === "" ? '"" <all paths>' : prefix))
    .join("\n");
}
