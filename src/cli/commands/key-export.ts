// `countersign key export KEY-ID`: a key to carry elsewhere, always encrypted.
import { CountersignError } from "../../bytes/index.ts";
import { keyPlaces } from "../../flows/index.ts";
import { createFile, locateHome } from "../../home/index.ts";
import type { CanonicalKeyId } from "../../keys/index.ts";
import type { KeyDescription } from "../../signers/index.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { passphraseOptions, passphraseProvider } from "../passphrases.ts";

export const keyExport: Command = {
  spec: {
    name: "key export",
    usage: ["KEY-ID --output FILE [options]"],
    about: [
      "Writes a key of our key directory to a file, encrypted. The default form opens with OpenSSL and with key import; --form notary is for notary key import, whose key derivation is weak: keep such a file for the move only.",
    ],
    positionals: { min: 1, max: 1 },
    options: [
      {
        name: "output",
        short: "o",
        value: "FILE",
        isFile: true,
        text: "where to; an existing file is never overwritten",
      },
      { name: "form", value: "FORM", text: "pkcs8 (the default) or notary" },
      ...passphraseOptions,
    ],
    examples: [["countersign key export 5f2c... --form notary -o root.pem", "for notary key import root.pem"]],
    json: ['{"id": "...", "file": "root.pem", "form": "pkcs8"}'],
  },
  async run({ args, terminal, env }) {
    const form = args.value("form") ?? "pkcs8";
    const file = args.value("output");
    if (form !== "pkcs8" && form !== "notary") {
      throw new CountersignError("usage.invalid", `unknown form ${JSON.stringify(form.slice(0, 40))}`, {
        hints: ["forms: pkcs8, notary"],
      });
    }
    if (file === undefined) {
      throw new CountersignError("usage.invalid", "key export needs --output FILE", {
        hints: ["a private key is not printed, not even encrypted"],
      });
    }
    const { vault } = keyPlaces(locateHome(env), env);
    const id = keyNamed(args.positionals[0] ?? "", await vault.list());
    const text = await vault.exportKey(id, { form, passphrases: passphraseProvider(args, env, terminal) });
    if (!(await createFile(file, text))) throw new CountersignError("key.exists", `${file} is there already`);
    terminal.value({ id, file, form });
    terminal.line(`exported ${id} to ${file}`);
    return exitCodes.done;
  },
};

/** The one key whose id begins so: tables and verdicts show ids cut short. @throws key.missing, usage.invalid */
function keyNamed(start: string, keys: readonly KeyDescription[]): CanonicalKeyId {
  if (!/^[0-9a-f]{4,64}$/.test(start)) {
    throw new CountersignError("usage.invalid", `not a key id: ${JSON.stringify(start.slice(0, 80))}`, {
      hints: ["give the first hexadecimal digits of an id, at least four, as countersign key list shows them"],
    });
  }
  const [found, ...others] = keys.filter(({ id }) => id.startsWith(start));
  if (found === undefined) throw new CountersignError("key.missing", `no key here begins with ${start}`);
  if (others.length > 0) {
    throw new CountersignError("usage.invalid", `${others.length + 1} keys here begin with ${start}`, {
      hints: ["give more digits"],
    });
  }
  return found.id;
}
