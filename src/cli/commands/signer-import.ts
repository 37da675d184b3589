// `countersign signer import`: the keys of a notary-signer's database into ours.
import type { Command, CommandSpec } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { defaultAliasOption, keyStoreOptions } from "../signer/signer-options.ts";

const spec: CommandSpec = {
  name: "signer import",
  usage: ["--config signer-config.json [options]"],
  about: [
    "Brings the keys of a notary-signer over, so that countersign signer can take its place: reads the database that Notary's configuration names (PostgreSQL, MySQL or MariaDB), opens each key with the passphrase of its alias (NOTARY_SIGNER_<ALIAS>), compares it with its public half, and seals it anew. Notary's database is only read.",
    "The keys go to the same PostgreSQL, into a schema of their own, unless --data or --database name another place. It may run as often as you like: what is there already stays. Stop the old signer before the last run, or keys it makes afterwards are missed.",
    "Exit code: 0 all keys are over; 1 some could not be opened, each is named.",
  ],
  positionals: { min: 0, max: 0 },
  options: [...keyStoreOptions, defaultAliasOption],
  examples: [
    ["countersign signer import --config signer-config.json", "into the same PostgreSQL"],
    ["countersign signer import --config signer-config.json --data /var/lib/countersign-signer", "into SQLite"],
  ],
  json: [
    '{"from": "...", "keys": "...", "found": 0, "imported": 0, "already": 0, "refused": [{"keyId": "...", "gun": "...", "role": "...", "reason": "..."}]}',
  ],
};

export const signerImport: Command = {
  spec,
  async run({ args, terminal, env, clock }) {
    const { chooseKeyStore, describeKeyStore, openKeyStore, wrong } = await import("../signer/choose-key-store.ts");
    const { importNotaryKeys, openNotaryKeys } = await import("../signer/notary-keys.ts");
    const { openSignerKeys } = await import("../../notary-signer/index.ts");
    const { settings, store: choice, passphraseOf } = await chooseKeyStore(args, env);
    if (settings === undefined) throw wrong("which signer's keys? give --config signer-config.json");
    await using source = await openNotaryKeys(settings);
    await using store = await openKeyStore(choice);
    const defaultAlias = args.value("default-alias") ?? settings.defaultAlias ?? "default";
    const keys = await openSignerKeys({ store, passphraseOf, defaultAlias, clock });
    const report = await importNotaryKeys(source, keys, passphraseOf, (done, of) =>
      terminal.progress(`${done} of ${of} keys`),
    );
    const { found, imported, already, refused } = report;
    const place = describeKeyStore(choice);
    terminal.value({
      from: source.description,
      keys: place,
      found,
      imported,
      already,
      refused: refused.map((each) => ({ ...each })),
    });
    terminal.line(
      `${imported} keys brought over from ${source.description} to ${place}, ${already} were there already`,
    );
    if (refused.length === 0) return exitCodes.done;
    terminal.warning(`${refused.length} of ${found} keys could not be taken:`);
    const { printable } = await import("../terminal.ts");
    terminal.table(
      ["KEY", "ROLE", "COLLECTION", "WHY"],
      refused.map(({ keyId, role, gun, reason }) => [keyId.slice(0, 64), role, gun, reason].map(printable)),
    );
    return exitCodes.untrusted;
  },
};
