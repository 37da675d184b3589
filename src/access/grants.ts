// What somebody may do, and whether that is enough. Grants are checked one action at a time: two grants may together allow what
// neither does alone, and `*` allows everything on its collections.
import {
  CountersignError,
  decodeArray,
  decodeBoolean,
  decodeObject,
  decodeString,
  encodeUtf8,
  formatPath,
  isCountersignError,
  type JsonPath,
  type JsonValue,
  jsonPath,
  parseJson,
} from "../bytes/index.ts";
import type { Action, Grant, Grants, Resource } from "./access-control.ts";
import { matchesPattern, patternFault } from "./pattern.ts";

export const noGrants: Grants = { collections: [], catalog: false, admin: false };

const maxGrants = 100;
const maxPatterns = 100;

export function allows(grants: Grants, resource: Resource): boolean {
  switch (resource.kind) {
    case "collection":
      return allowsCollection(grants.collections, resource.gun, resource.actions);
    case "catalog":
      return grants.catalog;
    case "ping":
      return true;
    case "admin":
      return grants.admin;
  }
}

/** No action asked for is no right to anything. */
export function allowsCollection(grants: readonly Grant[], gun: string, actions: readonly Action[]): boolean {
  const fitting = grants.filter((grant) => grant.collections.some((pattern) => matchesPattern(pattern, gun)));
  const allowed = new Set(fitting.flatMap((grant) => grant.actions));
  return actions.length > 0 && (allowed.has("*") || actions.every((action) => allowed.has(action)));
}

/** The text that storage keeps. */
export function encodeGrants(grants: Grants): string {
  return JSON.stringify({ collections: grants.collections, catalog: grants.catalog, admin: grants.admin });
}

/** @throws request.invalid naming the member that is wrong */
export function decodeGrants(value: JsonValue, path: JsonPath = jsonPath("grants")): Grants {
  const object = onlyMembers(value, path, ["collections", "catalog", "admin"]);
  const read = <T>(name: string, decode: (value: JsonValue, path: JsonPath) => T, otherwise: T): T => {
    const found = Object.hasOwn(object, name) ? object[name] : undefined;
    return found === undefined ? otherwise : decode(found, { parent: path, step: name });
  };
  return {
    collections: read("collections", decodeArray(decodeGrant, maxGrants), []),
    catalog: read("catalog", decodeBoolean, false),
    admin: read("admin", decodeBoolean, false),
  };
}

/** Nobody, when the text does not parse: what cannot be read allows nothing. */
export function parseStoredGrants(text: string): Grants {
  try {
    return decodeGrants(parseJson(encodeUtf8(text), { maxBytes: 1_048_576 }));
  } catch (error) {
    if (isCountersignError(error)) return noGrants;
    throw error;
  }
}

function decodeGrant(value: JsonValue, path: JsonPath): Grant {
  const object = onlyMembers(value, path, ["collections", "actions"]);
  return {
    collections: decodePatterns(object.collections ?? null, { parent: path, step: "collections" }),
    actions: decodeActions(object.actions ?? null, { parent: path, step: "actions" }),
  };
}

export function decodePatterns(value: JsonValue, path: JsonPath): readonly string[] {
  return decodeArray((each, at) => {
    const pattern = decodeString(each, at);
    const fault = patternFault(pattern);
    if (fault !== undefined) throw invalid(at, fault);
    return pattern;
  }, maxPatterns)(value, path);
}

export function decodeActions(value: JsonValue, path: JsonPath): readonly Action[] {
  const actions = decodeArray((each, at): Action => {
    const text = decodeString(each, at);
    if (text === "pull" || text === "push" || text === "*") return text;
    throw invalid(at, "an action is pull, push or *");
  }, 3)(value, path);
  if (actions.length === 0) throw invalid(path, "no action at all");
  return actions;
}

/** The value as an object with no other members than these: a misspelt one would silently mean less, or more, than was meant. */
export function onlyMembers(value: JsonValue, path: JsonPath, names: readonly string[]) {
  const object = decodeObject(value, path);
  for (const name of Object.keys(object)) {
    if (!names.includes(name)) {
      throw invalid({ parent: path, step: name }, `unknown member; known are ${names.join(", ")}`);
    }
  }
  return object;
}

export function invalid(path: JsonPath, what: string): CountersignError {
  return new CountersignError("request.invalid", `${formatPath(path)}: ${what}`);
}
