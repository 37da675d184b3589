// Small combinators that turn a JsonValue into a typed value, with the JSON path of what is wrong in the error.
// A decoder is a function of the value and of where it stands; the path is a linked list, so that it costs nothing
// until an error spells it out. Names come from outside: only own members are read, maps are Maps.
import { CountersignError, type ErrorCode } from "./errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "./json-value.ts";

/** Where a value stands: `signed.roles.root.keyids[0]`. */
export interface JsonPath {
  readonly parent: JsonPath | undefined;
  readonly step: string | number;
}

export type Decoder<T> = (value: JsonValue, path: JsonPath) => T;

/** The start of a path, named after the document or its member: `jsonPath("signed")`. */
export function jsonPath(name: string): JsonPath {
  return { parent: undefined, step: name };
}

/** An error about the value at `path`: `expected` says what should have stood there. metadata.invalid unless told. */
export function invalidAt(path: JsonPath, expected: string, code: ErrorCode = "metadata.invalid"): CountersignError {
  return new CountersignError(code, `${formatPath(path)}: ${expected}`);
}

/** `signed.targets["a b"].length`; names that are no identifiers are quoted, long ones are cut. */
export function formatPath(path: JsonPath): string {
  const steps: string[] = [];
  for (let at: JsonPath | undefined = path; at !== undefined; at = at.parent) {
    if (typeof at.step === "number") steps.push(`[${at.step}]`);
    else if (/^[A-Za-z_][A-Za-z0-9_-]{0,79}$/.test(at.step))
      steps.push(at.parent === undefined ? at.step : `.${at.step}`);
    else steps.push(`[${JSON.stringify(at.step.slice(0, 80))}]`);
  }
  return steps.reverse().join("");
}

export function decodeString(value: JsonValue, path: JsonPath): string {
  if (typeof value !== "string") throw invalidAt(path, `expected a string, got ${kindOf(value)}`);
  return value;
}

export function decodeBoolean(value: JsonValue, path: JsonPath): boolean {
  if (typeof value !== "boolean") throw invalidAt(path, `expected true or false, got ${kindOf(value)}`);
  return value;
}

/** Any value, as it is. */
export function decodeAny(value: JsonValue): JsonValue {
  return value;
}

export function decodeObject(value: JsonValue, path: JsonPath): JsonObject {
  if (!isJsonObject(value)) throw invalidAt(path, `expected an object, got ${kindOf(value)}`);
  return value;
}

/** An integer of `min` to `max`, both inclusive. */
export function decodeInteger(min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER): Decoder<number> {
  return (value, path) => {
    if (typeof value !== "number" || !Number.isSafeInteger(value)) {
      throw invalidAt(path, `expected an integer, got ${kindOf(value)}`);
    }
    if (value < min || value > max) throw invalidAt(path, `expected an integer of ${min} to ${max}, got ${value}`);
    return value;
  };
}

export function decodeArray<T>(item: Decoder<T>, maxItems = Number.MAX_SAFE_INTEGER): Decoder<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw invalidAt(path, `expected a list, got ${kindOf(value)}`);
    if (value.length > maxItems) {
      throw invalidAt(path, `a list of ${value.length} items; the limit is ${maxItems}`, "limit.exceeded");
    }
    return value.map((element: JsonValue, index) => item(element, { parent: path, step: index }));
  };
}

/** An object whose member names are data. `item` is also given each member's name. */
export function decodeMap<T>(
  item: (value: JsonValue, path: JsonPath, name: string) => T,
  maxMembers = Number.MAX_SAFE_INTEGER,
): Decoder<ReadonlyMap<string, T>> {
  return (value, path) => {
    const object = decodeObject(value, path);
    const names = Object.keys(object);
    if (names.length > maxMembers) {
      throw invalidAt(path, `an object of ${names.length} members; the limit is ${maxMembers}`, "limit.exceeded");
    }
    const map = new Map<string, T>();
    for (const name of names) {
      const member = object[name];
      if (member !== undefined) map.set(name, item(member, { parent: path, step: name }, name));
    }
    return map;
  };
}

/** null or what `decoder` makes of the value. */
export function decodeNullable<T>(decoder: Decoder<T>): Decoder<T | null> {
  return (value, path) => (value === null ? null : decoder(value, path));
}

/** The member `name`, which must be there. @throws metadata.invalid */
export function decodeMember<T>(object: JsonObject, name: string, decoder: Decoder<T>, path: JsonPath): T {
  const value = Object.hasOwn(object, name) ? object[name] : undefined;
  if (value === undefined) throw invalidAt({ parent: path, step: name }, "missing");
  return decoder(value, { parent: path, step: name });
}

/** The member `name`, or undefined when it is not there; null is a value like any other. */
export function decodeOptionalMember<T>(
  object: JsonObject,
  name: string,
  decoder: Decoder<T>,
  path: JsonPath,
): T | undefined {
  const value = Object.hasOwn(object, name) ? object[name] : undefined;
  return value === undefined ? undefined : decoder(value, { parent: path, step: name });
}

/** The members not named in `known`, for re-encoding. */
export function extraMembers(object: JsonObject, known: readonly string[]): JsonObject {
  // Object.fromEntries defines own members, so that a member named __proto__ stays one.
  return Object.fromEntries(Object.entries(object).filter(([name]) => !known.includes(name)));
}

function kindOf(value: JsonValue): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  if (typeof value === "number") return String(value);
  return `a ${typeof value}`;
}
