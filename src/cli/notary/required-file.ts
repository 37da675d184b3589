// Small files that a person names on the command line.
import { readSmallFile } from "../../home/index.ts";
import { NotaryUsage } from "./command-line.ts";

const maxFileBytes = 1024 * 1024;

/** The file's bytes. @throws NotaryUsage with Notary's words when it is not there; disk.unreadable */
export async function requiredFile(path: string, complaint?: string): Promise<Uint8Array> {
  const bytes = await readSmallFile(path, { maxBytes: maxFileBytes });
  if (bytes !== undefined) return bytes;
  throw new NotaryUsage(`${complaint === undefined ? "" : `${complaint}: `}open ${path}: no such file or directory`);
}
