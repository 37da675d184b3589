// Where Notary's client gets its settings: flags, then its configuration file (~/.notary/config.json unless told), then defaults.
// Paths in the file are relative to it, those of flags and trust_dir to the working directory, as with Notary (notary-v1, section 13). Anything that would be passed
// over is refused: a trust_pinning that is misread is trust that nobody granted.
import { dirname, isAbsolute, join, resolve } from "node:path";
import {
  CountersignError,
  isCountersignError,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseJson,
} from "../../bytes/index.ts";
import { readSmallFile } from "../../home/index.ts";
import { type NotaryFlags, NotaryUsage } from "./command-line.ts";

export interface NotarySettings {
  readonly trustDirectory: string;
  readonly serverUrl: string;
  readonly tlsCa: string | undefined;
  readonly tlsCertificate: string | undefined;
  readonly tlsKey: string | undefined;
  readonly skipsTlsVerification: boolean;
  readonly trustPinning: JsonValue | undefined;
  /** What paths in trust_pinning are relative to. */
  readonly base: string;
}

const maxConfigBytes = 1024 * 1024;
const defaultServer = "https://notary-server:4443";

/** @throws NotaryUsage, disk.unreadable */
export async function readNotarySettings(flags: NotaryFlags, home: string): Promise<NotarySettings> {
  const named = flags.value("configFile");
  const path = resolve(expanded(named ?? join(home, ".notary", "config.json"), home));
  const config = await readConfig(path, named);
  const base = dirname(path);
  const remote = objectMember(config, "remote_server");
  const flagPath = (name: string): string | undefined => {
    const value = flags.value(name);
    return value === undefined || value === "" ? undefined : resolve(expanded(value, home));
  };
  const filePath = (name: string): string | undefined => {
    const value = stringMember(remote, name);
    return value === undefined ? undefined : relativeTo(base, expanded(value, home));
  };
  const trustDirectory = flags.value("trustDir") || stringMember(config, "trust_dir") || join(home, ".notary");
  return {
    trustDirectory: resolve(expanded(trustDirectory, home)),
    serverUrl: flags.value("server") || stringMember(remote, "url") || defaultServer,
    tlsCa: flagPath("tlscacert") ?? filePath("root_ca"),
    tlsCertificate: flagPath("tlscert") ?? filePath("tls_client_cert"),
    tlsKey: flagPath("tlskey") ?? filePath("tls_client_key"),
    skipsTlsVerification: booleanMember(remote, "skipTLSVerify"),
    trustPinning: member(config, "trust_pinning"),
    base,
  };
}

/** An address for people: never with the name and password that somebody wrote into it. */
export function withoutLogin(address: string): string {
  return address.replace(/^([a-z+.-]+:\/\/)?.*@/is, "$1");
}

async function readConfig(path: string, named: string | undefined): Promise<JsonObject> {
  const bytes = await readSmallFile(path, { maxBytes: maxConfigBytes });
  if (bytes === undefined) {
    if (named === undefined) return {};
    throw new NotaryUsage(`error opening config file: open ${named}: no such file or directory`);
  }
  try {
    const value = parseJson(bytes, { numbers: "integral" });
    if (isJsonObject(value)) return value;
  } catch (error) {
    if (!isCountersignError(error)) throw error;
    throw new NotaryUsage(`error opening config file: While parsing config: ${error.message}`);
  }
  throw new NotaryUsage("error opening config file: While parsing config: it is no JSON object");
}

/** Notary takes the names of settings in any case. */
function member(object: JsonObject, name: string): JsonValue | undefined {
  const found = Object.entries(object).find(([key]) => key.toLowerCase() === name.toLowerCase());
  return found?.[1];
}

function objectMember(object: JsonObject, name: string): JsonObject {
  const value = member(object, name) ?? {};
  if (isJsonObject(value)) return value;
  throw wrong(name, "an object");
}

function stringMember(object: JsonObject, name: string): string | undefined {
  const value = member(object, name) ?? "";
  if (typeof value !== "string") throw wrong(name, "a text");
  return value === "" ? undefined : value;
}

function booleanMember(object: JsonObject, name: string): boolean {
  const value = member(object, name) ?? false;
  if (typeof value === "boolean") return value;
  if (value === "true" || value === "false") return value === "true";
  throw wrong(name, "true or false");
}

function wrong(name: string, what: string): CountersignError {
  return new CountersignError("config.invalid", `${name} in Notary's configuration file is not ${what}`, {
    hints: ["mend the file, or name another one with -c"],
  });
}

function relativeTo(base: string, path: string): string {
  return isAbsolute(path) ? path : join(base, path);
}

function expanded(path: string, home: string): string {
  return path === "~" || path.startsWith("~/") ? join(home, path.slice(1)) : path;
}
