// An inspection as docker prints it, to the byte where the facts are the same: JSON with docker's members and order, or tables.
import type { Signer, TrustData } from "../../docker-trust/index.ts";
import { naturalOrder } from "../../docker-trust/index.ts";
import { printable } from "../terminal.ts";

const nobodyElse = "Repo Admin";

/** The whole array, whatever was found. */
export function inspectionJson(found: readonly { readonly text: string; readonly data: TrustData }[]): string {
  const value = found.map(({ text, data }) => ({
    Name: text,
    SignedTags: data.tags.map(({ name, digest, signers }) => ({
      SignedTag: name,
      Digest: digest,
      Signers: signers.length === 0 ? [nobodyElse] : signers,
    })),
    Signers: [...data.signers].sort((a, b) => (a.name < b.name ? 1 : -1)).map(keysOf),
    AdministrativeKeys: [
      keysOf({ name: "Root", keys: data.rootKeys }),
      keysOf({ name: "Repository", keys: data.repositoryKeys }),
    ],
  }));
  return `${JSON.stringify(value, undefined, 4).replace(/[<>&\u2028\u2029]/g, escaped)}\n`;
}

export function prettyInspection(text: string, data: TrustData): string {
  const name = printable(text);
  const tags = data.tags.map(({ name: tag, digest, signers }) => {
    const shown = signers.length === 0 ? [`(${nobodyElse})`] : [...signers].sort();
    return [printable(tag), digest, shown.join(", ")];
  });
  const signers = [...data.signers].sort((a, b) => naturalOrder(a.name, b.name));
  const rows = signers.map((signer) => [
    printable(signer.name),
    [...signer.keys]
      .sort()
      .map((id) => id.slice(0, 12))
      .join(", "),
  ]);
  const parts = [
    data.tags.length > 0 ? `\nSignatures for ${name}\n\n` : `\nNo signatures for ${name}\n\n`,
    data.tags.length > 0 ? table([["SIGNED TAG", "DIGEST", "SIGNERS"], ...tags]) : "",
    rows.length > 0 ? `\nList of signers and their keys for ${name}\n\n` : "",
    rows.length > 0 ? table([["SIGNER", "KEYS"], ...rows]) : "",
    `\nAdministrative keys for ${name}\n\n`,
    `  Repository Key:\t${[...data.repositoryKeys].sort().join(", ")}\n`,
    `  Root Key:\t${[...data.rootKeys].sort().join(", ")}\n`,
  ];
  return parts.join("");
}

/** Members that docker leaves out when there is nothing in them. */
function keysOf({ name, keys }: Signer) {
  return { Name: name, ...(keys.length === 0 ? {} : { Keys: keys.map((id) => ({ ID: id })) }) };
}

/** As Go's encoder writes what HTML would take for itself. */
function escaped(character: string): string {
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
}

/** Columns of at least ten, three blanks apart. */
function table(rows: readonly (readonly string[])[]): string {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(10, ...rows.map((row) => (row[column] ?? "").length + 3)),
  );
  const format = (row: readonly string[]): string =>
    row.map((cell, column) => (column === columns - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join("");
  return rows.map((row) => `${format(row)}\n`).join("");
}
