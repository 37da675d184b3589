// Test code: rotates the passphrase of a data directory from `old` to `new` in small batches, telling each, until it is killed.
import { openSqliteSignerKeys } from "../storage/index.ts";
import { rotatePassphrase } from "./rotate-passphrase.ts";

await using store = openSqliteSignerKeys(process.argv[2] ?? "");
await rotatePassphrase({
  store,
  passphraseOf: (alias) => `the ${alias} passphrase`,
  from: "old",
  to: "new",
  batch: 3,
  testOnlyCost: 1024,
  onProgress: (resealed) => process.stdout.write(`${resealed}\n`),
});
