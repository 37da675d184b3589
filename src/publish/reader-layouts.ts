// Layouts that not every TUF client reads, and the collections that must serve such a client all the same: refused before a key is opened.
// What each program reads was tried with the program itself: interop/tuf-repository.test.ts.
import type { RoleName } from "../bytes/index.ts";
import { type BinLayout, layoutOf } from "./bins.ts";
import { type DialectDraft, type RoleDraft, targetsRole } from "./collection-draft.ts";
import { type Finding, finding } from "./findings.ts";
import { mustServe, type Reader } from "./must-serve.ts";

interface Stranger {
  readonly reader: Reader;
  readonly words: string;
}

/** Who does not know a layout. Whoever reads one kind of bins need not read the other. */
const strangers: Readonly<Record<BinLayout["kind"], Stranger | undefined>> = {
  flat: undefined,
  succinct: { reader: "tough", words: "tough takes a collection with succinct bins for damaged" },
  "hash-prefixes": {
    reader: "go-tuf",
    words: "go-tuf up to 2.4.2 misreads hash prefixes and finds no file in such bins",
  },
};

/** What each takes of a document whose length the snapshot does not list, in bytes; ours lists none. */
const documentLimits: Readonly<Record<Reader, number>> = {
  "go-tuf": 5_000_000,
  "python-tuf": 5_000_000,
  tough: 10 * 1024 * 1024,
  "tuf-js": 5_000_000,
};

/** Whom the collection must serve and who would stop at a document of this size; not those who were kept out by it before. */
export function tooLargeFor({ roles }: DialectDraft, role: RoleName, size: number): readonly Reader[] {
  const before = roles.get(role)?.current?.bytes.length ?? 0;
  return mustServe(roles.get(targetsRole)?.content).filter(
    (reader) =>
      size > documentLimits[reader] &&
      (before <= documentLimits[reader] || isNewPromise(roles.get(targetsRole), reader)),
  );
}

function isNewPromise(top: RoleDraft | undefined, reader: Reader): boolean {
  return !mustServe(top?.current?.signed).includes(reader);
}

/** Worth a warning when the layout is chosen; bricking where the collection must serve that program, unless that was so before. */
export function layoutFindings(top: RoleDraft | undefined): readonly Finding[] {
  if (top?.touch !== "changed") return [];
  const { kind } = layoutOf(top.content.delegations);
  const stranger = strangers[kind];
  if (stranger === undefined) return [];
  const { reader, words } = stranger;
  const before = top.current?.signed;
  const wasSo = before !== undefined && layoutOf(before.delegations).kind === kind;
  const isWanted = mustServe(top.content).includes(reader);
  if (wasSo && !(isWanted && isNewPromise(top, reader))) return [];
  const message = isWanted ? `${words}, and the collection must serve it` : words;
  const hints = [
    `a layout for ${reader}: countersign collection layout GUN --bins flat, or ${kind === "succinct" ? "hash-prefixes:8" : "succinct:8"}`,
    ...(isWanted ? [`where ${reader} need not read it: name the others with --must-serve`] : []),
  ];
  const about = { dialect: "tuf1", role: targetsRole, hints } as const;
  return [finding(isWanted ? "bricking" : "warning", "reader.refuses", message, about)];
}
