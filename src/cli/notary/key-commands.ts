// `notary key list`, `generate`, `passwd`, `remove`: the keys of a trust directory. Which there are is known without a passphrase.
import { formatPem } from "../../bytes/index.ts";
import { createFile } from "../../home/index.ts";
import {
  type CanonicalKeyId,
  generatePrivateKey,
  parseCanonicalKeyId,
  publicKeyFromKeyObject,
} from "../../keys/index.ts";
import { type KeyDescription, purposeOfRole, writeNotaryStoredKey } from "../../signers/index.ts";
import { printable } from "../terminal.ts";
import { columns, shortened } from "./columns.ts";
import { NotaryUsage } from "./command-line.ts";
import { deskKeys } from "./desk.ts";
import type { NotaryCommand, NotaryContext } from "./front-context.ts";
import { newPassphrases } from "./prompts.ts";

const maxGunWidth = 25;
const maxLocationWidth = 40;

export const keyList: NotaryCommand = async (context) => {
  const { directory, say, args } = context;
  if (args.length > 0) throw new NotaryUsage("key list takes no arguments", true);
  const keys = [...(await deskKeys(context).vault.list())].sort(byRole);
  if (keys.length === 0) {
    say("\nNo signing keys found.\n\n");
    return;
  }
  const rows = keys.map(({ role, gun, id }) => [
    printable(role ?? ""),
    shortened(printable(gun ?? ""), maxGunWidth),
    id,
    shortened(directory.keys, maxLocationWidth),
  ]);
  say(`\n${columns(["ROLE", "GUN", "KEY ID", "LOCATION"], rows)}\n`);
};

/** Root keys first, then by collection, role and id. */
function byRole(a: KeyDescription, b: KeyDescription): number {
  const order = (key: KeyDescription) => [key.role === "root" ? "0" : "1", key.gun ?? "", key.role ?? "", key.id];
  const [left, right] = [order(a), order(b)];
  const at = left.findIndex((part, index) => part !== right[index]);
  return at === -1 ? 0 : (left[at] ?? "") < (right[at] ?? "") ? -1 : 1;
}

export const keyGenerate: NotaryCommand = async (context) => {
  const { args, flags, say } = context;
  if (args.length > 1) {
    throw new NotaryUsage("Please provide only one Algorithm as an argument to generate (rsa, ecdsa)", true);
  }
  const algorithm = args[0] ?? "ecdsa";
  if (algorithm.toLowerCase() !== "ecdsa") throw new NotaryUsage("Algorithm not allowed, possible values are: ECDSA");
  const role = flags.value("role") ?? "root";
  if (!/^[-A-Za-z0-9_./]{1,255}$/.test(role)) throw new NotaryUsage(`invalid role ${printable(role)}`);
  const output = flags.value("output");
  if (output !== undefined && output !== "") return writePair(context, output, role);
  const { vault } = deskKeys(context);
  const made = await vault.generate({ role, passphrases: context.passphrases });
  say(`Generated new ecdsa ${role} key with keyID: ${made.id}\n`);
};

/** The pair goes to files beside each other, not into the trust directory. */
async function writePair(context: NotaryContext, output: string, role: string): Promise<void> {
  const key = await generatePrivateKey("ecdsa-p256");
  const publicKey = publicKeyFromKeyObject(key);
  const request = { purpose: purposeOfRole(role), keyId: publicKey.id, role, attempt: 1, isNew: true };
  const passphrase = await context.passphrases(request);
  if (passphrase === undefined) throw new NotaryUsage("maximum number of passphrase attempts exceeded");
  const files = [
    [`${output}-key.pem`, await writeNotaryStoredKey(key, passphrase, { role })],
    [`${output}.pem`, formatPem("PUBLIC KEY", publicKey.spki, new Map([["role", role]]))],
  ] as const;
  for (const [path, text] of files) {
    if (!(await createFile(path, text)))
      throw new NotaryUsage(`${path} is there already, and a key is never overwritten`);
  }
}

export const keyPasswd: NotaryCommand = async (context) => {
  const id = keyIdArgument(context, "must specify the key ID of the key to change the passphrase of");
  const { vault } = deskKeys(context);
  if (!(await vault.list()).some((key) => key.id === id)) {
    throw new NotaryUsage(`could not retrieve local key for key ID provided: ${id}`);
  }
  const { env, canAsk, say, ask, passphrases } = context;
  await vault.changePassphrase(id, newPassphrases({ env, canAsk, say, ask }, passphrases));
  say(`\nSuccessfully updated passphrase for key ID: ${id}\n`);
};

export const keyRemove: NotaryCommand = async (context) => {
  const id = keyIdArgument(context, "must specify the key ID of the key to remove");
  const { say, ask, directory } = context;
  const { vault } = deskKeys(context);
  const key = (await vault.list()).find((one) => one.id === id);
  say("\n");
  if (key === undefined) {
    say("\n");
    throw new NotaryUsage(`No key with ID ${id} found`);
  }
  const what = `${id} (role ${printable(key.role ?? "")}) from ${directory.keys}`;
  const answer = (await ask(`Are you sure you want to remove ${what}?  (yes/no)  `))?.trim().toLowerCase();
  if (answer !== "y" && answer !== "yes") {
    say("\nAborting action.\n\n");
    return;
  }
  await vault.remove(id);
  say(`\nDeleted ${what}.\n\n`);
};

/** @throws NotaryUsage */
function keyIdArgument({ args }: NotaryContext, complaint: string): CanonicalKeyId {
  const [text, another] = args;
  if (text === undefined || another !== undefined) throw new NotaryUsage(complaint, true);
  if (!/^[0-9a-f]{64}$/.test(text)) throw new NotaryUsage(`invalid key ID provided: ${printable(text)}`);
  return parseCanonicalKeyId(text);
}
