// `docker trust key load KEYFILE`: a private key into docker's directory.
import { resolve } from "node:path";
import { loadSignerKey, parseKeyName } from "../../docker-trust/index.ts";
import { printable } from "../terminal.ts";
import { say, type TrustCommand } from "./trust-command.ts";
import { dockerVault, passphrasesOf } from "./trust-place.ts";

export const trustKeyLoad: TrustCommand = {
  spec: {
    words: ["key", "load"],
    usage: "[OPTIONS] KEYFILE",
    summary: "Load a private key file for signing",
    names: { exactly: 1 },
    options: [{ name: "name", value: "string", text: ['Name for the loaded key (default "signer")'] }],
  },
  async run(context) {
    const { args, streams, workingDirectory } = context;
    const [file = ""] = args.names;
    const name = parseKeyName(args.values("name")[0] ?? "signer");
    say(streams, `Loading key from "${printable(file)}"...`);
    await loadSignerKey(dockerVault(context), {
      path: resolve(workingDirectory, file),
      shownPath: file,
      name,
      passphrases: passphrasesOf(context, name),
    });
    say(streams, `Successfully imported key from ${printable(file)}`);
    return 0;
  },
};
