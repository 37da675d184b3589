// A MetadataSource over a bundle, so that a bundle is verified by exactly the code that verifies documents fetched one by one. It
// answers what it has under the role asked for; whether that is the version or the hash wanted is the verifier's to judge.
import {
  CountersignError,
  decodeInteger,
  decodeMember,
  jsonPath,
  parseSignedJson,
  type RoleName,
} from "../bytes/index.ts";
import type { Bundle } from "./bundle.ts";
import type { FetchOptions, MetadataSource, Wanted } from "./ports.ts";

/**
 * `fallback` is asked for what the bundle lacks, except roots: the absence of a newer root is an answer. Without it "lacks" means
 * "not there".
 */
export function bundleSource(bundle: Bundle, fallback?: MetadataSource): MetadataSource {
  const roots = bundle.documents.filter((document) => document.role === "root").map((document) => document.bytes);
  const others = new Map<RoleName, Uint8Array>();
  for (const { role, bytes } of bundle.documents) if (role !== "root") others.set(role, bytes);
  let rootsByVersion: ReadonlyMap<number, Uint8Array> | undefined;

  const find = (role: string): Uint8Array | undefined => {
    for (const [name, bytes] of others) if (name === role) return bytes;
    return undefined;
  };
  return {
    async fetchRoot(version, options) {
      if (version === undefined) {
        const newest = roots.at(-1);
        return newest === undefined ? fallback?.fetchRoot(undefined, options) : bounded(newest, "root", options);
      }
      rootsByVersion ??= indexRoots(roots);
      return bounded(rootsByVersion.get(version), "root", options);
    },
    async fetchTimestamp(options) {
      const bytes = find("timestamp");
      return bytes === undefined ? fallback?.fetchTimestamp(options) : bounded(bytes, "timestamp", options);
    },
    async fetchSnapshot(wanted: Wanted, options) {
      const bytes = find("snapshot");
      return bytes === undefined ? fallback?.fetchSnapshot(wanted, options) : bounded(bytes, "snapshot", options);
    },
    async fetchTargets(role, wanted: Wanted, options) {
      const bytes = others.get(role);
      return bytes === undefined ? fallback?.fetchTargets(role, wanted, options) : bounded(bytes, role, options);
    },
  };
}

// By the version each root claims: an index only, the verifier checks the claim. The first of two equal claims is kept.
function indexRoots(roots: readonly Uint8Array[]): ReadonlyMap<number, Uint8Array> {
  const index = new Map<number, Uint8Array>();
  for (const bytes of roots) {
    const { signed } = parseSignedJson(bytes, { numbers: "integral" });
    const version = decodeMember(signed, "version", decodeInteger(1), jsonPath("signed"));
    if (!index.has(version)) index.set(version, bytes);
  }
  return index;
}

function bounded(bytes: Uint8Array | undefined, role: string, options: FetchOptions): Uint8Array | undefined {
  if (bytes !== undefined && bytes.length > options.maxBytes) {
    throw new CountersignError(
      "download.too_large",
      `${role} in the bundle has ${bytes.length} bytes; the limit is ${options.maxBytes}`,
    );
  }
  return bytes;
}
