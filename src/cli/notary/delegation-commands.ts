// `notary delegation add`, `remove`, `purge`: changes of who may sign what, staged in Notary's list.
import { CountersignError, isCountersignError, parseRoleName, type RoleName } from "../../bytes/index.ts";
import { readPublicKeyFile } from "../../flows/index.ts";
import { systemCode } from "../../home/index.ts";
import type { PublicKey } from "../../keys/index.ts";
import { parseCanonicalKeyId } from "../../keys/index.ts";
import { printable } from "../terminal.ts";
import { NotaryUsage } from "./command-line.ts";
import { pathsText } from "./delegation-rows.ts";
import { gunArgument } from "./desk.ts";
import type { NotaryCommand, NotaryContext } from "./front-context.ts";
import { publishIfAsked, stage, stageEntry } from "./staging.ts";

export const delegationAdd: NotaryCommand = async (context) => {
  const { flags, args } = context;
  const allPaths = flags.flag("all-paths");
  const addPaths = allPaths ? [""] : flags.values("paths");
  const complaint =
    "must specify the Global Unique Name and the role of the delegation along with the public key certificate paths and/or a list of paths to add";
  const gun = gunArgument(context, complaint, 2);
  if (args.length < 3 && addPaths.length === 0) throw new NotaryUsage(complaint, true);
  const files = args.slice(2);
  const addKeys: PublicKey[] = [];
  for (const file of files) addKeys.push(await publicKeyOf(file, context.clock()));
  const role = delegationName(args[1] ?? "", "create");
  await stage(context, gun, [{ kind: "delegate", role, addKeys, addPaths }]);
  const keys = files.length === 0 ? "" : `with keys [${addKeys.map(({ id }) => id).join(" ")}], `;
  const paths = addPaths.length === 0 ? "" : `with paths [${printableLines(pathsText(addPaths))}], `;
  context.say(
    `\nAddition of delegation role ${role} ${keys}${paths}to repository "${gun}" staged for next publish.\n\n`,
  );
  await publishIfAsked(context, gun);
};

export const delegationRemove: NotaryCommand = async (context) => {
  const { flags, args } = context;
  const gun = gunArgument(
    context,
    "must specify the Global Unique Name and the role of the delegation along with optional keyIDs and/or a list of paths to remove",
    2,
  );
  const role = delegationName(args[1] ?? "", "remove");
  const removeKeys = args.slice(2).map(keyId);
  const clears = flags.flag("all-paths");
  const removePaths = clears ? [] : flags.values("paths");
  const where = `of delegation role ${role}`;
  const staged = `to repository "${gun}" staged for next publish.\n\n`;
  if (removeKeys.length === 0 && removePaths.length === 0 && !clears) {
    await confirmRemoval(context);
    await stage(context, gun, [{ kind: "undelegate", role }]);
    context.say(`\nForced removal (including all keys and paths) ${where} ${staged}`);
  } else {
    if (removeKeys.length + removePaths.length > 0) {
      await stage(context, gun, [{ kind: "delegate", role, removeKeys, removePaths }]);
    }
    if (clears) await stage(context, gun, [{ kind: "delegate", role, clearsPaths: true }]);
    const keys = removeKeys.length === 0 ? "" : `with keys [${removeKeys.join(" ")}], `;
    const paths = clears
      ? "with all paths, "
      : removePaths.length === 0
        ? ""
        : `with paths [${printableLines(pathsText(removePaths))}], `;
    context.say(`\nRemoval ${where} ${keys}${paths}${staged}`);
  }
  await publishIfAsked(context, gun);
};

export const delegationPurge: NotaryCommand = async (context) => {
  const gun = gunArgument(context, "Please provide a single Global Unique Name as an argument to purge");
  const keys = context.flags.values("key").map(keyId);
  if (keys.length === 0)
    throw new NotaryUsage("Please provide at least one key ID to be removed using the --key flag", true);
  const data = new TextEncoder().encode(JSON.stringify({ remove_keys: keys }));
  await stageEntry(context, gun, { action: "update", scope: "targets/*", kind: "delegation", path: "", data });
  context.say(`Removal of the following keys from all delegations in ${gun} staged for next publish:\n`);
  for (const id of keys) context.say(`\t- ${id}\n`);
  await publishIfAsked(context, gun);
};

async function confirmRemoval({ flags, say, ask }: NotaryContext): Promise<void> {
  const question = "\nAre you sure you want to remove all data for this delegation? (yes/no)\n";
  if (flags.flag("yes")) {
    say(`${question}Confirmed \`yes\` from flag\n`);
    return;
  }
  const answer = (await ask(question.slice(0, -1)))?.trim().toLowerCase();
  if (answer === "y" || answer === "yes") {
    say("\n");
    return;
  }
  throw new NotaryUsage("Aborting action.");
}

/** @throws NotaryUsage */
function delegationName(text: string, verb: "create" | "remove"): RoleName {
  try {
    const role = parseRoleName(text);
    if (role.startsWith("targets/")) return role;
  } catch (error) {
    if (!isCountersignError(error, "role.invalid")) throw error;
  }
  throw new NotaryUsage(
    `failed to ${verb} delegation: tuf: invalid role ${printable(text)}. invalid delegation role name`,
  );
}

/** Notary stages anything here, and no publish can use what is no key id. @throws NotaryUsage */
function keyId(text: string) {
  try {
    return parseCanonicalKeyId(text);
  } catch (error) {
    if (!isCountersignError(error)) throw error;
    throw new NotaryUsage(`invalid key ID provided: ${printable(text)}`);
  }
}

async function publicKeyOf(file: string, now: number): Promise<PublicKey> {
  try {
    return (await readPublicKeyFile(file, now)).publicKey;
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    const isMissing =
      error.code === "disk.unreadable" && (systemCode(error.cause) === "ENOENT" || error.message.includes("no file"));
    if (isMissing) throw new NotaryUsage(`file for public key does not exist: ${file}`);
    const why = error.message.includes("it holds no key") ? "no valid public key found" : error.message;
    throw new NotaryUsage(`unable to parse valid public key certificate from PEM file ${file}: ${why}`);
  }
}

function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}
