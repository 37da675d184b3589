// A repository in a registry (OCI distribution specification 1.1, and docker's registry API v2, which it came from). Rule:
// digests are computed from what arrived; only blobs may be redirected, and then without our credentials.
import { CountersignError, type Digest, isCountersignError, parseDigest } from "../bytes/index.ts";
import {
  type AuthorizedClient,
  describeUrl,
  discard,
  expectOk,
  type HttpHead,
  listMember,
  parseLooseJson,
  statusError,
} from "../http/index.ts";
import { checkedManifest, checkedStream } from "./checked-bytes.ts";
import type { Descriptor, ImageSource, ManifestBytes, ReadOptions } from "./image.ts";
import { acceptedMediaTypes, maxManifestBytes } from "./manifest.ts";
import { isDigest, isTag, type RegistryReference, type Tag } from "./reference.ts";
import { registryOrigin } from "./registry-origin.ts";

export interface RegistryOptions {
  readonly client: AuthorizedClient;
  /** `host[:port]` of registries that may be spoken to in plain http; loopback always may. */
  readonly insecureHosts?: ReadonlySet<string>;
}

const maxTagPages = 1_000;
const maxTags = 100_000;
const maxTagPageBytes = 4 * 1024 * 1024;

/** The repository that a reference names; its tag and digest are not looked at. */
export function registryRepository(
  { host, repository }: RegistryReference,
  { client, insecureHosts = new Set() }: RegistryOptions,
): ImageSource {
  const origin = registryOrigin(host, client, insecureHosts);
  const access = { scope: `repository:${repository}:pull`, credentialHost: host };

  const address = async (path: string, options: ReadOptions): Promise<URL> =>
    new URL(`v2/${repository}/${path}`, await origin.find(options.signal));

  async function readManifest(
    wanted: Tag | Digest | undefined,
    options: ReadOptions = {},
  ): Promise<ManifestBytes | undefined> {
    const url = await address(`manifests/${wanted ?? "latest"}`, options);
    const headers = { accept: acceptedMediaTypes.join(", ") };
    const request = { method: "GET", url, headers, maxBytes: maxManifestBytes, ...options } as const;
    const response = await client.request(request, access);
    if (response.status === 404) return undefined;
    expectOk(response, "GET");
    const where = describeUrl(url);
    const type = response.headers.get("content-type")?.replace(/;.*$/, "").trim().toLowerCase();
    const digest = wanted !== undefined && isDigest(wanted) ? wanted : undefined;
    const manifest = checkedManifest(response.body, digest, type, where);
    checkClaim(response, manifest.bytes, where);
    return manifest;
  }

  async function* readBlob(
    descriptor: Descriptor,
    options: ReadOptions = {},
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const url = await address(`blobs/${descriptor.digest}`, options);
    // An hour, and longer for what is too large for it at 1 MB/s; silence ends it much earlier.
    const totalMs = Math.max(3_600_000, descriptor.size / 1_000);
    const limits = { maxBytes: descriptor.size, totalMs, redirects: "blob" } as const;
    const response = await asRegistry(client.stream({ method: "GET", url, ...limits, ...options }, access));
    if (response.status !== 200) {
      await discard(response);
      if (response.status !== 404) throw statusError(response, "GET");
      throw new CountersignError("image.missing", `${describeUrl(url)}: the registry has no such blob`);
    }
    yield* checkedStream(response.body, descriptor, describeUrl(url));
  }

  async function listTags(options: ReadOptions = {}): Promise<readonly Tag[]> {
    const tags: Tag[] = [];
    const seen = new Set<string>();
    let url: URL | undefined = await address("tags/list", options);
    while (url !== undefined) {
      if (seen.has(url.href)) {
        throw new CountersignError("registry.failed", `${describeUrl(url)}: the pages of tags go round in a circle`);
      }
      seen.add(url.href);
      const response = await client.request({ method: "GET", url, maxBytes: maxTagPageBytes, ...options }, access);
      if (response.status === 404) return tags;
      expectOk(response, "GET");
      for (const name of listMember(parseLooseJson(response.body), "tags")) {
        if (typeof name === "string" && isTag(name)) tags.push(name);
      }
      if (seen.size > maxTagPages || tags.length > maxTags) {
        const what = `more than ${maxTags} tags, or more than ${maxTagPages} pages of them`;
        throw new CountersignError("limit.exceeded", `${describeUrl(url)}: ${what}`);
      }
      url = nextPage(response, url);
    }
    return tags;
  }

  return {
    readManifest: (wanted, options) => asRegistry(readManifest(wanted, options)),
    readBlob,
    listTags: (options) => asRegistry(listTags(options)),
  };
}

/** What the registry says the digest is must be true as well: a wrong one means a broken registry or proxy. */
function checkClaim(response: HttpHead, bytes: Uint8Array, where: string): void {
  const claim = response.headers.get("docker-content-digest");
  if (claim === undefined) return;
  try {
    checkedManifest(bytes, parseDigest(claim), undefined, where);
  } catch (cause) {
    throw new CountersignError(
      "registry.failed",
      `${where}: the Docker-Content-Digest header is not that of the body`,
      {
        cause,
      },
    );
  }
}

/** `Link: </v2/x/tags/list?last=b>; rel="next"`, on the same origin only. @throws registry.failed */
function nextPage(response: HttpHead, from: URL): URL | undefined {
  const link = response.headers.get("link") ?? "";
  const target = /<([^>]*)>\s*;[^,]*\brel="?next"?/i.exec(link)?.[1];
  if (target === undefined) return undefined;
  const url = URL.canParse(target, from.href) ? new URL(target, from) : undefined;
  if (url === undefined || url.origin !== from.origin) {
    throw new CountersignError("registry.failed", `${describeUrl(from)}: the next page of tags is at another server`);
  }
  return url;
}

async function asRegistry<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (!isCountersignError(cause, "download.denied")) throw cause;
    throw new CountersignError("registry.denied", cause.message, { hints: cause.hints, cause });
  }
}
