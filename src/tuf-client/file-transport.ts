// A repository that lies in a directory, for machines without a way out: `file:` addresses, read as a web server would serve them. An
// address is decoded once, so the role `a/b` is looked for in a directory; else the name is taken as it stands, which is how trees that
// were made for no web server hold `1.a%2Fb.json`. Nothing outside the addressed place is reached, and what is read is verified.
import { promises } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CountersignError } from "../bytes/index.ts";
import { diskError, systemCode } from "../home/index.ts";
import { emptyBody, type TufRequest, type TufTransport } from "./ports.ts";

/** Reads `file:` addresses from the disk and leaves the others to `remote`. */
export function withFiles(remote: TufTransport): TufTransport {
  return {
    async get(request) {
      if (request.url.protocol !== "file:") return remote.get(request);
      for (const path of pathsOf(request.url)) {
        if (await isFile(path)) return { status: 200, body: contentOf(path, request) };
      }
      return { status: 404, body: emptyBody() };
    },
  };
}

/** Where a file may be: under its decoded name, then under the name in the address. */
function pathsOf(url: URL): readonly string[] {
  const slash = url.href.lastIndexOf("/") + 1;
  const name = url.href.slice(slash);
  const decoded = decodedName(name);
  const directory = fileURLToPath(url.href.slice(0, slash));
  return [...(decoded === undefined ? [] : [decoded]), name].map((each) => join(directory, each));
}

/** undefined: nothing that could be a file below the directory. */
function decodedName(text: string): string | undefined {
  try {
    const name = decodeURIComponent(text);
    const isPlain = name
      .split("/")
      .every((part) => part !== "" && part !== "." && part !== ".." && !/[\\\0]/.test(part));
    return isPlain ? name : undefined;
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

/** Links lead wherever their owner wants: what comes is verified. */
async function isFile(path: string): Promise<boolean> {
  try {
    return (await promises.stat(path)).isFile();
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ENAMETOOLONG"].includes(systemCode(error) ?? "")) return false;
    throw diskError(error, "read", path);
  }
}

async function* contentOf(path: string, { maxBytes, signal }: TufRequest): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    await using file = await promises.open(path, "r");
    const { size } = await file.stat();
    if (size > maxBytes) {
      throw new CountersignError("download.too_large", `${path} is ${size} bytes long, over the limit of ${maxBytes}`);
    }
    for await (const chunk of file.createReadStream({ autoClose: false })) {
      signal?.throwIfAborted();
      yield chunk;
    }
  } catch (error) {
    throw diskError(error, "read", path);
  }
}
