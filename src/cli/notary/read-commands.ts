// `notary list`, `lookup`, `verify`, `delegation list`: what a collection says. Nothing unverified is ever printed.
import { createHash, timingSafeEqual } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { encodeHex, parseRoleName } from "../../bytes/index.ts";
import { diskError, readSmallFile, systemCode } from "../../home/index.ts";
import type { Target } from "../../tuf/index.ts";
import { printable } from "../terminal.ts";
import { columns } from "./columns.ts";
import { NotaryUsage } from "./command-line.ts";
import { allDelegationRows } from "./delegation-rows.ts";
import { gunArgument, openDesk } from "./desk.ts";
import type { NotaryCommand, NotaryContext } from "./front-context.ts";
import { listByRoles, readCollection, warnOfDelegations } from "./reading.ts";

/** Content that is verified lies in memory. */
const maxContentBytes = 2 * 1024 * 1024 * 1024 - 1;

export const list: NotaryCommand = async (context) => {
  const gun = gunArgument(context, "Must specify a GUN");
  using desk = await openDesk(context, gun);
  const collection = await readCollection(context, desk);
  await warnOfDelegations(context, collection);
  const roles = context.flags.values("roles").map(parseRoleName);
  const found = roles.length === 0 ? await collection.listTargets() : listByRoles(collection, roles);
  if (found.length === 0) {
    context.say("\nNo targets present in this repository.\n\n");
    return;
  }
  const sorted = [...found].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const rows = sorted.map(({ name, target, role }) => [printable(name), sha256Of(target), String(target.length), role]);
  context.say(columns(["NAME", "DIGEST", "SIZE (BYTES)", "ROLE"], rows));
};

export const lookup: NotaryCommand = async (context) => {
  const gun = gunArgument(context, "Must specify a GUN and target", 2);
  const name = context.args[1] ?? "";
  using desk = await openDesk(context, gun);
  const collection = await readCollection(context, desk);
  const found = await collection.lookup(name);
  if (found === undefined) throw new NotaryUsage(`No valid trust data for ${printable(name)}`);
  context.say(`${printable(found.name)} sha256:${sha256Of(found.target)} ${found.target.length}\n`);
};

export const verify: NotaryCommand = async (context) => {
  const gun = gunArgument(context, "Must specify a GUN and target", 2);
  const name = context.args[1] ?? "";
  const content = await contentOf(context);
  using desk = await openDesk(context, gun);
  const collection = await readCollection(context, desk);
  const found = await collection.lookup(name);
  if (found === undefined) {
    const shown = printable(name);
    throw new NotaryUsage(`error retrieving target by name:${shown}, error:No valid trust data for ${shown}`);
  }
  requireContent(name, content, found.target);
  await putContent(context, content);
};

export const delegationList: NotaryCommand = async (context) => {
  const gun = gunArgument(context, "Please provide a Global Unique Name as an argument to list");
  using desk = await openDesk(context, gun);
  const collection = await readCollection(context, desk);
  await warnOfDelegations(context, collection);
  const rows = allDelegationRows(collection.documents().targets);
  if (rows.length === 0) context.say("\n\nNo delegations present in this repository.\n\n\n");
  else context.say(`\n${columns(["ROLE", "PATHS", "KEY IDS", "THRESHOLD"], rows)}\n`);
};

function sha256Of({ hashes }: Target): string {
  const hash = hashes.get("sha256");
  return hash === undefined ? "" : encodeHex(hash);
}

/** Every hash we can compute has to be right, and the length. @throws NotaryUsage */
function requireContent(name: string, content: Uint8Array, target: Target): void {
  const refuse = (why: string): NotaryUsage => new NotaryUsage(`data not present in the trusted collection, ${why}`);
  let checked = 0;
  for (const algorithm of ["sha256", "sha512"] as const) {
    const expected = target.hashes.get(algorithm);
    if (expected === undefined) continue;
    const got = createHash(algorithm).update(content).digest();
    if (got.length !== expected.length || !timingSafeEqual(got, expected)) {
      throw refuse(`${algorithm} checksum for ${printable(name)} did not match: expected ${encodeHex(expected)}`);
    }
    checked++;
  }
  if (checked === 0) throw refuse(`no known checksum for ${printable(name)}`);
  if (content.length !== target.length) throw refuse(`${content.length} bytes instead of ${target.length}`);
}

async function contentOf(context: NotaryContext): Promise<Uint8Array> {
  const path = context.flags.value("input");
  if (path === undefined || path === "") return context.readInput(maxContentBytes);
  const bytes = await readSmallFile(path, { maxBytes: maxContentBytes });
  if (bytes === undefined) throw new NotaryUsage(`open ${path}: no such file or directory`);
  return bytes;
}

async function putContent({ flags, sayBytes }: NotaryContext, content: Uint8Array): Promise<void> {
  const path = flags.value("output");
  if (path !== undefined && path !== "") {
    try {
      await writeFile(path, content);
    } catch (error) {
      if (systemCode(error) === "ENOENT") throw new NotaryUsage(`open ${path}: no such file or directory`);
      throw diskError(error, "write", path);
    }
  } else if (!flags.flag("quiet")) sayBytes(content);
}
