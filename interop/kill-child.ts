// What is killed again and again: a server of ours (`node kill-child.ts server OPTIONS`) or a signer (`... signer SETTINGS`). The second
// argument is JSON. Says "ready" on a line of its own once it serves.
import process from "node:process";
import { systemClock } from "../src/bytes/index.ts";
import { openSignerKeys, startSignerServer } from "../src/notary-signer/index.ts";
import { type ServerOptions, startServer } from "../src/server/index.ts";
import { openSqliteSignerKeys } from "../src/storage/index.ts";

export interface SignerSettings {
  readonly directory: string;
  readonly port: number;
  readonly certificatePath: string;
  readonly keyPath: string;
  readonly clientCaPath: string;
}

const [kind, settings = "{}"] = process.argv.slice(2);
if (kind === "server") {
  const options: ServerOptions = JSON.parse(settings);
  await startServer(options);
} else {
  const { directory, ...rest }: SignerSettings = JSON.parse(settings);
  const store = openSqliteSignerKeys(directory);
  const passphraseOf = () => "a test passphrase";
  const keys = await openSignerKeys({
    store,
    passphraseOf,
    defaultAlias: "test",
    clock: systemClock,
    testOnlyCost: 1024,
  });
  await startSignerServer({ keys, ping: () => store.ping(), ...rest });
}
process.stdout.write("ready\n");
