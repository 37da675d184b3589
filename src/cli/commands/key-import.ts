// `countersign key import FILE`: bring keys from elsewhere.
import { CountersignError, parseGun } from "../../bytes/index.ts";
import { keyPlaces } from "../../flows/index.ts";
import { locateHome, readSmallFile } from "../../home/index.ts";
import { isRecoveryKit, parseRecoveryKit } from "../../signers/index.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { passphraseOptions, passphraseProvider } from "../passphrases.ts";
import { printable } from "../terminal.ts";
import { parseKeyRole } from "./key-generate.ts";

const maxKeyFileBytes = 1024 * 1024;

export const keyImport: Command = {
  spec: {
    name: "key import",
    usage: ["FILE [options]"],
    about: [
      "Takes every key of a file into the key directory, in our own format: Notary's and docker's key files and exports, PKCS#8, SEC1 and PKCS#1 as OpenSSL writes them, and a recovery kit. The same passphrase opens the file and protects the copy.",
    ],
    positionals: { min: 1, max: 1 },
    options: [
      { name: "role", value: "ROLE", text: "root, targets or a signer's name, where the file does not say" },
      { name: "gun", value: "GUN", text: "the collection the key is for, where the file does not say" },
      ...passphraseOptions,
    ],
    examples: [
      ["countersign key import ~/.docker/trust/private/5f2c....key", "a key that docker made"],
      ["countersign key import root.pem --role root", "a key that OpenSSL made"],
      ["countersign key import app.recovery-kit.txt", "the second root key, when the first one is lost"],
    ],
    json: ['{"imported": [{"id": "...", "role": "root", "path": "..."}]}'],
  },
  async run({ args, terminal, env }) {
    const file = args.positionals[0] ?? "";
    const bytes = await readSmallFile(file, { maxBytes: maxKeyFileBytes });
    if (bytes === undefined) {
      throw new CountersignError("disk.unreadable", `there is no file ${file}`);
    }
    // Typed in from paper, perhaps: its checksum finds the slip before a passphrase is blamed for it.
    if (isRecoveryKit(bytes)) parseRecoveryKit(bytes);
    const roleText = args.value("role");
    const gunText = args.value("gun");
    const { vault } = keyPlaces(locateHome(env), env);
    const stored = await vault.importKeys(bytes, {
      passphrases: passphraseProvider(args, env, terminal),
      ...(roleText === undefined ? {} : { role: parseKeyRole(roleText) }),
      ...(gunText === undefined ? {} : { gun: parseGun(gunText) }),
    });
    terminal.value({
      imported: stored.map(({ id, role, gun, path }) => {
        return { id, path, ...(role === undefined ? {} : { role }), ...(gun === undefined ? {} : { gun }) };
      }),
    });
    for (const key of stored) {
      terminal.line(`imported ${key.id}`);
      terminal.facts([
        ["role", key.role === undefined ? undefined : printable(key.role)],
        ["collection", key.gun === undefined ? undefined : printable(key.gun)],
        ["file", key.path],
      ]);
    }
    return exitCodes.done;
  },
};
