// Where a repository's files are, below its two base addresses (TUF 1.0.34, 5.3.3, 5.4.1, 5.5.1, 5.6.1, 5.7.3 and 7). A base is joined as
// text: percent-encoded characters in it mean what they say and are never decoded. Names inside are encoded: a role called `../x` or `?`
// is one path segment, and a target's path keeps its slashes only.
import { fileURLToPath } from "node:url";
import { CountersignError } from "../bytes/index.ts";
import { percentEncode } from "./file-names.ts";

/** `base` with a slash at its end. @throws usage.invalid */
export function parseBaseUrl(base: string): string {
  if (/[?#]/.test(base) || !isKnownPlace(base)) {
    throw new CountersignError("usage.invalid", `not the base address of a repository: ${base.slice(0, 200)}`, {
      hints: [
        "give an http or https address without ? and #, such as https://example.com/metadata/",
        "a copy on this machine is named by its directory: /media/copy/metadata, ./copy/metadata",
      ],
    });
  }
  return base.endsWith("/") ? base : `${base}/`;
}

function isKnownPlace(base: string): boolean {
  if (!URL.canParse(base)) return false;
  const url = new URL(base);
  if (url.protocol !== "file:") return url.protocol === "https:" || url.protocol === "http:";
  try {
    return url.host === "" && !fileURLToPath(url).includes("\0");
  } catch (error) {
    // An encoded slash, or bytes that are no text: no directory has such a name.
    if (error instanceof TypeError || error instanceof URIError) return false;
    throw error;
  }
}

/** `version` undefined: the name without a version, as for the timestamp, and for all but roots without consistent snapshots. */
export function metadataFile(role: string, version: number | undefined): string {
  return `${version === undefined ? "" : `${version}.`}${percentEncode(role)}.json`;
}

export function metadataUrl(base: string, file: string): URL {
  return new URL(base + file);
}

/**
 * `hash` undefined: without consistent snapshots; else it goes before the last component. Refused are paths that an address cannot hold
 * without meaning another place: `.` and `..` are taken away from every address, encoded or not. @throws target.unsafe
 */
export function targetUrl(base: string, path: string, hash: string | undefined): URL {
  const parts = path.split("/");
  const last = parts.pop() ?? "";
  const file = [...parts, hash === undefined ? last : `${hash}.${last}`];
  if (path === "" || file.some((part) => part === "." || part === "..")) {
    throw new CountersignError(
      "target.unsafe",
      `the path ${JSON.stringify(path.slice(0, 200))} cannot be asked for: it leads elsewhere`,
    );
  }
  return new URL(base + file.map(encodeSegment).join("/"));
}

/** As percentEncode, with what RFC 3986 allows in a path segment left as it is. */
function encodeSegment(part: string): string {
  return part.replaceAll(/[^-A-Za-z0-9._~!$&'()*+,;=:@]+/gu, percentEncode);
}
