// The passphrase of a new recovery kit.
import { CountersignError } from "../bytes/index.ts";
import { generateRecoveryPassphrase } from "../signers/index.ts";
import type { Context } from "./command.ts";
import { passphraseProvider, passphraseVariables } from "./passphrases.ts";

/** From the options or the environment; on a terminal a strong one is made and shown once. A log file is no place for it. */
export async function newKitPassphrase({ args, env, terminal }: Context): Promise<string> {
  const isGiven = passphraseVariables.recovery.some((name) => (env[name] ?? "") !== "");
  if (isGiven || args.value("passphrase-file") !== undefined || args.value("passphrase-fd") !== undefined) {
    const provider = passphraseProvider(args, env, terminal);
    const given = await provider({ purpose: "recovery", keyId: undefined, attempt: 1, isNew: true });
    if (given !== undefined) return given;
  }
  if (!terminal.canAsk) {
    throw new CountersignError(
      "key.passphrase_missing",
      "the recovery kit needs a passphrase, and there is no terminal to show one on",
      {
        hints: [
          "set COUNTERSIGN_RECOVERY_PASSPHRASE",
          "or say --no-recovery-kit, and keep other copies of the root key",
        ],
      },
    );
  }
  const made = generateRecoveryPassphrase();
  terminal.note("the recovery kit's passphrase, shown this once. Write it down, apart from the kit:");
  terminal.note(`\n    ${made}\n`);
  const answer = await terminal.ask("press Enter when it is written down ");
  if (answer === undefined) throw new CountersignError("key.passphrase_missing", "stopped before anything was made");
  return made;
}
