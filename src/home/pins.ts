// Pins: which root keys a reader trusts for a collection before the first contact (trust.json). A pin is a canonical key id, or
// the id of a Notary root certificate. Adding to a name that has pins is refused unless the caller says replace: a pin is a decision.
import { CountersignError, type Gun, type JsonValue } from "../bytes/index.ts";
import { invalidFile, isObject, member, readJsonFile, stringMember, writeJsonFile } from "./json-file.ts";
import { withLock } from "./lock.ts";
import { findByName, parseNamePattern } from "./name-patterns.ts";

export interface PinEntry {
  /** A collection's name, or a prefix ending in `/*`. */
  readonly name: string;
  /** Canonical key ids or Notary certificate ids, lower-case hex; at least one. */
  readonly keys: readonly string[];
  /** RFC 3339. */
  readonly added: string;
  readonly note: string | undefined;
}

export interface PinStore {
  /** Every entry, sorted by name. @throws config.invalid, disk.unreadable */
  list(): Promise<readonly PinEntry[]>;
  /** The entry that speaks for this collection: its own, or the longest prefix. */
  find(gun: Gun): Promise<PinEntry | undefined>;
  /** @throws pin.exists unless `replace` (the same keys again are no error), gun.invalid, name.invalid, disk.* */
  add(entry: PinEntry, options?: { readonly replace?: boolean }): Promise<void>;
  /** Whether there was one of exactly this name. */
  remove(name: string): Promise<boolean>;
}

/** A pin as people type it: 64 hex digits, also in groups with spaces or colons. @throws name.invalid */
export function parsePinId(text: string): string {
  const id = text.replace(/^(?:sha256:)/, "").replace(/[\s:-]/g, "").toLowerCase();
  if (/^[0-9a-f]{64}$/.test(id)) return id;
  throw new CountersignError("name.invalid", `not a key id: ${JSON.stringify(text.slice(0, 100))}`, {
    hints: ["a key id is 64 hex digits; `countersign inspect GUN` and `countersign key list` show them"],
  });
}

export function openPinStore(path: string): PinStore {
  const change = <T>(work: () => Promise<T>): Promise<T> => withLock(`${path}.lock`, work);
  return {
    list: () => readPins(path),
    async find(gun) {
      return findByName(await readPins(path), gun);
    },
    async add(entry, options = {}) {
      const checked = { ...entry, name: parseNamePattern(entry.name), keys: entry.keys.map(parsePinId) };
      await change(async () => {
        const entries = await readPins(path);
        const present = entries.find((other) => other.name === checked.name);
        if (present !== undefined && sameKeys(present, checked)) return;
        if (present !== undefined && options.replace !== true) throw pinExists(present);
        await writePins(path, [...entries.filter((other) => other.name !== checked.name), checked]);
      });
    },
    remove: (name) =>
      change(async () => {
        const entries = await readPins(path);
        const kept = entries.filter((entry) => entry.name !== name);
        if (kept.length === entries.length) return false;
        await writePins(path, kept);
        return true;
      }),
  };
}

function pinExists(present: PinEntry): CountersignError {
  return new CountersignError("pin.exists", `${present.name} is already pinned, to ${present.keys.join(", ")}`, {
    hints: [
      "make sure that the new key is the right one: ask the publisher over another channel",
      "then replace the pin with: countersign trust add --replace",
    ],
  });
}

function sameKeys(a: PinEntry, b: PinEntry): boolean {
  return [...a.keys].sort().join() === [...b.keys].sort().join();
}

async function readPins(path: string): Promise<readonly PinEntry[]> {
  const file = await readJsonFile(path);
  if (file === undefined) return [];
  const pins = member(file, "pins");
  if (member(file, "version") !== 1 || !Array.isArray(pins)) {
    throw invalidFile(path, 'it has no "version": 1 and "pins": [...]');
  }
  return pins.map((pin: JsonValue, index) => readPin(path, pin, index));
}

/** A damaged pin stops the work: skipping it could silently let a shorter prefix decide. */
function readPin(path: string, pin: JsonValue, index: number): PinEntry {
  const where = `pins[${index}]`;
  if (!isObject(pin)) throw invalidFile(path, `${where} is not an object`);
  const name = stringMember(pin, "name");
  const keys = member(pin, "keys");
  if (name === undefined || !Array.isArray(keys) || keys.length === 0) {
    throw invalidFile(path, `${where} needs a name and at least one key`);
  }
  const ids = keys.map((key: JsonValue) => {
    if (typeof key !== "string") throw invalidFile(path, `${where} holds a key that is not a string`);
    return parsePinId(key);
  });
  const added = stringMember(pin, "added") ?? "";
  return { name: parseNamePattern(name), keys: ids, added, note: stringMember(pin, "note") };
}

async function writePins(path: string, entries: readonly PinEntry[]): Promise<void> {
  const sorted = [...entries].sort((a, b) => (a.name < b.name ? -1 : 1));
  const pins = sorted.map(({ name, keys, added, note }) => ({ name, keys, added, ...(note === undefined ? {} : { note }) }));
  await writeJsonFile(path, { version: 1, pins });
}
