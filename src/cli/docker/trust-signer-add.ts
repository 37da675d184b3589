// `docker trust signer add --key FILE NAME REPOSITORY...`: lets somebody sign every tag of a repository, which is started if it is new.
import { resolve } from "node:path";
import { CountersignError, isCountersignError } from "../../bytes/index.ts";
import { addSigner, parseSignerName, startRepository } from "../../docker-trust/index.ts";
import { readPublicKeyFile } from "../../flows/index.ts";
import type { PublicKey } from "../../keys/index.ts";
import { failureText } from "./failure.ts";
import { say, type TrustCommand, type TrustContext } from "./trust-command.ts";
import { inRepository } from "./trust-place.ts";

export const trustSignerAdd: TrustCommand = {
  spec: {
    words: ["signer", "add"],
    usage: "OPTIONS NAME REPOSITORY [REPOSITORY...] ",
    summary: "Add a signer",
    names: { min: 2 },
    options: [{ name: "key", value: "list", text: ["Path to the signer's public key file"] }],
  },
  async run(context) {
    const { args, streams } = context;
    const [name = "", ...repositories] = args.names;
    const role = parseSignerName(name);
    const files = args.values("key");
    if (files.length === 0) {
      throw new CountersignError("usage.invalid", "path to a public key must be provided using the `--key` flag");
    }
    const keys: PublicKey[] = [];
    for (const file of files) keys.push(await readKey(context, file));
    const failed: string[] = [];
    for (const text of repositories) {
      say(streams, `Adding signer "${name}" to ${text}...`);
      try {
        await inRepository(context, text, async (repository) => {
          await repository.whileStarting(async () => {
            if ((await repository.read({ offline: false })) !== undefined) return;
            say(streams, `Initializing signed repository for ${text}...`);
            await startRepository(repository);
            say(streams, `Successfully initialized "${text}"`);
          });
          await repository.publish({ changes: () => addSigner(role, keys) });
        });
        say(streams, `Successfully added signer: ${name} to ${text}\n`);
      } catch (error) {
        if (!isCountersignError(error)) throw error;
        streams.err(`${failureText(error)}\n`);
        failed.push(text);
      }
    }
    if (failed.length === 0) return 0;
    throw new CountersignError("usage.invalid", `failed to add signer to: ${failed.join(", ")}`);
  },
};

async function readKey({ workingDirectory, clock }: TrustContext, file: string): Promise<PublicKey> {
  try {
    return (await readPublicKeyFile(resolve(workingDirectory, file), clock())).publicKey;
  } catch (cause) {
    if (!isCountersignError(cause)) throw cause;
    const words =
      cause.kind === "local" ? "unable to read public key from file" : `could not parse public key from file: ${file}`;
    throw new CountersignError(cause.code, `${words}: ${cause.message}`, { cause, hints: cause.hints });
  }
}
