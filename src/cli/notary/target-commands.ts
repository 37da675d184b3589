// `notary add`, `addhash`, `remove`: changes of targets, staged in Notary's list.
import { readFile } from "node:fs/promises";
import {
  decodeHex,
  type Hashes,
  isCountersignError,
  type JsonValue,
  parseJson,
  parseTargetName,
} from "../../bytes/index.ts";
import { contentOfFile, targetOf } from "../../flows/index.ts";
import { systemCode } from "../../home/index.ts";
import { printable } from "../terminal.ts";
import { NotaryUsage } from "./command-line.ts";
import { gunArgument } from "./desk.ts";
import type { NotaryCommand, NotaryContext } from "./front-context.ts";
import { publishIfAsked, rolesOf, stage } from "./staging.ts";

export const add: NotaryCommand = async (context) => {
  const gun = gunArgument(context, "Must specify a GUN, target, and path to target data", 3);
  const [, nameText = "", path = ""] = context.args;
  const name = parseTargetName(nameText);
  const roles = rolesOf(context);
  const custom = await customOf(context);
  const content = await fileContent(path);
  const { length, hashes } = targetOf(content);
  await stage(
    context,
    gun,
    roles.map((role) => ({ kind: "add", role, name, length, hashes, isVerbatim: true, ...custom })),
  );
  context.say(`Addition of target "${printable(name)}" to repository "${gun}" staged for next publish.\n`);
  await publishIfAsked(context, gun);
};

export const addHash: NotaryCommand = async (context) => {
  const hashes = new Map([...hashOf(context, "sha256", 64), ...hashOf(context, "sha512", 128)]);
  const complaint = "Must specify a GUN, target, byte size of target data, and at least one hash";
  if (hashes.size === 0) throw new NotaryUsage(complaint, true);
  const gun = gunArgument(context, complaint, 3);
  const [, nameText = "", sizeText = ""] = context.args;
  const name = parseTargetName(nameText);
  const length = Number(sizeText);
  if (!/^[0-9]{1,16}$/.test(sizeText) || !Number.isSafeInteger(length)) {
    throw new NotaryUsage(`strconv.ParseInt: parsing "${printable(sizeText)}": invalid syntax`);
  }
  const custom = await customOf(context);
  await stage(
    context,
    gun,
    rolesOf(context).map((role) => ({ kind: "add", role, name, length, hashes, isVerbatim: true, ...custom })),
  );
  const by = [...hashes.keys()].join(", ");
  context.say(
    `Addition of target "${printable(name)}" by ${by} hash to repository "${gun}" staged for next publish.\n`,
  );
  await publishIfAsked(context, gun);
};

export const remove: NotaryCommand = async (context) => {
  // As Notary: without the usage of the command.
  if (context.args.length < 2) throw new NotaryUsage("Must specify a GUN and target");
  const gun = gunArgument(context, "");
  const name = parseTargetName(context.args[1] ?? "");
  await stage(
    context,
    gun,
    rolesOf(context).map((role) => ({ kind: "remove", role, name })),
  );
  context.say(`Removal of ${printable(name)} from ${gun} staged for next publish.\n`);
  await publishIfAsked(context, gun);
};

async function fileContent(path: string) {
  try {
    return await contentOfFile(path);
  } catch (error) {
    if (isMissing(error)) throw new NotaryUsage(`open ${path}: no such file or directory`);
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return systemCode(error) === "ENOENT" || (error instanceof Error && systemCode(error.cause) === "ENOENT");
}

/** What --custom names, ready for a target: written anew in canonical form when it is published, so any order of members is fine. */
async function customOf({ flags }: NotaryContext): Promise<{ readonly custom?: JsonValue }> {
  const path = flags.value("custom");
  if (path === undefined || path === "") return {};
  try {
    return { custom: parseJson(await readFile(path), { maxBytes: 1024 * 1024, numbers: "integral" }) };
  } catch (error) {
    if (isMissing(error)) throw new NotaryUsage(`open ${path}: no such file or directory`);
    if (isCountersignError(error)) throw new NotaryUsage(`${path} cannot be signed as custom data: ${error.message}`);
    throw error;
  }
}

function hashOf({ flags }: NotaryContext, name: "sha256" | "sha512", digits: number): Hashes {
  const text = flags.value(name);
  if (text === undefined || text === "") return new Map();
  if (text.length !== digits || !/^[0-9a-fA-F]+$/.test(text)) {
    throw new NotaryUsage(`invalid ${name} hex contents provided`);
  }
  return new Map([[name, decodeHex(text.toLowerCase())]]);
}
