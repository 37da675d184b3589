// The options by which a command line says what it means, as the flows' SubjectText.
import { CountersignError } from "../bytes/index.ts";
import type { SubjectText } from "../flows/index.ts";
import type { Arguments, OptionSpec } from "./command.ts";

export const subjectOptions: readonly OptionSpec[] = [
  { name: "as", value: "GUN:NAME", text: "the collection and name meant, for a layout directory or a mirror" },
  { name: "file", value: "PATH", isFile: true, text: "a file instead of an image" },
  { name: "name", value: "NAME", text: "the file's name in the collection; its base name unless given" },
  { name: "digest", value: "DIGEST", text: "sha256:... or sha512:... instead of asking the registry" },
  { name: "length", value: "N", text: "with --digest: the length in bytes" },
];

/** @throws usage.invalid */
export function subjectText(text: string, args: Arguments): SubjectText {
  const digest = args.value("digest");
  const length = parseLength(args.value("length"));
  if (length !== undefined && digest === undefined) throw usage("--length goes with --digest");
  return { text, as: args.value("as"), file: args.value("file"), name: args.value("name"), digest, length };
}

function parseLength(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const length = Number(text);
  if (/^[0-9]{1,15}$/.test(text) && length > 0) return length;
  throw usage("--length needs the number of bytes");
}

function usage(message: string): CountersignError {
  return new CountersignError("usage.invalid", message);
}
