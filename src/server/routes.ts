// Which thing a path names. Collection names hold slashes, so the path is taken apart around `/_trust/`, which no collection
// name can contain; names are parsed by their one parser before anything else sees them (docs/api.md; notary-v1, section 6).
import {
  CountersignError,
  type Gun,
  isCountersignError,
  parseGun,
  parseRoleName,
  type RoleName,
} from "../bytes/index.ts";
import { roleFromTuf1 } from "../dialects/index.ts";
import type { OnlineRole } from "./role-signer.ts";

/** Which document of a role: the current one, one version, or the one with that SHA-256 (hex). */
export type Selector =
  | { readonly by: "current" }
  | { readonly by: "version"; readonly version: number }
  | { readonly by: "hash"; readonly sha256: string };

export type Route =
  | { readonly kind: "ping" }
  | { readonly kind: "health" }
  | { readonly kind: "metrics" }
  | { readonly kind: "token" }
  | { readonly kind: "adminTokens"; readonly id: string | undefined }
  | { readonly kind: "changefeed"; readonly gun: Gun | undefined }
  | { readonly kind: "notaryCollection"; readonly gun: Gun }
  | { readonly kind: "notaryRole"; readonly gun: Gun; readonly role: RoleName; readonly selector: Selector }
  | { readonly kind: "notaryKey"; readonly gun: Gun; readonly role: OnlineRole }
  | { readonly kind: "publish" | "bundle" | "status"; readonly gun: Gun }
  | { readonly kind: "tuf1Metadata"; readonly gun: Gun; readonly role: RoleName; readonly selector: Selector }
  | { readonly kind: "tuf1Target"; readonly gun: Gun; readonly sha256: string }
  | { readonly kind: "badName"; readonly isOurs: boolean; readonly error: CountersignError }
  | { readonly kind: "unknown"; readonly isOurs: boolean };

const unknown: Route = { kind: "unknown", isOurs: false };
const unknownOurs: Route = { kind: "unknown", isOurs: true };
const current: Selector = { by: "current" };

/** What notary-server's router takes for a document; what its own naming rules then refuse is "not found" with a detail, as there. */
const notaryFile =
  /^(?:([0-9]+)\.)?(root|snapshot|timestamp|targets(?:\/[^/\s]+?)*)(?:\.([0-9a-fA-F]{64}|[0-9a-fA-F]{96}|[0-9a-fA-F]{128}))?\.json$/;

/** `pathname` as received, still percent-encoded. */
export function routeOf(pathname: string): Route {
  switch (pathname) {
    case "/v2/":
      return { kind: "ping" };
    case "/_notary_server/health":
      return { kind: "health" };
    case "/metrics":
      return { kind: "metrics" };
    case "/v2/_trust/changefeed":
      return { kind: "changefeed", gun: undefined };
    case "/token":
      return { kind: "token" };
    case "/_countersign/tokens":
      return { kind: "adminTokens", id: undefined };
  }
  const tokenId = /^\/_countersign\/tokens\/([0-9a-f]{16})$/.exec(pathname)?.[1];
  if (tokenId !== undefined) return { kind: "adminTokens", id: tokenId };
  if (pathname.startsWith("/_countersign/")) return unknownOurs;
  const at = pathname.indexOf("/_trust/");
  if (!pathname.startsWith("/v2/") || at <= 3) return unknown;
  const rest = pathname.slice(at + "/_trust/".length);
  const isOurs = /^(?:publish$|bundle$|status$|tuf1\/)/.test(rest);
  if (!isOurs && !rest.startsWith("tuf/") && rest !== "changefeed") return unknown;
  try {
    const name = decode(pathname.slice("/v2/".length, at));
    // notary-server's routes take any name without a star.
    if (!isOurs && name.includes("*")) return unknown;
    const gun = parseGun(name);
    return isOurs ? ourRoute(gun, rest) : notaryRoute(gun, rest);
  } catch (error) {
    if (!isCountersignError(error)) throw error;
    return { kind: "badName", isOurs, error };
  }
}

function ourRoute(gun: Gun, rest: string): Route {
  if (rest === "publish" || rest === "bundle" || rest === "status") return { kind: rest, gun };
  if (rest.startsWith("tuf1/metadata/")) return tuf1Metadata(gun, rest.slice("tuf1/metadata/".length));
  if (rest.startsWith("tuf1/targets/")) {
    const path = rest.slice("tuf1/targets/".length);
    // Everybody puts the hash before the path's last part (TUF 1.0.34, 5.7.3), tough before the whole of it.
    const sha256 = (/(?:^|\/)([0-9a-f]{64})\.[^/]+$/.exec(path) ?? /^([0-9a-f]{64})\.[^/]+\/./.exec(path))?.[1];
    return sha256 === undefined ? unknownOurs : { kind: "tuf1Target", gun, sha256 };
  }
  return unknownOurs;
}

/** `N.ROLE.json` or `ROLE.json`, ROLE percent-encoded into one segment (TUF 1.0.34, section 7). */
function tuf1Metadata(gun: Gun, file: string): Route {
  const match = /^(?:([1-9][0-9]{0,15})\.)?([^/]+)\.json$/.exec(file);
  const [, version, name] = match ?? [];
  if (name === undefined) return unknownOurs;
  const role = roleFromTuf1(decode(name));
  return { kind: "tuf1Metadata", gun, role, selector: version === undefined ? current : byVersion(version) };
}

function notaryRoute(gun: Gun, rest: string): Route {
  if (rest === "changefeed") return { kind: "changefeed", gun };
  const file = decode(rest.slice("tuf/".length));
  if (file === "") return { kind: "notaryCollection", gun };
  const key = /^(snapshot|timestamp)\.key$/.exec(file)?.[1];
  if (key === "snapshot" || key === "timestamp") return { kind: "notaryKey", gun, role: key };
  const [, version, name, hash] = notaryFile.exec(file) ?? [];
  if (name === undefined || (version !== undefined && hash !== undefined)) return unknown;
  const role = parseRoleName(name);
  if (hash !== undefined) return { kind: "notaryRole", gun, role, selector: { by: "hash", sha256: hash } };
  if (version === undefined) return { kind: "notaryRole", gun, role, selector: current };
  // One document, one name: 01.root.json is nobody's (and 0.root.json was any version at all on notary-server).
  if (!/^[1-9][0-9]{0,15}$/.test(version)) throw notServed(file);
  return { kind: "notaryRole", gun, role, selector: byVersion(version) };
}

function notServed(file: string): CountersignError {
  return new CountersignError("metadata.missing", `no document has the name ${JSON.stringify(file.slice(0, 80))}`);
}

function byVersion(digits: string): Selector {
  return { by: "version", version: Number(digits) };
}

/** Once; what is still encoded then is refused by the name parsers. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new CountersignError("request.invalid", "the path is not valid percent-encoding", { cause });
  }
}
