// Which files are meant, and what they are called. The rule: a name never says more than where the file lies below the directory that was
// given, and nothing from outside that directory comes in. Links to regular files inside it are taken as those files; links that
// lead out, links to directories, pipes and devices are refused, because whoever packed the tree must not choose what gets signed.
import { promises } from "node:fs";
import { basename, join, sep } from "node:path";
import { CountersignError, encodeUtf8, parseTargetName, type TargetName } from "../bytes/index.ts";
import { diskError, systemCode } from "../home/index.ts";

export interface TreeFile {
  readonly name: TargetName;
  /** Where it is read from, links resolved. */
  readonly path: string;
}

export interface TreeOptions {
  /** Put before every name, with a slash between: `dist` makes `dist/app.tar`. */
  readonly under?: string;
  readonly onFound?: (count: number) => void;
}

/** A deeper tree is a loop or an attack. */
const maxDepth = 64;

/**
 * The files of these paths, by name: a file goes by its base name, the files of a directory by their paths below it.
 * @throws file.unsafe, file.changed for what vanishes, name.invalid, usage.invalid for one name of two files, disk.unreadable
 */
export async function findFiles(paths: readonly string[], options: TreeOptions = {}): Promise<readonly TreeFile[]> {
  const files = new Map<TargetName, TreeFile>();
  const prefix = options.under === undefined || options.under === "" ? "" : `${options.under.replace(/\/+$/, "")}/`;
  const take = (relative: string, path: string): void => {
    const name = safeName(`${prefix}${relative}`);
    const other = files.get(name);
    if (other !== undefined && other.path !== path) {
      throw new CountersignError("usage.invalid", `${JSON.stringify(name)} is ${other.path} and ${path} at once`, {
        hints: ["add them one after the other, with --under DIR where they are to lie apart"],
      });
    }
    files.set(name, { name, path });
    if (files.size % 1000 === 0) options.onFound?.(files.size);
  };
  for (const path of paths) {
    const root = await asked(path, () => promises.realpath(path));
    const stat = await asked(path, () => promises.stat(root));
    if (stat.isDirectory()) await walk(root, root, "", 0, take);
    else if (stat.isFile()) take(basename(path), root);
    else throw unsafe(path, "is neither a file nor a directory");
  }
  return [...files.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What file systems take for the last part of a path, less the `HASH.` that stands before it wherever a content is served. */
const maxBaseNameBytes = 255 - 65;

/** A name that every TUF client may use as a path below its own directory, on every system. @throws name.invalid */
export function safeName(text: string): TargetName {
  const name = parseTargetName(text);
  if (/^[A-Za-z]:/.test(name)) throw badName(text, "begins with a drive");
  if (encodeUtf8(basename(name)).length > maxBaseNameBytes) {
    throw badName(
      text,
      `ends in more than ${maxBaseNameBytes} bytes: with its hash before it no file can be called so`,
    );
  }
  return name;
}

function badName(text: string, why: string): CountersignError {
  return new CountersignError("name.invalid", `not a target name: ${JSON.stringify(text.slice(0, 80))} ${why}`);
}

/** Names that differ in case or in how accents are written alone: on some machines they are one file. Pairs, at most twenty. */
export function namesAlike(names: Iterable<string>): readonly (readonly [string, string])[] {
  const seen = new Map<string, string>();
  const pairs: (readonly [string, string])[] = [];
  for (const name of names) {
    const folded = name.normalize("NFC").toLowerCase();
    const other = seen.get(folded);
    if (other === undefined) seen.set(folded, name);
    else if (other !== name && pairs.length < 20) pairs.push([other, name]);
  }
  return pairs;
}

async function walk(
  root: string,
  directory: string,
  relative: string,
  depth: number,
  take: (relative: string, path: string) => void,
): Promise<void> {
  if (depth > maxDepth) throw unsafe(directory, `lies more than ${maxDepth} directories deep`);
  const entries = await asked(directory, () => promises.readdir(directory, { withFileTypes: true }));
  for (const entry of entries) {
    const path = join(directory, entry.name);
    // Node writes it for bytes that are no UTF-8; the file cannot be opened by that name, nor named in JSON.
    if (entry.name.includes("\ufffd")) throw badName(path, "is not written in UTF-8");
    const below = relative === "" ? entry.name : `${relative}/${entry.name}`;
    if (entry.isDirectory()) await walk(root, path, below, depth + 1, take);
    else if (entry.isFile()) take(below, path);
    else if (entry.isSymbolicLink()) take(below, await linked(root, path));
    else throw unsafe(path, "is neither a file nor a directory");
  }
}

async function linked(root: string, path: string): Promise<string> {
  const target = await asked(path, () => promises.realpath(path));
  if (target === root) throw unsafe(path, "is a link to the directory itself");
  if (!target.startsWith(root.endsWith(sep) ? root : root + sep))
    throw unsafe(path, "is a link that leads out of the directory");
  if ((await asked(path, () => promises.stat(target))).isFile()) return target;
  throw unsafe(path, "is a link to something else than a file");
}

/** What was there a moment ago and is not any more makes the whole tree unreliable. */
async function asked<T>(path: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (systemCode(cause) === "ELOOP") throw unsafe(path, "is a link that leads in a circle");
    if (systemCode(cause) !== "ENOENT") throw diskError(cause, "read", path);
    throw new CountersignError("file.changed", `${path} is not there`, { cause, hints: ["nothing was published"] });
  }
}

function unsafe(path: string, why: string): CountersignError {
  return new CountersignError("file.unsafe", `${path} ${why}`, {
    hints: ["leave it out, or put a copy of the file itself in its place"],
  });
}
