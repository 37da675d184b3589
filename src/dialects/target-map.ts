// The `targets` member of both dialects: name -> length, hashes, custom. A collection may hold a hundred thousand of them and a
// verifier asks for one, so every entry is checked when the document is decoded and only turned into a Target when somebody looks at
// it. Names are kept as written: `__proto__`, `..` and the empty name are just names here, and nothing uses them as a path.
import {
  CountersignError,
  decodeObject,
  invalidAt,
  isJsonObject,
  type JsonEntries,
  type JsonObject,
  type JsonPath,
  type JsonValue,
} from "../bytes/index.ts";
import type { Target } from "../tuf/index.ts";
import { checkHashes, type HashCoding, hashesOf } from "./hashes.ts";

/** @throws metadata.invalid, target.invalid */
export function decodeTargetMap(value: JsonValue, path: JsonPath, coding: HashCoding): ReadonlyMap<string, Target> {
  const object = decodeObject(value, path);
  const names = Object.keys(object);
  for (const name of names) checkTarget(object[name], coding, path, name);
  return new TargetMap(object, names, path, coding);
}

/** The same of entries that were not built; those that the scanner has recognised are well-formed. @throws as decodeTargetMap */
export function targetMapOf(entries: JsonEntries, path: JsonPath, coding: HashCoding): ReadonlyMap<string, Target> {
  for (const [name, value] of entries.others()) checkTarget(value, coding, path, name);
  return new UnbuiltTargetMap(entries, path, coding);
}

function checkTarget(target: JsonValue | undefined, coding: HashCoding, path: JsonPath, name: string): void {
  if (target === undefined || !isJsonObject(target)) {
    throw invalidAt({ parent: path, step: name }, "expected an object", "target.invalid");
  }
  const { length, hashes } = membersOf(target);
  if (typeof length !== "number" || !Number.isSafeInteger(length) || length < 0) {
    throw invalidAt(member(path, name, "length"), "expected an integer of at least 0", "target.invalid");
  }
  if (hashes === undefined) throw invalidAt(member(path, name, "hashes"), "missing", "target.invalid");
  checkHashes(hashes, coding, () => member(path, name, "hashes"));
}

function membersOf(target: object): {
  readonly length?: JsonValue;
  readonly hashes?: JsonValue;
  readonly custom?: JsonValue;
} {
  // JSON objects inherit nothing by these names, so reading them is reading own members.
  return target;
}

function member(path: JsonPath, name: string, step: string): JsonPath {
  return { parent: { parent: path, step: name }, step };
}

/** A read-only Map over checked JSON; a Target is made on first sight and then kept. */
class TargetMap implements ReadonlyMap<string, Target> {
  readonly #object: JsonObject;
  readonly #names: readonly string[];
  readonly #path: JsonPath;
  readonly #coding: HashCoding;
  readonly #made = new Map<string, Target>();

  constructor(object: JsonObject, names: readonly string[], path: JsonPath, coding: HashCoding) {
    this.#object = object;
    this.#names = names;
    this.#path = path;
    this.#coding = coding;
  }

  get size(): number {
    return this.#names.length;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#object, name);
  }

  get(name: string): Target | undefined {
    if (!this.has(name)) return undefined;
    const known = this.#made.get(name);
    if (known !== undefined) return known;
    const target = this.#make(name);
    this.#made.set(name, target);
    return target;
  }

  *entries(): MapIterator<[string, Target]> {
    for (const name of this.#names) yield [name, this.#present(name)];
  }

  *keys(): MapIterator<string> {
    yield* this.#names;
  }

  *values(): MapIterator<Target> {
    for (const name of this.#names) yield this.#present(name);
  }

  forEach(visit: (target: Target, name: string, map: ReadonlyMap<string, Target>) => void, self?: unknown): void {
    for (const name of this.#names) visit.call(self, this.#present(name), name, this);
  }

  [Symbol.iterator](): MapIterator<[string, Target]> {
    return this.entries();
  }

  #present(name: string): Target {
    const target = this.get(name);
    if (target === undefined) throw new CountersignError("bug.unexpected", "a listed target is gone");
    return target;
  }

  #make(name: string): Target {
    return makeTarget(this.#object[name] ?? null, { parent: this.#path, step: name }, this.#coding);
  }
}

/** Of a checked value. */
function makeTarget(value: JsonValue, path: JsonPath, coding: HashCoding): Target {
  const { length, hashes, custom } = membersOf(decodeObject(value, path));
  if (typeof length !== "number" || hashes === undefined) {
    throw new CountersignError("bug.unexpected", "a checked target has changed");
  }
  return { length, hashes: hashesOf(hashes, coding, { parent: path, step: "hashes" }), custom };
}

/** A read-only Map over the bytes of a large document: one target is made from where it stands, all of them are built at once. */
class UnbuiltTargetMap implements ReadonlyMap<string, Target> {
  readonly #entries: JsonEntries;
  readonly #path: JsonPath;
  readonly #coding: HashCoding;
  #built: TargetMap | undefined;

  constructor(entries: JsonEntries, path: JsonPath, coding: HashCoding) {
    this.#entries = entries;
    this.#path = path;
    this.#coding = coding;
  }

  get size(): number {
    return this.#entries.size;
  }

  has(name: string): boolean {
    return this.#built?.has(name) ?? this.#entries.has(name);
  }

  get(name: string): Target | undefined {
    if (this.#built !== undefined) return this.#built.get(name);
    const value = this.#entries.get(name);
    return value === undefined ? undefined : makeTarget(value, { parent: this.#path, step: name }, this.#coding);
  }

  entries(): MapIterator<[string, Target]> {
    return this.#all().entries();
  }

  keys(): MapIterator<string> {
    return this.#all().keys();
  }

  values(): MapIterator<Target> {
    return this.#all().values();
  }

  forEach(visit: (target: Target, name: string, map: ReadonlyMap<string, Target>) => void, self?: unknown): void {
    for (const [name, target] of this.entries()) visit.call(self, target, name, this);
  }

  [Symbol.iterator](): MapIterator<[string, Target]> {
    return this.entries();
  }

  #all(): TargetMap {
    if (this.#built === undefined) {
      const object = this.#entries.whole();
      this.#built = new TargetMap(object, Object.keys(object), this.#path, this.#coding);
    }
    return this.#built;
  }
}
