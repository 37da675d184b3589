// Which collections to import: SERVER/GUN as people write it, names one a line in a file, or a registry's catalogue, whose repositories are
// looked for as REGISTRY/REPOSITORY. A name that is none stops the import before anything is asked: a typing error must not pass as
// "that collection is not there". Docker registry API v2, `GET /v2/_catalog`.
import { CountersignError, decodeUtf8, type Gun, isCountersignError, parseGun } from "../bytes/index.ts";
import {
  type AuthorizedClient,
  describeUrl,
  expectOk,
  isLoopback,
  listMember,
  member,
  parseLooseJson,
} from "../http/index.ts";

export interface NamedCollection {
  readonly server: string;
  readonly gun: Gun;
}

const maxPages = 1_000;
const maxNames = 100_000;
const maxPageBytes = 4 * 1024 * 1024;

/**
 * `SERVER/GUN`: the server is an address (`https://notary.example.com`) or a host; what follows its first slash is the collection's name.
 * With `from` the whole text is the name. @throws usage.invalid, gun.invalid
 */
export function parseServerAndName(text: string, from: string | undefined): NamedCollection {
  if (from !== undefined) return { server: from, gun: parseGun(text) };
  const [, scheme, host = "", name = ""] = /^(https?:\/\/)?([A-Za-z0-9.-]+(?::\d+)?)\/(.+)$/.exec(text) ?? [];
  if (name === "" || !/[.:]|^localhost$/.test(host)) {
    throw new CountersignError("usage.invalid", `not SERVER/GUN: ${shownAddress(text)}`, {
      hints: [
        "such as notary.example.com/registry.example.com/team/app",
        "or name the server once: --from https://notary.example.com registry.example.com/team/app",
      ],
    });
  }
  return { server: `${scheme ?? "https://"}${host}`, gun: parseGun(name) };
}

/** Somebody's password may stand before an @. */
function shownAddress(text: string): string {
  return text.includes("@") ? "an address with a name and password" : JSON.stringify(text.slice(0, 120));
}

/** One name a line; blank lines are passed over, and what follows a `#`. @throws usage.invalid, encoding.invalid */
export function parseNameList(bytes: Uint8Array, path: string): readonly string[] {
  const names: string[] = [];
  for (const [index, line] of decodeUtf8(bytes)
    .replace(/^\uFEFF/, "")
    .split("\n")
    .entries()) {
    const name = line.replace(/#.*/, "").trim();
    if (name === "") continue;
    try {
      parseGun(name.replace(/^https?:\/\//, ""));
    } catch (cause) {
      if (!isCountersignError(cause, "gun.invalid")) throw cause;
      throw new CountersignError("usage.invalid", `${path}, line ${index + 1}: ${cause.message}`, { cause });
    }
    names.push(name);
  }
  return names;
}

/**
 * Every repository of a registry, as collection names. Plain http for registries on this machine only.
 * @throws registry.failed, registry.denied, download.*, usage.invalid
 */
export async function registryCatalogue(
  registry: string,
  client: AuthorizedClient,
  signal?: AbortSignal,
): Promise<readonly Gun[]> {
  const [, scheme, host = ""] = /^(https?:\/\/)?([^/]+)\/?$/.exec(registry) ?? [];
  const guess = isLoopback(host.replace(/:\d+$/, "")) ? "http://" : "https://";
  // Without a host the path would be taken for one.
  const base = host === "" ? null : URL.parse(`${scheme ?? guess}${host}/v2/_catalog?n=1000`);
  if (base === null) throw new CountersignError("usage.invalid", `not a registry: ${shownAddress(registry)}`);
  const names: Gun[] = [];
  let url: URL | undefined = base;
  for (let page = 0; url !== undefined; page++) {
    if (page >= maxPages || names.length > maxNames) {
      throw new CountersignError("limit.exceeded", `${describeUrl(base)} lists more than ${maxNames} repositories`);
    }
    const at: URL = url;
    const response = await client.request(
      { method: "GET", url: at, maxBytes: maxPageBytes, ...(signal === undefined ? {} : { signal }) },
      { scope: "registry:catalog:*", credentialHost: host },
    );
    expectOk(response, "GET");
    const answer = parseLooseJson(response.body);
    const repositories = listMember(answer, "repositories");
    // An empty registry says null or an empty list; anything else that has no list is no catalogue.
    if (
      repositories.length === 0 &&
      !Array.isArray(member(answer, "repositories")) &&
      member(answer, "repositories") !== null
    ) {
      throw new CountersignError("registry.failed", `${describeUrl(at)} answered with no list of repositories`);
    }
    for (const repository of repositories) {
      if (typeof repository !== "string") {
        throw new CountersignError("registry.failed", `${describeUrl(at)} lists what is no name`);
      }
      names.push(parseGun(`${host}/${repository}`));
    }
    url = nextPage(response.headers.get("link"), at);
  }
  return names;
}

/** Only ever on the same origin: a registry must not send our credentials elsewhere. */
function nextPage(link: string | undefined, at: URL): URL | undefined {
  const target = link === undefined ? undefined : /<([^>]+)>\s*;\s*rel="?next"?/.exec(link)?.[1];
  if (target === undefined) return undefined;
  const next = URL.parse(target, at.href);
  if (next === null || next.origin !== at.origin || next.href === at.href) {
    throw new CountersignError("registry.failed", `${describeUrl(at)} names a next page that is not its own`);
  }
  return next;
}
