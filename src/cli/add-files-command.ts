// What `collection add` and `collection replace` share: find the files, hash them with a word on how far it is, sign and publish.
import { CountersignError, type Gun, type JsonObject, parseGun, parseRoleName } from "../bytes/index.ts";
import { addFiles, type FilesReport, findFiles, hashFiles, namesAlike } from "../collection-files/index.ts";
import { connectionsOf } from "./collection-options.ts";
import type { Context, OptionSpec } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { publishedJson, publishOptions, showPublished } from "./publish-options.ts";
import { printable, type Terminal } from "./terminal.ts";
import { openWorkplace, trustDirectoryOption } from "./workplace.ts";

export const addFilesOptions: readonly OptionSpec[] = [
  { name: "under", value: "DIR", text: "put the names below this directory of the collection" },
  {
    name: "role",
    value: "ROLE",
    text: "sign in this role; unless given the bin of each name, else as countersign sign chooses",
  },
  {
    name: "publisher",
    value: "NAME",
    text: "say of each file who signed it, and when; nothing is said otherwise, to keep documents small",
  },
  { name: "no-contents", text: "send no contents to the server: it keeps those up to 4 MiB otherwise" },
  trustDirectoryOption,
  ...publishOptions,
];

export const addFilesJson: readonly string[] = [
  '{"gun": "...", "added": 3, "replaced": 0, "unchanged": 1, "bytes": 1234, "withoutContent": 0, "alike": [["a", "A"]],',
  ' "published": [{"dialect": "tuf1", "role": "targets/files-2a", "version": 4}], "behind": [], "findings": [], "attempts": 1}',
];

export async function runAddFiles(context: Context, how: { readonly replaces: boolean }): Promise<number> {
  const { args, terminal } = context;
  const [gunText = "", ...paths] = args.positionals;
  const gun = parseGun(gunText);
  const roleText = args.value("role");
  const role = roleText === undefined ? undefined : parseRoleName(roleText);
  const under = args.value("under");
  const found = await findFiles(paths, {
    onFound: (count) => terminal.progress(`found ${count} files ...`),
    ...(under === undefined ? {} : { under }),
  });
  if (found.length === 0) {
    throw new CountersignError("usage.invalid", `there are no files in ${paths.map(printable).join(", ")}`);
  }
  const files = await hashFiles(found, { onProgress: hashing(terminal, found.length) });
  const alike = namesAlike(files.map(({ name }) => name));
  const connections = connectionsOf(context);
  try {
    const { ports, pins, ring } = await openWorkplace(context, connections, gun);
    const report = await addFiles(ports, {
      gun,
      pins,
      ring: await ring(),
      role,
      files,
      replaces: how.replaces,
      sendsContents: !args.flag("no-contents"),
      publisher: args.value("publisher"),
    });
    const bytes = files.reduce((sum, { length }) => sum + length, 0);
    show(terminal, gun, report, { bytes, alike });
    return exitCodes.done;
  } finally {
    connections.close();
  }
}

/** A few words a second at most: a terminal is slower than a disk. */
function hashing(
  terminal: Terminal,
  total: number,
): (done: { readonly files: number; readonly bytes: number }) => void {
  let last = 0;
  return ({ files, bytes }) => {
    const now = performance.now();
    if (now - last < 200) return;
    last = now;
    terminal.progress(`hashing ${files} of ${total} files, ${Math.round(bytes / 1e6)} MB ...`);
  };
}

function show(
  terminal: Terminal,
  gun: Gun,
  { added, replaced, unchanged, withoutContent, publish }: FilesReport,
  { bytes, alike }: { readonly bytes: number; readonly alike: readonly (readonly [string, string])[] },
): void {
  const told: JsonObject = {
    gun,
    added: added.length,
    replaced: replaced.length,
    unchanged,
    bytes,
    withoutContent,
    alike: alike.map(([one, other]) => [one, other]),
    ...publishedJson(publish),
  };
  terminal.value(told);
  terminal.line(
    `${terminal.paint("green", "signed:")} ${added.length} added, ${replaced.length} replaced, ${unchanged} unchanged (${bytes} bytes)`,
  );
  for (const [one, other] of alike) {
    terminal.warning(`${printable(one)} and ${printable(other)} are one file where case or accents do not count`);
  }
  if (withoutContent > 0) {
    terminal.note(
      `${withoutContent} contents are not on the server: hand them out with countersign export --targets --from DIR`,
    );
  }
  showPublished(terminal, publish);
}
