// MetadataSource over HTTP, for Notary's routes and for the plain TUF 1.0 tree. 404 is "not there"; everything else that is
// not 200 throws. The updater says how many bytes it will take, and nothing here looks inside them.
import { parseRoleName, type RoleName } from "../bytes/index.ts";
import { expectOk } from "../http/index.ts";
import type { FetchOptions, MetadataSource } from "../updater/index.ts";
import { hasNoSuchRoute } from "./server-errors.ts";
import type { TrustCaller } from "./trust-caller.ts";
import { notary1Path, type TrustUrls, tuf1Path } from "./trust-urls.ts";

type Fetch = (path: string, options: FetchOptions) => Promise<Uint8Array | undefined>;

/** `T/tuf/...`: ours and notary-server (notary-v1, section 6). */
export function notary1Source(urls: TrustUrls, caller: TrustCaller): MetadataSource {
  const fetch = fetcher(urls, caller);
  return {
    fetchRoot: (version, options) =>
      fetch(version === undefined ? "tuf/root.json" : `tuf/${version}.root.json`, options),
    fetchTimestamp: (options) => fetch("tuf/timestamp.json", options),
    fetchSnapshot: (wanted, options) => fetch(notary1Path(snapshotRole, wanted), options),
    fetchTargets: (role, wanted, options) => fetch(notary1Path(role, wanted), options),
  };
}

/** `T/tuf1/metadata/...` (docs/api.md; TUF specification 1.0.34, section 7). */
export function tuf1Source(urls: TrustUrls, caller: TrustCaller): MetadataSource {
  const fetch = fetcher(urls, caller);
  return {
    fetchRoot: (version, options) => fetch(tuf1Path(rootRole, version), options),
    fetchTimestamp: (options) => fetch("tuf1/metadata/timestamp.json", options),
    fetchSnapshot: (wanted, options) => fetch(tuf1Path(snapshotRole, wanted.version), options),
    fetchTargets: (role, wanted, options) => fetch(tuf1Path(role, wanted.version), options),
  };
}

const rootRole: RoleName = parseRoleName("root");
const snapshotRole: RoleName = parseRoleName("snapshot");

function fetcher(urls: TrustUrls, caller: TrustCaller): Fetch {
  return async (path, { maxBytes, signal }) => {
    const url = urls.trust(path);
    const request = { method: "GET", url, maxBytes, ...(signal === undefined ? {} : { signal }) } as const;
    const response = await caller.call(request, "pull");
    return response.status === 404 || hasNoSuchRoute(response) ? undefined : expectOk(response, "GET").body;
  };
}
