// Which other programs a collection says it must serve (signed-settings.ts).
import type { JsonValue } from "../bytes/index.ts";
import type { Targets } from "../tuf/index.ts";
import { settingOf } from "./signed-settings.ts";

export const readers = ["go-tuf", "python-tuf", "tough", "tuf-js"] as const;
export type Reader = (typeof readers)[number];

/** What the signed `targets` say; names that this version does not know are passed over. */
export function mustServe(signed: Pick<Targets, "extra"> | undefined): readonly Reader[] {
  const said = settingOf(signed, "x-countersign-must-serve");
  return Array.isArray(said) ? readers.filter((reader) => said.includes(reader)) : [];
}

/** As it is signed: in one order, each once; nothing is said for none. */
export function signedReaders(wanted: readonly Reader[]): JsonValue | undefined {
  const said = readers.filter((reader) => wanted.includes(reader));
  return said.length === 0 ? undefined : said;
}
