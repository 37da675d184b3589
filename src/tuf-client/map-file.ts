// map.json of TAP 4: which repositories have to agree on which paths. Names in it become directories of trusted state, so they are
// encoded as such and never joined as they are; a mapping that names an unknown repository would silently never agree, and is refused.
import {
  CountersignError,
  decodeArray,
  decodeBoolean,
  decodeInteger,
  decodeMap,
  decodeMember,
  decodeObject,
  decodeOptionalMember,
  decodeString,
  invalidAt,
  isCountersignError,
  type JsonPath,
  type JsonValue,
  jsonPath,
  parseJson,
} from "../bytes/index.ts";

export interface TufMapping {
  /** Shell patterns, as those of delegations. */
  readonly paths: readonly string[];
  readonly repositories: readonly string[];
  /** The mappings after it are not asked when this one matches the path. */
  readonly terminating: boolean;
  /** So many repositories must say the same of a target. */
  readonly threshold: number;
}

export interface TufMap {
  /** Base addresses by name, in order of preference; `metadata/` and `targets/` are below each. */
  readonly repositories: ReadonlyMap<string, readonly string[]>;
  readonly mapping: readonly TufMapping[];
}

/** Far more than anybody writes by hand. */
export const maxTufMapBytes = 1024 * 1024;
const decodeStrings = decodeArray(decodeString, 1000);

/** @throws config.invalid */
export function parseTufMap(bytes: Uint8Array): TufMap {
  try {
    const path = jsonPath("map");
    const object = decodeObject(parseJson(bytes, { maxBytes: maxTufMapBytes }), path);
    const repositories = decodeMember(object, "repositories", decodeMap(decodeUrls, 1000), path);
    const mapping = decodeMember(object, "mapping", decodeArray(decodeMapping, 10_000), path);
    for (const [index, { repositories: named }] of mapping.entries()) {
      const unknown = named.find((name) => !repositories.has(name));
      if (unknown === undefined) continue;
      const at = { parent: { parent: path, step: "mapping" }, step: index };
      throw invalidAt(at, `no repository is called ${JSON.stringify(unknown.slice(0, 80))}`);
    }
    return { repositories, mapping };
  } catch (cause) {
    if (!isCountersignError(cause)) throw cause;
    throw new CountersignError("config.invalid", `the map of repositories cannot be used: ${cause.message}`, { cause });
  }
}

function decodeUrls(value: JsonValue, path: JsonPath, name: string): readonly string[] {
  const urls = decodeStrings(value, path);
  if (name === "") throw invalidAt(path, "a repository needs a name");
  if (urls.length === 0) throw invalidAt(path, "a repository needs an address");
  return urls;
}

function decodeMapping(value: JsonValue, path: JsonPath): TufMapping {
  const object = decodeObject(value, path);
  const repositories = decodeMember(object, "repositories", decodeStrings, path);
  if (new Set(repositories).size !== repositories.length) throw invalidAt(path, "a repository stands there twice");
  const threshold = decodeMember(object, "threshold", decodeInteger(1), path);
  if (threshold > repositories.length) {
    throw invalidAt(path, `${repositories.length} repositories can never reach the threshold of ${threshold}`);
  }
  return {
    paths: decodeMember(object, "paths", decodeStrings, path),
    repositories,
    terminating: decodeOptionalMember(object, "terminating", decodeBoolean, path) ?? false,
    threshold,
  };
}
