// A JSON value as it is parsed. Names of members come from outside.

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
/** Members by name. Names come from outside: test with Object.hasOwn, list with Object.entries, never `in` or a bare index. */
export interface JsonObject {
  readonly [member: string]: JsonValue;
}

/** True for an object, and not for an array or null. */
export function isJsonObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
