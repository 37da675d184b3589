// Which other programs a collection says it must serve. It stands in the tuf1 `targets`, signed, so that every machine that publishes knows it;
// readers keep members that they do not know (TUF 1.0.34, 4.1). notary1 has no word for it.
import type { JsonObject } from "../bytes/index.ts";
import type { Targets } from "../tuf/index.ts";

export const readers = ["go-tuf", "python-tuf", "tough", "tuf-js"] as const;
export type Reader = (typeof readers)[number];

/** Says which programs the collection must serve, from now on. */
export interface SetMustServe {
  readonly kind: "serve";
  /** None: what would keep one of them out is only warned of. */
  readonly readers: readonly Reader[];
}

const member = "x-countersign-must-serve";

/** What the signed `targets` say; names that this version does not know are passed over. */
export function mustServe(signed: Pick<Targets, "extra"> | undefined): readonly Reader[] {
  const said = signed !== undefined && Object.hasOwn(signed.extra, member) ? signed.extra[member] : undefined;
  return Array.isArray(said) ? readers.filter((reader) => said.includes(reader)) : [];
}

export function withMustServe(targets: Targets, wanted: readonly Reader[]): Targets {
  const { [member]: _, ...rest } = targets.extra;
  const said = readers.filter((reader) => wanted.includes(reader));
  return { ...targets, extra: said.length === 0 ? rest : { ...rest, [member]: said } };
}

/** Members of a document with what this dialect said before: what was said in notary1 takes nothing away. */
export function keepingMustServe(next: JsonObject, before: JsonObject | undefined): JsonObject {
  const { [member]: _, ...rest } = next;
  const said = before !== undefined && Object.hasOwn(before, member) ? before[member] : undefined;
  return said === undefined ? rest : { ...rest, [member]: said };
}
