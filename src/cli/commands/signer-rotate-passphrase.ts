// `countersign signer rotate-passphrase`: seals the signer's keys anew under another passphrase.
import { usage } from "../arguments.ts";
import type { Command, CommandSpec } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { keyStoreOptions } from "../signer/signer-options.ts";

const spec: CommandSpec = {
  name: "signer rotate-passphrase",
  usage: ["--from ALIAS --to ALIAS [options]"],
  about: [
    "Seals every key that is under one passphrase anew under another. Both are known by their aliases and come from the environment, as for countersign signer: COUNTERSIGN_SIGNER_<ALIAS>, NOTARY_SIGNER_<ALIAS>, or COUNTERSIGN_SIGNER_<ALIAS>_FILE.",
    "With PostgreSQL signers may keep running: start them first with both passphrases and the new alias as default. With SQLite stop the signer. It may be interrupted or killed at any moment: no key is lost, and running it again finishes. When it is done the old passphrase is needed no more, but for backups.",
  ],
  positionals: { min: 0, max: 0 },
  options: [
    { name: "from", value: "ALIAS", text: "the passphrase that seals keys now" },
    { name: "to", value: "ALIAS", text: "the new one" },
    ...keyStoreOptions,
  ],
  examples: [
    ["countersign signer rotate-passphrase --from y2025 --to y2026 --data /var/lib/countersign-signer", "with SQLite"],
  ],
  json: ['{"keys": "...", "resealed": 0, "damaged": ["..."], "aliases": [{"alias": "...", "keys": 0}]}'],
};

export const signerRotatePassphrase: Command = {
  spec,
  async run({ args, terminal, env }) {
    const from = args.value("from");
    const to = args.value("to");
    if (from === undefined || to === undefined) throw usage(spec, "from which passphrase to which? --from and --to");
    const { chooseKeyStore, describeKeyStore, openKeyStore } = await import("../signer/choose-key-store.ts");
    const { rotatePassphrase } = await import("../../notary-signer/index.ts");
    const { store: choice, passphraseOf } = await chooseKeyStore(args, env);
    await using store = await openKeyStore(choice);
    const { resealed, damaged } = await rotatePassphrase({
      store,
      passphraseOf,
      from,
      to,
      onProgress: (done) => terminal.progress(`${done} keys sealed anew`),
    });
    const aliases = await store.aliasesInUse();
    const place = describeKeyStore(choice);
    terminal.value({
      keys: place,
      resealed,
      damaged: [...damaged],
      aliases: aliases.map(({ alias, keys }) => ({ alias, keys })),
    });
    terminal.line(`${resealed} keys of ${place} are sealed under ${to} now`);
    const left = aliases.find(({ alias }) => alias === from)?.keys ?? 0;
    if (damaged.length > 0) {
      terminal.warning(
        `${damaged.length} keys do not open and were left as they are: ${damaged.slice(0, 10).join(", ")}`,
      );
      return exitCodes.untrusted;
    }
    if (left > 0) {
      terminal.warning(
        `a running signer has made ${left} more under ${from}: make ${to} its default alias and run this again`,
      );
      return exitCodes.conflict;
    }
    terminal.line(`nothing is sealed under ${from} any more; keep its passphrase as long as backups from before`);
    return exitCodes.done;
  },
};
