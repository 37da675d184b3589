// `notary key import` and `key export`: keys between trust directories, as PEM text with Notary's headers. Exported keys stay encrypted
// under their own passphrases, so neither command needs one for them.
import { CountersignError, encodeUtf8, formatPem, isCountersignError } from "../../bytes/index.ts";
import { findKeys } from "../../flows/index.ts";
import { createFile, readSmallFile, replaceFile } from "../../home/index.ts";
import { NotaryUsage } from "./command-line.ts";
import { deskKeys } from "./desk.ts";
import type { NotaryCommand } from "./front-context.ts";
import { importBlock, privateKeyBlocks } from "./key-import.ts";
import { requiredFile } from "./required-file.ts";

export const keyImport: NotaryCommand = async (context) => {
  const { args, flags } = context;
  if (args.length < 1) throw new NotaryUsage("must specify at least one input file to import keys from", true);
  const given = { role: flags.value("role"), gun: flags.value("gun") };
  const { vault } = deskKeys(context);
  let failed: unknown;
  for (const file of args) {
    const bytes = await requiredFile(file);
    const blocks = privateKeyBlocks(bytes);
    if (blocks.length === 0) {
      context.log("warning", `no private key in ${file}`);
      // Not a file of another kind, as Notary passes over, but a key that was cut short.
      if (Buffer.from(bytes).includes("PRIVATE KEY-----")) {
        failed ??= new CountersignError(
          "key.format",
          `${file} is damaged: a file that was only half written ends early`,
        );
      }
    }
    for (const block of blocks) {
      try {
        await importBlock(context, vault, block, given);
      } catch (error) {
        if (!isCountersignError(error)) throw error;
        const id = block.headers.get("path");
        context.log("warning", `failed to import key${id === undefined ? "" : ` (${id})`} to store: ${error.message}`);
        failed ??= error;
      }
    }
  }
  // Notary ends with 0 here, and the key that was to be imported is missing at the next publish.
  if (failed !== undefined) throw failed;
};

export const keyExport: NotaryCommand = async (context) => {
  const { flags } = context;
  const ids = flags.values("key");
  const guns = flags.values("gun");
  if (context.args.length > 0) throw new NotaryUsage("key export takes no arguments", true);
  if (ids.length > 0 && guns.length > 0) {
    throw new NotaryUsage("Only the --gun or --key flag may be provided, not a mix of the two flags");
  }
  const parts: string[] = [];
  const wanted = (await findKeys(deskKeys(context))).filter((key) =>
    ids.length > 0 ? ids.includes(key.id) : guns.length === 0 || guns.includes(key.gun ?? ""),
  );
  for (const id of ids) {
    if (!wanted.some((key) => key.id === id)) throw new NotaryUsage(`no key ${id} in ${context.directory.keys}`);
  }
  for (const key of wanted) {
    const bytes = await readSmallFile(key.path, { maxBytes: 1024 * 1024 });
    const [block] = bytes === undefined ? [] : privateKeyBlocks(bytes);
    if (block === undefined) continue;
    const headers = new Map([...block.headers, ["path", key.id] as const].sort(([a], [b]) => (a < b ? -1 : 1)));
    parts.push(formatPem(block.label, block.bytes, headers));
  }
  const text = parts.join("");
  const output = flags.value("output");
  if (output === undefined || output === "") context.say(text);
  else if (!(await createFile(output, text))) await replaceFile(output, encodeUtf8(text));
};
