// `countersign key generate`: a new key in the vault.
import { CountersignError, parseGun } from "../../bytes/index.ts";
import { keyPlaces } from "../../flows/index.ts";
import { createFile, locateHome } from "../../home/index.ts";
import type { KeyAlgorithm } from "../../keys/index.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { passphraseOptions, passphraseProvider } from "../passphrases.ts";

/** What people choose from; P-256 is the one key that every verifier reads. */
const algorithms: readonly KeyAlgorithm[] = ["ecdsa-p256", "ed25519"];

export const keyGenerate: Command = {
  spec: {
    name: "key generate",
    usage: ["ROLE [options]"],
    about: [
      "Makes a key and keeps it, encrypted, in the key directory. ROLE is root, targets, or a signer's name for a delegation. init makes its own keys; this is for a root key to be shared by several collections, and for signers.",
    ],
    positionals: { min: 1, max: 1 },
    options: [
      { name: "algorithm", value: "NAME", text: "ecdsa-p256 (the default, which every verifier reads) or ed25519" },
      { name: "gun", value: "GUN", text: "the one collection that the key is for" },
      {
        name: "public-key",
        value: "FILE",
        isFile: true,
        text: "also write the public key there, as PEM, to hand to an owner",
      },
      ...passphraseOptions,
    ],
    examples: [
      ["countersign key generate root", "a root key for all collections of a team"],
      ["countersign key generate alice --public-key alice.pem", "a signer's key, and the part to hand over"],
    ],
    json: ['{"id": "...", "role": "root", "algorithm": "ecdsa-p256", "path": "..."}'],
  },
  async run({ args, terminal, env }) {
    const role = parseKeyRole(args.positionals[0] ?? "");
    const algorithm = parseAlgorithm(args.value("algorithm"));
    const gunText = args.value("gun");
    const gun = gunText === undefined ? undefined : parseGun(gunText);
    const { vault } = keyPlaces(locateHome(env), env);
    const passphrases = passphraseProvider(args, env, terminal);
    const made = await vault.generate({ role, gun, algorithm, passphrases });
    const file = args.value("public-key");
    if (file !== undefined && made.publicKey !== undefined) {
      const pem = made.publicKey.keyObject.export({ type: "spki", format: "pem" });
      if (!(await createFile(file, pem))) {
        throw new CountersignError("key.exists", `${file} is there already; the key itself was made: ${made.path}`);
      }
    }
    terminal.value({ id: made.id, role, algorithm, path: made.path, ...(gun === undefined ? {} : { gun }) });
    terminal.line(`made a ${role} key`);
    terminal.facts([
      ["key id", made.id],
      ["file", made.path],
      ["public key", file],
    ]);
    return exitCodes.done;
  },
};

/** Signer names as docker writes them (notary-v1, section 13); `snapshot` and `timestamp` belong to the server. */
export function parseKeyRole(text: string): string {
  if (/^[a-z0-9][a-z0-9_-]{0,63}$/.test(text) && !["snapshot", "timestamp", "recovery", "releases"].includes(text))
    return text;
  throw new CountersignError("role.invalid", `no key is made for ${JSON.stringify(text.slice(0, 60))}`, {
    hints: ["ROLE is root, targets, or a signer's name in lower case, such as alice"],
  });
}

function parseAlgorithm(text: string | undefined): KeyAlgorithm {
  if (text === undefined) return "ecdsa-p256";
  const found = algorithms.find((algorithm) => algorithm === text);
  if (found !== undefined) return found;
  throw new CountersignError("key.unsupported", `no keys are made of type ${JSON.stringify(text.slice(0, 40))}`, {
    hints: [`types: ${algorithms.join(", ")}`],
  });
}
