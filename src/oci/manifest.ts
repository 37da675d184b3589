// What a manifest or an index says, of the four kinds that are in use: OCI's and docker's (v2 schema 2). Docker's schema 1
// is refused: its digest covers a part of its bytes only, so a signature over it would not mean what it seems to.
// Read from bytes whose digest is known already. OCI image specification 1.1, manifest.md and image-index.md.
import { CountersignError, type Digest, isCountersignError, parseDigest } from "../bytes/index.ts";
import { countMember, listMember, member, parseLooseJson, printable, stringMember } from "../http/index.ts";
import type { Descriptor, Platform } from "./image.ts";

export const mediaTypes = {
  ociManifest: "application/vnd.oci.image.manifest.v1+json",
  ociIndex: "application/vnd.oci.image.index.v1+json",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerList: "application/vnd.docker.distribution.manifest.list.v2+json",
} as const;

/** For the Accept header. */
export const acceptedMediaTypes: readonly string[] = Object.values(mediaTypes);

/** As the distribution specification bounds it, and as registries enforce it. */
export const maxManifestBytes = 4 * 1024 * 1024;
const maxDescriptors = 10_000;

export type Manifest =
  | {
      readonly kind: "image";
      readonly mediaType: string;
      readonly config: Descriptor;
      readonly layers: readonly Descriptor[];
    }
  | {
      readonly kind: "index";
      readonly mediaType: string;
      /** Every manifest listed, also those that are no image for a platform (attestations). */
      readonly manifests: readonly Descriptor[];
      readonly platforms: readonly Platform[];
    };

/**
 * `announced` is the media type that came with the bytes (a Content-Type, a descriptor). When the bytes name a type too, the
 * two must agree: otherwise two programs could read one digest as two different things (CVE-2021-41190).
 * @throws registry.failed
 */
export function readManifest(bytes: Uint8Array, announced: string | undefined, where: string): Manifest {
  const fail = (why: string): CountersignError => new CountersignError("registry.failed", `${where}: ${why}`);
  const body = parseLooseJson(bytes);
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw fail("the manifest is not a JSON object");
  if (member(body, "schemaVersion") === 1 || announced?.includes("distribution.manifest.v1+") === true) {
    throw new CountersignError(
      "registry.failed",
      `${where}: a manifest of docker's old schema 1, which cannot be signed`,
      {
        hints: ["push the image again with a current docker, skopeo or podman"],
      },
    );
  }
  if (member(body, "schemaVersion") !== 2) throw fail("the manifest's schemaVersion is not 2");
  const named = stringMember(body, "mediaType");
  const known = announced !== undefined && acceptedMediaTypes.includes(announced) ? announced : undefined;
  if (named !== undefined && known !== undefined && named !== known) {
    throw fail(`the manifest calls itself ${printable(named, 100)} and came as ${known}`);
  }
  const hasManifests = member(body, "manifests") !== undefined;
  const hasLayers = member(body, "config") !== undefined || member(body, "layers") !== undefined;
  if (hasManifests && hasLayers) throw fail("the manifest is an index and an image at once");
  const mediaType = named ?? known ?? (hasManifests ? mediaTypes.ociIndex : mediaTypes.ociManifest);
  const isIndex = mediaType === mediaTypes.ociIndex || mediaType === mediaTypes.dockerList;
  if (!acceptedMediaTypes.includes(mediaType)) throw fail(`${printable(mediaType, 100)} is no kind of image manifest`);
  if (isIndex !== hasManifests) throw fail(`the content does not fit its type ${mediaType}`);
  return isIndex ? readIndex(body, mediaType, fail) : readImage(body, mediaType, fail);
}

function readImage(body: unknown, mediaType: string, fail: (why: string) => CountersignError): Manifest {
  const layers = descriptors(body, "layers", fail);
  return { kind: "image", mediaType, config: readDescriptor(member(body, "config"), "config", fail), layers };
}

function readIndex(body: unknown, mediaType: string, fail: (why: string) => CountersignError): Manifest {
  const manifests = descriptors(body, "manifests", fail);
  const platforms = listMember(body, "manifests").flatMap((entry, position): readonly Platform[] => {
    const platform = member(entry, "platform");
    const os = stringMember(platform, "os");
    const architecture = stringMember(platform, "architecture");
    const descriptor = manifests[position];
    if (os === undefined || architecture === undefined || descriptor === undefined) return [];
    // Builders list attestations beside the images, for the platform "unknown".
    if (os === "unknown" && architecture === "unknown") return [];
    const variant = stringMember(platform, "variant");
    return [{ ...descriptor, os: printable(os, 40), architecture: printable(architecture, 40), variant }];
  });
  return { kind: "index", mediaType, manifests, platforms };
}

function descriptors(body: unknown, name: string, fail: (why: string) => CountersignError): readonly Descriptor[] {
  const list = member(body, name);
  if (!Array.isArray(list)) throw fail(`${name} is not a list`);
  if (list.length > maxDescriptors) throw fail(`${name} lists more than ${maxDescriptors} entries`);
  return list.map((entry, position) => readDescriptor(entry, `${name}[${position}]`, fail));
}

/** @throws what `fail` makes */
export function readDescriptor(value: unknown, path: string, fail: (why: string) => CountersignError): Descriptor {
  const size = countMember(value, "size");
  const mediaType = stringMember(value, "mediaType");
  if (size === undefined || mediaType === undefined) throw fail(`${path} has no size or no mediaType`);
  return { mediaType, digest: digestMember(value, path, fail), size };
}

function digestMember(value: unknown, path: string, fail: (why: string) => CountersignError): Digest {
  try {
    return parseDigest(stringMember(value, "digest") ?? "");
  } catch (cause) {
    if (!isCountersignError(cause, "digest.invalid")) throw cause;
    throw fail(`${path} has no usable digest`);
  }
}
