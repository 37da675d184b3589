// `docker trust key generate NAME`: a signer's key pair, the private half into docker's directory, NAME.pub beside.
import { join, resolve } from "node:path";
import { generateSignerKey } from "../../docker-trust/index.ts";
import { say, type TrustCommand } from "./trust-command.ts";
import { dockerVault, passphrasesOf } from "./trust-place.ts";

export const trustKeyGenerate: TrustCommand = {
  spec: {
    words: ["key", "generate"],
    usage: "NAME",
    summary: "Generate and load a signing key-pair",
    names: { exactly: 1 },
    options: [
      {
        name: "dir",
        value: "string",
        text: ["Directory to generate key in, defaults to current", "directory"],
      },
    ],
  },
  async run(context) {
    const { args, streams, workingDirectory } = context;
    const [name = ""] = args.names;
    const chosen = args.values("dir")[0] ?? "";
    await generateSignerKey(
      dockerVault(context),
      { name, directory: resolve(workingDirectory, chosen), passphrases: passphrasesOf(context, name) },
      () => say(streams, `Generating key for ${name}...`),
    );
    // Docker shows the directory as it was given.
    const path = join(chosen === "" ? workingDirectory : chosen, `${name}.pub`);
    say(streams, `Successfully generated and loaded private key. Corresponding public key available: ${path}`);
    return 0;
  },
};
