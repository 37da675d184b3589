// `trust_pinning` of Notary's configuration, as our pins (notary-v1, section 8). Precedence: the exact name in `certs`, the longest
// `certs` prefix ending in `*`, the longest `ca` prefix, then trust on first use unless it is switched off. Anything of another shape is
// refused: a pin that is passed over is trust that nobody granted.
import { isAbsolute, join } from "node:path";
import { CountersignError, type Gun, isJsonObject, type JsonObject, type JsonValue } from "../bytes/index.ts";
import { type Pin, parsePin } from "../updater/index.ts";
import { readAuthorities } from "./pins.ts";

export interface NotaryPinning {
  /** None: nothing is pinned for this collection. */
  readonly pins: readonly Pin[];
  readonly trustOnFirstUse: boolean;
}

/**
 * What a `trust_pinning` object says of a collection; undefined: there is none. Paths are relative to `base`.
 * @throws config.invalid, disk.unreadable, certificate.invalid
 */
export async function notaryPinning(pinning: JsonValue | undefined, gun: Gun, base: string): Promise<NotaryPinning> {
  if (pinning === undefined || pinning === null) return { pins: [], trustOnFirstUse: true };
  if (!isJsonObject(pinning)) throw invalid("it is not an object");
  const disabled = own(pinning, "disable_tofu") ?? false;
  if (typeof disabled !== "boolean") throw invalid("disable_tofu is not true or false");
  const trustOnFirstUse = !disabled;
  const certificates = bestCertificates(section(pinning, "certs"), gun);
  if (certificates !== undefined) return { pins: certificates, trustOnFirstUse: false };
  const authority = bestAuthority(section(pinning, "ca"), gun);
  if (authority === undefined) return { pins: [], trustOnFirstUse };
  const file = isAbsolute(authority) ? authority : join(base, authority);
  return { pins: [await readAuthorities(file)], trustOnFirstUse: false };
}

function bestCertificates(certs: JsonObject, gun: string): readonly Pin[] | undefined {
  const prefixes = Object.keys(certs).filter((name) => name.endsWith("*") && gun.startsWith(name.slice(0, -1)));
  const name = Object.hasOwn(certs, gun) ? gun : longest(prefixes);
  if (name === undefined) return undefined;
  const ids = certs[name];
  if (!Array.isArray(ids)) throw invalid(`certs of ${name} is no list`);
  return ids.map((id: JsonValue) => {
    if (typeof id !== "string" || !/^[0-9a-f]{64}$/.test(id)) throw invalid(`certs of ${name} holds what is no key id`);
    return parsePin(`certificate:${id}`);
  });
}

function bestAuthority(authorities: JsonObject, gun: string): string | undefined {
  const name = longest(Object.keys(authorities).filter((prefix) => gun.startsWith(prefix)));
  if (name === undefined) return undefined;
  const file = authorities[name];
  if (typeof file !== "string" || file === "") throw invalid(`ca of ${name} is no path`);
  return file;
}

function longest(names: readonly string[]): string | undefined {
  return names.reduce<string | undefined>(
    (best, name) => (best === undefined || name.length > best.length ? name : best),
    undefined,
  );
}

function section(pinning: JsonObject, name: string): JsonObject {
  const value = own(pinning, name) ?? {};
  if (isJsonObject(value)) return value;
  throw invalid(`${name} is not an object`);
}

function own(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function invalid(why: string): CountersignError {
  return new CountersignError("config.invalid", `trust_pinning cannot be used: ${why}`, {
    hints: ["mend it: nothing is trusted on the strength of a pin that cannot be read"],
  });
}
