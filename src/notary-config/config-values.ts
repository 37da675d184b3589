// The values of one Notary configuration file with its environment overrides, looked up as viper does: names in any case, nested or
// written with dots, null is absent, an environment variable that is set and not empty wins, numbers and strings are interchangeable.
// It remembers what was asked for, so that what nobody asked for can be told to the operator (notary-v1, section 12).
import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { CountersignError, isCountersignError, isJsonObject, type JsonValue, parseJson } from "../bytes/index.ts";
import type { IgnoredSetting, TakenSetting } from "./settings.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

const maxFileBytes = 1024 * 1024;
const maxShownLength = 200;

interface Found {
  readonly value: JsonValue;
  readonly from: string;
}

export class ConfigValues {
  /** Absolute. */
  readonly path: string;
  readonly #prefix: string;
  readonly #env: Environment;
  readonly #values: ReadonlyMap<string, JsonValue>;
  readonly #asked = new Set<string>();
  readonly #taken: TakenSetting[] = [];
  readonly #ignored: IgnoredSetting[] = [];

  /** @throws config.invalid, disk.unreadable */
  constructor(path: string, prefix: "NOTARY_SERVER" | "NOTARY_SIGNER", env: Environment) {
    this.path = resolve(path);
    this.#prefix = prefix;
    this.#env = env;
    this.#values = flatten(this.path, readObject(this.path));
  }

  /** The variable that overrides a key: `NOTARY_SERVER_STORAGE_DB_URL` for `storage.db_url`. */
  variable(key: string): string {
    return `${this.#prefix}_${key.toUpperCase().replaceAll(".", "_")}`;
  }

  /** undefined: neither in the file nor in the environment, or empty. @throws config.invalid for a list or an object */
  text(key: string): string | undefined {
    const found = this.#find(key);
    if (found === undefined) return undefined;
    const { value } = found;
    if (typeof value === "object") throw this.invalid(key, `expected text, got ${value === null ? "null" : "a list"}`);
    return String(value) === "" ? undefined : String(value);
  }

  /** @throws config.invalid */
  requiredText(key: string, expected: string): string {
    const text = this.text(key);
    if (text === undefined) throw this.invalid(key, `it is missing; expected ${expected}`);
    return text;
  }

  /** A path, absolute; relative ones start at the configuration file. */
  filePath(key: string): string | undefined {
    const text = this.text(key);
    return text === undefined ? undefined : resolve(dirname(this.path), text);
  }

  /** A list, or words with spaces between them as an environment variable has to write it. */
  list(key: string): readonly string[] {
    const found = this.#find(key);
    if (found === undefined) return [];
    if (!Array.isArray(found.value)) return (this.text(key) ?? "").split(/\s+/).filter((word) => word !== "");
    return found.value.map((item: JsonValue) => {
      if (typeof item !== "string") throw this.invalid(key, "expected a list of texts");
      return item;
    });
  }

  /** True where the file has a text, number or list in the place of an object of settings. */
  isValueForObject(key: string): boolean {
    return this.#values.has(key);
  }

  /** Where a value was found: "file" or the variable's name. */
  source(key: string): string {
    return this.#find(key)?.from ?? "file";
  }

  /** Says what became of a key that is set; nothing when it is not. `shown` replaces a value that may hold a secret. */
  took(key: string, as: string, shown?: string): void {
    const found = this.#find(key);
    if (found === undefined || found.value === "") return;
    const value = shown ?? (typeof found.value === "string" ? found.value : JSON.stringify(found.value));
    this.#taken.push({ key, value: value.slice(0, maxShownLength), as, from: found.from });
  }

