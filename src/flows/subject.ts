// What somebody means by an image or file: which collection, which target name, and where the content comes from.
//   registry.example.com/team/app:1.4.2            the registry's manifest, in the collection of that name
//   oci:DIR:TAG, as GUN:NAME                       a layout directory has no collection name of its own
//   GUN:NAME with a file, GUN with a file          any file; its base name unless a name is given
//   IMAGE:TAG with a digest                        nothing is fetched
import { basename } from "node:path";
import { CountersignError, type Gun, parseDigest, parseGun, parseTargetName, type TargetName } from "../bytes/index.ts";
import type { AuthorizedClient } from "../http/index.ts";
import { parseReference } from "../oci/index.ts";
import { type Content, contentOfDigest, contentOfFile } from "./content.ts";
import { imageContent } from "./image-content.ts";
import type { Progress } from "./ports.ts";
import type { Reason } from "./verdict.ts";

export interface SubjectText {
  /** An image reference; with `file` a collection's name, perhaps with `:NAME`. */
  readonly text: string;
  /** `GUN:NAME`: what is meant, where the reference does not say (layouts, mirrors, digests). */
  readonly as?: string | undefined;
  /** A path. */
  readonly file?: string | undefined;
  /** The file's name in the collection. */
  readonly name?: string | undefined;
  readonly digest?: string | undefined;
  /** Of the content, beside a digest, in bytes. */
  readonly length?: number | undefined;
}

export interface Subject {
  readonly gun: Gun;
  readonly name: TargetName;
  content(): Promise<Content>;
  /** Only images have anything below their manifest. */
  readonly deepCheck: ((progress: Progress) => Promise<readonly Reason[]>) | undefined;
}

/** @throws usage.invalid, reference.invalid, gun.invalid, name.invalid, digest.invalid */
export function parseSubject(wanted: SubjectText, client: () => AuthorizedClient): Subject {
  const { text, as, file, digest } = wanted;
  if (file !== undefined) return fileSubject(wanted, file);
  if (wanted.name !== undefined) throw usage("a name of its own goes with a file only");
  const reference = parseReference(text);
  const meant = as === undefined ? undefined : parseQualifiedName(as);
  if (reference.kind === "layout" && meant === undefined) {
    throw usage(
      "a layout directory does not say which collection is meant",
      `add: --as GUN:${reference.tag ?? "NAME"}`,
    );
  }
  const gun = meant?.gun ?? (reference.kind === "registry" ? reference.gun : undefined);
  const name = meant?.name ?? (reference.tag === undefined ? undefined : parseTargetName(reference.tag));
  if (gun === undefined || name === undefined) {
    throw usage(`${text.slice(0, 100)} names no tag`, "write IMAGE:TAG; or IMAGE@DIGEST --as GUN:TAG");
  }
  if (digest !== undefined) {
    const parsed = parseDigest(digest);
    return {
      gun,
      name,
      content: async () => contentOfDigest("the digest given", parsed, wanted.length),
      deepCheck: undefined,
    };
  }
  const image = imageContent(reference, client());
  return { gun, name, content: () => image.content(), deepCheck: (progress) => image.deepCheck(progress) };
}

/** `GUN:NAME` or `GUN`. As in image references a colon belongs to the tag when a slash came before it. @throws gun.invalid, name.invalid */
export function parseQualifiedName(text: string): { readonly gun: Gun; readonly name: TargetName | undefined } {
  const colon = text.indexOf(":", text.indexOf("/") + 1);
  if (colon === -1) return { gun: parseGun(text), name: undefined };
  return { gun: parseGun(text.slice(0, colon)), name: parseTargetName(text.slice(colon + 1)) };
}

function fileSubject(wanted: SubjectText, file: string): Subject {
  if (wanted.digest !== undefined || wanted.as !== undefined) throw usage("a file goes with neither --digest nor --as");
  const { gun, name } = parseQualifiedName(wanted.text);
  if (wanted.name !== undefined && name !== undefined)
    throw usage("the name is given twice, after the colon and apart");
  const chosen = name ?? parseTargetName(wanted.name ?? basename(file));
  return { gun, name: chosen, content: () => contentOfFile(file), deepCheck: undefined };
}

function usage(message: string, ...hints: readonly string[]): CountersignError {
  return new CountersignError("usage.invalid", message, { hints });
}
