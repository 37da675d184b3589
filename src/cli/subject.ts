// What a command line means by IMAGE: which collection, which target name, and where the content comes from.
//   registry.example.com/team/app:1.4.2            the registry's manifest, in the collection of that name
//   oci:DIR:TAG --as GUN:NAME                      a layout directory has no collection name of its own
//   GUN:NAME --file PATH, GUN --file PATH          any file; its base name unless --name or :NAME says otherwise
//   IMAGE:TAG --digest sha256:... [--length N]     nothing is fetched
import { basename } from "node:path";
import { CountersignError, type Gun, parseDigest, parseGun, parseTargetName, type TargetName } from "../bytes/index.ts";
import {
  type Content,
  contentOfDigest,
  contentOfFile,
  imageContent,
  type Progress,
  type Reason,
} from "../flows/index.ts";
import type { AuthorizedClient } from "../http/index.ts";
import { parseReference } from "../oci/index.ts";
import type { Arguments, OptionSpec } from "./command.ts";

export const subjectOptions: readonly OptionSpec[] = [
  { name: "as", value: "GUN:NAME", text: "the collection and name meant, for a layout directory or a mirror" },
  { name: "file", value: "PATH", isFile: true, text: "a file instead of an image" },
  { name: "name", value: "NAME", text: "the file's name in the collection; its base name unless given" },
  { name: "digest", value: "DIGEST", text: "sha256:... or sha512:... instead of asking the registry" },
];

export interface Subject {
  readonly gun: Gun;
  readonly name: TargetName;
  content(): Promise<Content>;
  /** Only images have anything below their manifest. */
  readonly deepCheck: ((progress: Progress) => Promise<readonly Reason[]>) | undefined;
}

/** @throws usage.invalid, reference.invalid, gun.invalid, name.invalid, digest.invalid */
export function parseSubject(text: string, args: Arguments, client: () => AuthorizedClient): Subject {
  const file = args.value("file");
  if (file !== undefined) return fileSubject(text, file, args);
  if (args.value("name") !== undefined) throw usage("--name goes with --file");
  const reference = parseReference(text);
  const as = args.value("as");
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
  const digest = args.value("digest");
  if (digest !== undefined) return { gun, name, ...digestContent(digest, args) };
  const image = imageContent(reference, client());
  return { gun, name, content: () => image.content(), deepCheck: (progress) => image.deepCheck(progress) };
}

/** `GUN:NAME`; the colon is the last one after the last slash, as in image references, unless NAME has slashes itself. */
export function parseQualifiedName(text: string): { readonly gun: Gun; readonly name: TargetName | undefined } {
  const slash = text.indexOf("/");
  const colon = text.indexOf(":", slash + 1);
  if (colon === -1) return { gun: parseGun(text), name: undefined };
  return { gun: parseGun(text.slice(0, colon)), name: parseTargetName(text.slice(colon + 1)) };
}

function fileSubject(text: string, file: string, args: Arguments): Subject {
  if (args.value("digest") !== undefined) throw usage("--file and --digest exclude each other");
  const { gun, name } = parseQualifiedName(text);
  const given = args.value("name");
  if (given !== undefined && name !== undefined) throw usage("the name is given twice, after the colon and by --name");
  const chosen = name ?? parseTargetName(given ?? basename(file));
  return { gun, name: chosen, content: () => contentOfFile(file), deepCheck: undefined };
}

function digestContent(text: string, args: Arguments): Pick<Subject, "content" | "deepCheck"> {
  const digest = parseDigest(text);
  const length = parseLength(args.value("length"));
  return { content: async () => contentOfDigest("--digest", digest, length), deepCheck: undefined };
}

function parseLength(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const length = Number(text);
  if (/^[0-9]{1,15}$/.test(text) && length > 0) return length;
  throw usage("--length needs the number of bytes");
}

function usage(message: string, ...hints: readonly string[]): CountersignError {
  return new CountersignError("usage.invalid", message, { hints });
}
