// config.json: which trust server holds which collections, and the CA that signed its certificate. Written by hand or by
// `init`; unknown members are refused, since a misspelt setting that is ignored is a setting that is silently off.
import { type Gun, isJsonObject, type JsonValue } from "../bytes/index.ts";
import { invalidFile, member, readJsonFile, stringMember } from "./json-file.ts";
import { findByName, parseNamePattern } from "./name-patterns.ts";

export interface ServerSetting {
  /** https://host[:port], or http:// on loopback. */
  readonly url: string;
  /** PEM file of the CA for this server; undefined = the system's. */
  readonly tlsCa: string | undefined;
}

export interface Settings {
  /** For collections that no entry of `servers` names. */
  readonly server: ServerSetting | undefined;
  readonly servers: readonly (ServerSetting & { readonly name: string })[];
  /** Who signs, as written into each signed target; undefined = the user's name on this machine. */
  readonly publisher: string | undefined;
}

/** @throws config.invalid, disk.unreadable */
export async function readSettings(path: string): Promise<Settings> {
  const file = await readJsonFile(path);
  if (file === undefined) return { server: undefined, servers: [], publisher: undefined };
  refuseUnknown(path, Object.keys(file), ["server", "tlsCa", "servers", "publisher"]);
  const url = stringMember(file, "server");
  const server = url === undefined ? undefined : { url, tlsCa: stringMember(file, "tlsCa") };
  const listed = member(file, "servers") ?? [];
  if (!Array.isArray(listed)) throw invalidFile(path, '"servers" is not a list');
  const servers = listed.map((entry: JsonValue, index) => readServer(path, entry, index));
  return { server, servers, publisher: stringMember(file, "publisher") };
}

/** The server set for this collection: its own entry, the longest prefix, or the default; the default when no collection is meant. */
export function serverFor(settings: Settings, gun: Gun | undefined): ServerSetting | undefined {
  return (gun === undefined ? undefined : findByName(settings.servers, gun)) ?? settings.server;
}

function readServer(path: string, entry: JsonValue, index: number): ServerSetting & { readonly name: string } {
  const where = `servers[${index}]`;
  if (!isJsonObject(entry)) throw invalidFile(path, `${where} is not an object`);
  refuseUnknown(path, Object.keys(entry), ["name", "url", "tlsCa"]);
  const name = stringMember(entry, "name");
  const url = stringMember(entry, "url");
  if (name === undefined || url === undefined) throw invalidFile(path, `${where} needs a name and a url`);
  return { name: parseNamePattern(name), url, tlsCa: stringMember(entry, "tlsCa") };
}

function refuseUnknown(path: string, names: readonly string[], known: readonly string[]): void {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw invalidFile(
      path,
      `it has an unknown member ${JSON.stringify(unknown.slice(0, 40))}; known are ${known.join(", ")}`,
    );
  }
}
