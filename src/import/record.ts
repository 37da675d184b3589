// record.json: what is said about a bundle of evidence. It is a note, not a proof: nothing in it is signed. A check that rests on the
// pins of the record shows that nothing was changed since by somebody without the keys; a check with pins from elsewhere needs no record.
import { CountersignError, type Gun, isJsonObject, type JsonObject, type JsonValue, parseGun } from "../bytes/index.ts";
import { type Anchor, formatPin, type Pin, parsePin } from "../updater/index.ts";

/** What vouched for the first root of the evidence. */
export type AnchorKind = "pinned" | "cachedRoot" | "firstUse";

export interface Destination {
  /** `carriedOn`: the chain goes on there; `startedAnew`: under a root of its own, which states where it is from. */
  readonly kind: "carriedOn" | "startedAnew";
  readonly server: string;
  /** RFC 3339. */
  readonly at: string;
}

export interface EvidenceRecord {
  readonly gun: Gun;
  /** A server's address, or a directory. */
  readonly source: string;
  /** RFC 3339: when it was read. */
  readonly takenAt: string;
  /** RFC 3339: the moment it is judged at; before `takenAt` where something had expired. */
  readonly judgedAt: string;
  readonly anchor: AnchorKind;
  /** Key pins: those that vouched, or the root keys that were seen. */
  readonly pins: readonly Pin[];
  /** Hex SHA-256 of the bundle. */
  readonly evidence: string;
  readonly firstRoot: number;
  readonly lastRoot: number;
  readonly tags: number;
  readonly destination: Destination | undefined;
}

/** Pins that can be written down: key ids and certificate ids; of an authority only what it vouched for can be held to later. */
export function lastingPins(anchor: Anchor, seen: readonly Pin[]): readonly Pin[] {
  const pins = anchor.kind === "pinned" ? anchor.pins.filter(({ kind }) => kind !== "authority") : [];
  return pins.length > 0 ? pins : seen;
}

export function encodeRecord(record: EvidenceRecord): JsonObject {
  const { destination, pins, ...rest } = record;
  const more: JsonObject = destination === undefined ? {} : { destination: { ...destination } };
  return { import: 1, ...rest, pins: pins.map(formatPin), ...more };
}

/** @throws config.invalid */
export function decodeRecord(value: JsonObject, path: string): EvidenceRecord {
  const wrong = (what: string): never => {
    throw new CountersignError("config.invalid", `${path} cannot be used: ${what}`, {
      hints: ["move that folder away and import the collection again"],
    });
  };
  const own = (object: JsonObject, name: string): JsonValue | undefined =>
    Object.hasOwn(object, name) ? object[name] : undefined;
  const text = (name: string, object = value): string => {
    const found = own(object, name);
    return typeof found === "string" ? found : wrong(`${name} is no text`);
  };
  const count = (name: string): number => {
    const found = own(value, name);
    return typeof found === "number" && Number.isSafeInteger(found) && found >= 0
      ? found
      : wrong(`${name} is no count`);
  };
  const date = (name: string, object = value): string => {
    const found = text(name, object);
    return Number.isNaN(Date.parse(found)) ? wrong(`${name} is no date`) : found;
  };
  if (own(value, "import") !== 1) return wrong("it is of another format");
  const evidence = text("evidence");
  if (!/^[0-9a-f]{64}$/.test(evidence)) return wrong("evidence is no SHA-256");
  const anchor = text("anchor");
  if (anchor !== "pinned" && anchor !== "cachedRoot" && anchor !== "firstUse") return wrong("its anchor is unknown");
  const pins = own(value, "pins");
  if (!Array.isArray(pins)) return wrong("pins is no list");
  const destination = own(value, "destination");
  return {
    gun: parseGun(text("gun")),
    source: text("source"),
    takenAt: date("takenAt"),
    judgedAt: date("judgedAt"),
    anchor,
    pins: pins.map((pin: JsonValue) => (typeof pin === "string" ? parsePin(pin) : wrong("a pin is no text"))),
    evidence,
    firstRoot: count("firstRoot"),
    lastRoot: count("lastRoot"),
    tags: count("tags"),
    destination: destination === undefined ? undefined : decodeDestination(destination),
  };

  function decodeDestination(found: JsonValue): Destination {
    if (!isJsonObject(found)) return wrong("destination is no object");
    const kind = text("kind", found);
    if (kind !== "carriedOn" && kind !== "startedAnew") return wrong("its destination is unknown");
    return { kind, server: text("server", found), at: date("at", found) };
  }
}
