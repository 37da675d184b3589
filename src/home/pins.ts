// Pins: which root keys a reader trusts for a collection before the first contact (trust.json). A pin is a canonical key id, the id
// of a Notary root certificate, or a file of certificate authorities whose root certificates count. Adding to a name that has pins is refused unless the caller says replace: a pin is a decision.
import { CountersignError, decodeUtf8, type Gun, isJsonObject, type JsonValue } from "../bytes/index.ts";
import { parseCertificates } from "../keys/index.ts";
import { type AuthorityPin, formatPin, type Pin, parsePin } from "../updater/index.ts";
import { readSmallFile } from "./files.ts";
import { invalidFile, member, readJsonFile, stringMember, writeJsonFile } from "./json-file.ts";
import { withLock } from "./lock.ts";
import { findByName, parseNamePattern } from "./name-patterns.ts";

export interface PinEntry {
  /** A collection's name, or a prefix ending in `/*`. */
  readonly name: string;
  /** At least one. */
  readonly pins: readonly Pin[];
  /** RFC 3339. */
  readonly added: string;
  readonly note: string | undefined;
}

export interface PinStore {
  /** Every entry, sorted by name. @throws config.invalid, disk.unreadable */
  list(): Promise<readonly PinEntry[]>;
  /** The entry that speaks for this collection: its own, or the longest prefix. */
  find(gun: Gun): Promise<PinEntry | undefined>;
  /** @throws pin.exists unless `replace` (the same keys again are no error), gun.invalid, disk.* */
  add(entry: PinEntry, options?: { readonly replace?: boolean }): Promise<void>;
  /** Whether there was one of exactly this name. */
  remove(name: string): Promise<boolean>;
}

const maxAuthorityBytes = 256 * 1024;

/** A pin as people type it: as parsePin takes it, the digits also in capitals or in groups with spaces, dashes or colons. @throws usage.invalid */
export function parsePinText(text: string): Pin {
  const [, prefix = "", digits = ""] = /^((?:key|certificate):)?(.*)$/s.exec(text.trim()) ?? [];
  const compact = digits.replace(/[\s:-]/g, "").toLowerCase();
  return parsePin(/^[0-9a-f]{64}$/.test(compact) ? `${prefix}${compact}` : text);
}

export function openPinStore(path: string): PinStore {
  const change = <T>(work: () => Promise<T>): Promise<T> => withLock(`${path}.lock`, work);
  return {
    list: () => readPins(path),
    async find(gun) {
      return findByName(await readPins(path), gun);
    },
    async add(entry, options = {}) {
      const checked = { ...entry, name: parseNamePattern(entry.name) };
      await change(async () => {
        const entries = await readPins(path);
        const present = entries.find((other) => other.name === checked.name);
        if (present !== undefined && samePins(present, checked)) return;
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
  return new CountersignError(
    "pin.exists",
    `${present.name} is already pinned, to ${present.pins.map(formatPin).join(", ")}`,
    {
      hints: [
        "make sure that the new key is the right one: ask the publisher over another channel",
        "then replace the pin with: countersign trust add --replace",
      ],
    },
  );
}

function samePins(a: PinEntry, b: PinEntry): boolean {
  return a.pins.map(formatPin).sort().join() === b.pins.map(formatPin).sort().join();
}

async function readPins(path: string): Promise<readonly PinEntry[]> {
  const file = await readJsonFile(path);
  if (file === undefined) return [];
  const pins = member(file, "pins");
  if (member(file, "version") !== 1 || !Array.isArray(pins)) {
    throw invalidFile(path, 'it has no "version": 1 and "pins": [...]');
  }
  return Promise.all(pins.map((pin: JsonValue, index) => readPin(path, pin, index)));
}

/** A damaged pin stops the work: skipping it could silently let a shorter prefix decide. */
async function readPin(path: string, pin: JsonValue, index: number): Promise<PinEntry> {
  const where = `pins[${index}]`;
  if (!isJsonObject(pin)) throw invalidFile(path, `${where} is not an object`);
  const name = stringMember(pin, "name");
  const keys = member(pin, "keys");
  const authorities = member(pin, "authorities") ?? [];
  const isNone = !Array.isArray(keys) || !Array.isArray(authorities) || keys.length + authorities.length === 0;
  if (name === undefined || isNone) throw invalidFile(path, `${where} needs a name and at least one key or authority`);
  const parsed = keys.map((key: JsonValue) => {
    if (typeof key !== "string") throw invalidFile(path, `${where} holds a key that is not a string`);
    return parsePin(key);
  });
  const files = authorities.map((file: JsonValue) => {
    if (typeof file !== "string") throw invalidFile(path, `${where} holds an authority that is no path`);
    return readAuthorities(file);
  });
  const added = stringMember(pin, "added") ?? "";
  const note = stringMember(pin, "note");
  return { name: parseNamePattern(name), pins: [...parsed, ...(await Promise.all(files))], added, note };
}

/** A PEM file of certificate authorities as a pin. @throws disk.unreadable, certificate.invalid */
export async function readAuthorities(file: string): Promise<AuthorityPin> {
  const bytes = await readSmallFile(file, { maxBytes: maxAuthorityBytes });
  if (bytes === undefined) {
    throw new CountersignError(
      "disk.unreadable",
      `there is no file ${file}, which is pinned as a certificate authority`,
    );
  }
  return { kind: "authority", certificates: parseCertificates(decodeUtf8(bytes)), origin: file };
}

async function writePins(path: string, entries: readonly PinEntry[]): Promise<void> {
  const sorted = [...entries].sort((a, b) => (a.name < b.name ? -1 : 1));
  const written = sorted.map(({ name, pins, added, note }) => {
    const keys = pins.filter(({ kind }) => kind !== "authority").map(formatPin);
    const authorities = pins.flatMap((pin) => (pin.kind === "authority" ? [pin.origin] : []));
    const more = authorities.length === 0 ? {} : { authorities };
    return { name, keys, ...more, added, ...(note === undefined ? {} : { note }) };
  });
  await writeJsonFile(path, { version: 1, pins: written });
}
