// What the scanner of JSON texts (json-scanner.ts) is asked for, and what it answers beside "this is strict JSON".

/** How far a stretch of JSON text is from canonical. */
export type JsonForm =
  | "canonical" // it is canonical as it stands
  | "ordered" // members ascend and numbers are plain: dropping whitespace and rewriting escapes makes it canonical
  | "loose"; // members out of order, or numbers like 1.0

export interface JsonRegion {
  readonly start: number;
  readonly end: number;
  readonly form: JsonForm;
}

/**
 * "integer" (default): within +-(2^53 - 1), plainly written. "integral" also takes 1.0 and 1e3, as Notary's canonical form does. "any": all
 * finite ones, rounded as they are everywhere, for texts that no signature of ours covers.
 */
export type JsonNumbers = "integer" | "integral" | "any";

export interface ScanOptions {
  readonly maxDepth: number;
  readonly numbers: JsonNumbers;
  /** Values in all, and inside of any one wanted entry. */
  readonly maxValues?: number;
  /** Name of a member of the outermost object whose region is wanted. */
  readonly watch?: string;
  /** An object inside the watched one whose entries are noted. */
  readonly entries?: EntriesWanted;
}

export interface EntriesWanted {
  /** The member of the watched object that holds them. */
  readonly member: string;
  /**
   * The end of the value that begins at `at`, when it is seen to be canonical JSON that needs no further look, and -1 for everything
   * else. `skip` reads any value at a place inside an object there and gives its end. So most values of a large document are read once.
   */
  readonly recognise: (bytes: Uint8Array, at: number, skip: (at: number) => number) => number;
}

export interface Scanned {
  readonly watched: JsonRegion | undefined;
  /** undefined also when the member is no object. */
  readonly entries: EntryBounds | undefined;
  /** Values of the text, those of entries included: what building all of it would make. At least. */
  readonly values: number;
}

/** What the scanner notes of an object of very many entries (json-entries.ts). */
export interface EntryBounds {
  /** Where the object begins and ends. */
  start: number;
  end: number;
  /** Four for each entry: start and end of the name between its quotes, start and end of the value. */
  readonly bounds: number[];
  /** Indexes of entries whose value was not recognised by `EntriesWanted.recognise`. */
  readonly others: number[];
  /** Names have no escapes and ascend by their bytes. */
  isOrdered: boolean;
}