  /** Says why a key that is set has no effect; nothing when it is not. */
  ignores(key: string, why: string): void {
    if (this.#find(key) !== undefined) this.#ignored.push({ key, why });
  }

  /** Something the environment holds that is no key, such as a passphrase. */
  tookVariable(name: string, as: string): void {
    this.#asked.add(name);
    this.#taken.push({ key: name, value: "(secret)", as, from: name });
  }

  /** The error for a key; the value itself is not repeated, it may be a secret. @param expected what should have stood there */
  invalid(key: string, expected: string): CountersignError {
    const from = this.source(key);
    const where = from === "file" ? `${this.path}: ${key}` : `environment variable ${from}`;
    return new CountersignError("config.invalid", `${where}: ${expected}`, {
      hints: [`set ${key} in the file, or ${this.variable(key)}`],
    });
  }

  /** Variables of this program that are not empty and that nothing has asked for, sorted. */
  unknownVariables(): readonly string[] {
    const isUnknown = (name: string) =>
      name.startsWith(`${this.#prefix}_`) && !this.#asked.has(name) && this.#env[name] !== "";
    return Object.keys(this.#env).filter(isUnknown).sort();
  }

  report(): { readonly taken: readonly TakenSetting[]; readonly ignored: readonly IgnoredSetting[] } {
    const unknownKeys = [...this.#values.keys()]
      .filter((key) => !this.#asked.has(key))
      .map((key) => ({
        key: key.slice(0, maxShownLength),
        why: [...this.#asked].some((known) => known.startsWith(`${key}.`))
          ? "an object is expected here, with settings in it"
          : "no setting of that name is known",
      }));
    const unknownVariables = this.unknownVariables().map((name) => ({
      key: name.slice(0, maxShownLength),
      why: "this environment variable names no known setting",
    }));
    return { taken: this.#taken, ignored: [...this.#ignored, ...unknownKeys, ...unknownVariables] };
  }

  #find(key: string): Found | undefined {
    const variable = this.variable(key);
    this.#asked.add(key).add(variable);
    const override = Object.hasOwn(this.#env, variable) ? this.#env[variable] : undefined;
    if (override !== undefined && override !== "") return { value: override, from: variable };
    const value = this.#values.get(key);
    if (value !== undefined) return { value, from: "file" };
    if ([...this.#values.keys()].some((other) => other.startsWith(`${key}.`))) {
      throw new CountersignError("config.invalid", `${this.path}: ${key}: expected a value, got an object`);
    }
    return undefined;
  }
}

function readObject(path: string): JsonValue {
  if (!path.toLowerCase().endsWith(".json")) {
    throw new CountersignError("config.invalid", `${path} is not a .json file`, {
      hints: ["Notary's YAML and TOML forms are not read: write the same members as JSON"],
    });
  }
  let bytes: Uint8Array;
  try {
    if (statSync(path).size > maxFileBytes) throw new CountersignError("config.invalid", `${path} is over 1 MiB`);
    bytes = readFileSync(path);
  } catch (cause) {
    if (isCountersignError(cause)) throw cause;
    throw new CountersignError("disk.unreadable", `the configuration ${path} cannot be read`, { cause });
  }
  try {
    return parseJson(bytes, { maxBytes: maxFileBytes });
  } catch (cause) {
    if (!isCountersignError(cause)) throw cause;
    throw new CountersignError("config.invalid", `${path} is not JSON: ${cause.message}`, { cause });
  }
}

/** `{"server": {"http_addr": x}}` and `{"server.http_addr": x}` are the same to viper, and so are capitals. */
function flatten(path: string, root: JsonValue): ReadonlyMap<string, JsonValue> {
  if (!isJsonObject(root)) throw new CountersignError("config.invalid", `${path}: expected one JSON object`);
  const values = new Map<string, JsonValue>();
  const visit = (value: JsonValue, key: string) => {
    if (value === null) return;
    if (isJsonObject(value)) {
      for (const [name, member] of Object.entries(value)) {
        visit(member, `${key === "" ? "" : `${key}.`}${name.toLowerCase()}`);
      }
      return;
    }
    if (values.has(key)) {
      throw new CountersignError("config.invalid", `${path}: ${key.slice(0, maxShownLength)}: it is given twice`);
    }
    values.set(key, value);
  };
  visit(root, "");
  return values;
}
