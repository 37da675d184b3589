// Addresses on a trust server. Rule: the slashes of a collection name and of a Notary delegation are path separators, and
// everything else is percent-encoded exactly once, so that no name can reach another route (docs/api.md; notary-v1, section 6).
import { CountersignError, digestParts, encodeHex, type Gun, type RoleName } from "../bytes/index.ts";
import type { Wanted } from "../updater/index.ts";

export interface TrustUrls {
  /** `/v2/` */
  readonly ping: URL;
  /** Below `/v2/<gun>/_trust/`; `path` is encoded already. */
  readonly trust: (path: string) => URL;
}

/** @throws usage.invalid when `server` is no http(s) address or has a query */
export function trustUrls(server: URL, gun: Gun): TrustUrls {
  if (!/^https?:$/.test(server.protocol) || server.search !== "" || server.hash !== "") {
    throw new CountersignError(
      "usage.invalid",
      `not the address of a trust server: ${server.origin}${server.pathname}`,
      {
        hints: ["it looks like https://trust.example.com"],
      },
    );
  }
  const base = `${server.origin}${server.pathname.replace(/\/+$/, "")}`;
  const trust = `${base}/v2/${encodePath(gun)}/_trust`;
  return { ping: new URL(`${base}/v2/`), trust: (path) => new URL(`${trust}/${path}`) };
}

/** `targets/releases` with its slash, as Notary's routes have it. */
export function encodePath(text: string): string {
  return text.split("/").map(encodeSegment).join("/");
}

/** One path segment, slashes included. A host's colon stays as Notary's clients send it. */
export function encodeSegment(text: string): string {
  return encodeURIComponent(text).replace(/%3A/g, ":");
}

/**
 * `tuf/targets/releases.<hex>.json`, else `tuf/3.targets/releases.json`, else the current document. Notary stores sha256 only, and a
 * reader who was told a hash never asks by version.
 */
export function notary1Path(role: RoleName, wanted: Wanted | undefined): string {
  if (wanted?.digest === undefined && wanted?.version !== undefined) {
    return `tuf/${wanted.version}.${encodePath(role)}.json`;
  }
  const parts = wanted?.digest === undefined ? undefined : digestParts(wanted.digest);
  const infix = parts?.algorithm === "sha256" ? `.${encodeHex(parts.hash)}` : "";
  return `tuf/${encodePath(role)}${infix}.json`;
}

/** `tuf1/metadata/3.releases.json`: a delegation goes by its name in TUF 1.0, which has no `targets/` before it. */
export function tuf1Path(role: RoleName, version: number | undefined): string {
  const name = role.startsWith("targets/") ? role.slice("targets/".length) : role;
  const prefix = version === undefined ? "" : `${version}.`;
  return `tuf1/metadata/${prefix}${encodeURIComponent(name)}.json`;
}
