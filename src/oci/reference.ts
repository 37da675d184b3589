// Image references as docker reads them, taken apart once: `alpine` is docker.io/library/alpine,
// `host[:port]/path[:tag][@digest]`, and `oci:DIR[:TAG][@digest]` for an OCI layout directory. The grammar is that of
// distribution/reference and docker's familiar names (ecosystem.md, sections 3 and 9.1); errors name the part at fault.
import {
  CountersignError,
  type Digest,
  type Gun,
  isCountersignError,
  parseDigest,
  parseImageName,
} from "../bytes/index.ts";

declare const tagBrand: unique symbol;
/** `[\w][\w.-]{0,127}` in ASCII. */
export type Tag = string & { readonly [tagBrand]: true };

export interface RegistryReference {
  readonly kind: "registry";
  /** The normalised name: host and path, without tag and digest. */
  readonly gun: Gun;
  /** `host[:port]`; `docker.io` for Docker Hub. */
  readonly host: string;
  /** The path after the host: `library/alpine`. */
  readonly repository: string;
  readonly tag: Tag | undefined;
  readonly digest: Digest | undefined;
}

export interface LayoutReference {
  readonly kind: "layout";
  readonly directory: string;
  readonly tag: Tag | undefined;
  readonly digest: Digest | undefined;
}

export type ImageReference = RegistryReference | LayoutReference;

/** @throws reference.invalid */
export function parseTag(text: string): Tag {
  if (!isTag(text)) {
    throw invalid(
      text,
      "is not a tag",
      "a tag has 1 to 128 letters, digits, '_', '.' or '-', and does not begin with '.' or '-'",
    );
  }
  return text;
}

export function isTag(text: string): text is Tag {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(text);
}

/** Which of the two it is: a tag has no colon. */
export function isDigest(text: Tag | Digest): text is Digest {
  return text.includes(":");
}

/** Never adds a tag: whether a missing one means `latest` is the caller's to say (`withDefaultTag`). @throws reference.invalid */
export function parseReference(text: string): ImageReference {
  if (text.startsWith("oci:")) return parseLayoutReference(text);
  if (/^https?:\/\//.test(text))
    throw invalid(text, "is a web address", `leave out ${text.slice(0, text.indexOf("/") + 2)}`);
  if (/^[0-9a-f]{64}$/.test(text))
    throw invalid(text, "is a bare image id", "name the repository: name@sha256:<digest>");
  const { rest, digest } = cutDigest(text);
  // A colon after the last slash begins the tag; one before it belongs to the host's port.
  const colon = rest.indexOf(":", rest.lastIndexOf("/") + 1);
  const name = colon === -1 ? rest : rest.slice(0, colon);
  const tag = colon === -1 ? undefined : partOf(text, () => parseTag(rest.slice(colon + 1)));
  const { host, repository } = splitHost(name);
  if (repository === "") throw invalid(text, "names no repository");
  if (/[A-Z]/.test(repository)) throw invalid(text, "has upper-case letters in its repository name", "use lower case");
  return { kind: "registry", gun: gunOf(text, `${host}/${repository}`), host, repository, tag, digest };
}

/** `latest` where neither a tag nor a digest is given, as docker does. */
export function withDefaultTag<T extends ImageReference>(reference: T): T {
  if (reference.tag !== undefined || reference.digest !== undefined || reference.kind === "layout") return reference;
  return { ...reference, tag: parseTag("latest") };
}

/** The reference in full: `docker.io/library/alpine:3.20`, `oci:dir:1.0`. */
export function formatReference(reference: ImageReference): string {
  const name = reference.kind === "registry" ? reference.gun : `oci:${reference.directory}`;
  const tag = reference.tag === undefined ? "" : `:${reference.tag}`;
  return `${name}${tag}${reference.digest === undefined ? "" : `@${reference.digest}`}`;
}

/** The directory ends at the last colon, if what follows can be a tag; a directory with such a name is written with `./` and a tag. */
function parseLayoutReference(text: string): LayoutReference {
  const { rest, digest } = cutDigest(text.slice("oci:".length));
  const colon = rest.lastIndexOf(":");
  const hasTag = colon !== -1 && !rest.slice(colon).includes("/");
  const directory = hasTag ? rest.slice(0, colon) : rest;
  if (directory === "" || directory.includes("\0"))
    throw invalid(text, "names no directory", "write oci:DIRECTORY:TAG");
  const tag = hasTag ? partOf(text, () => parseTag(rest.slice(colon + 1))) : undefined;
  return { kind: "layout", directory, tag, digest };
}

function cutDigest(text: string): { readonly rest: string; readonly digest: Digest | undefined } {
  const at = text.indexOf("@");
  if (at === -1) return { rest: text, digest: undefined };
  return { rest: text.slice(0, at), digest: partOf(text, () => parseDigest(text.slice(at + 1))) };
}

/** Docker's rule for familiar names: the first component is a host only if it looks like one. */
function splitHost(name: string): { readonly host: string; readonly repository: string } {
  const slash = name.indexOf("/");
  const first = slash === -1 ? "" : name.slice(0, slash);
  const isHost = /[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase();
  const host = isHost ? first : "docker.io";
  const repository = isHost ? name.slice(slash + 1) : name;
  if (host !== "docker.io" && host !== "index.docker.io") return { host, repository };
  const isOfficial = repository !== "" && !repository.includes("/");
  return { host: "docker.io", repository: isOfficial ? `library/${repository}` : repository };
}

function gunOf(text: string, name: string): Gun {
  return partOf(text, () => parseImageName(name));
}

function partOf<T>(text: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (!isCountersignError(cause)) throw cause;
    throw new CountersignError("reference.invalid", `${quote(text)}: ${cause.message}`, { hints: cause.hints, cause });
  }
}

function invalid(text: string, fault: string, ...hints: readonly string[]): CountersignError {
  return new CountersignError("reference.invalid", `${quote(text)} ${fault}`, {
    hints: hints.length > 0 ? hints : ["an image is named like registry.example.com/team/app:1.4.2"],
  });
}

function quote(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 117)}...` : text);
}
