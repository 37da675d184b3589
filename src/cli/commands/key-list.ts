// `countersign key list`: which keys are on this machine.
import { type FoundKey, findKeys, keyPlaces } from "../../flows/index.ts";
import { locateHome } from "../../home/index.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { printable } from "../terminal.ts";

export const keyList: Command = {
  spec: {
    name: "key list",
    usage: ["[options]"],
    about: [
      "Lists the keys on this machine: ours, then Notary's and docker's, which are used where they are. No passphrase is needed.",
    ],
    positionals: { min: 0, max: 0 },
    options: [],
    examples: [["countersign key list", "every key that could sign here"]],
    json: [
      '{"keys": [{"id": "...", "role": "root", "purpose": "root", "gun": "...", "algorithm": "ecdsa-p256", "encrypted": true, "path": "..."}]}',
    ],
  },
  async run({ terminal, env }) {
    const keys = await findKeys(keyPlaces(locateHome(env), env));
    terminal.value({ keys: keys.map(keyJson) });
    if (keys.length === 0) terminal.note("no keys on this machine; countersign init makes them");
    else {
      terminal.table(
        ["KEY ID", "ROLE", "COLLECTION", "ALGORITHM", "PATH"],
        keys.map((key) => [
          key.id,
          printable(key.role ?? "-"),
          printable(key.gun ?? "-"),
          key.algorithm ?? "?",
          printable(key.path),
        ]),
      );
    }
    return exitCodes.done;
  },
};

function keyJson(key: FoundKey): Readonly<Record<string, string | boolean>> {
  return {
    id: key.id,
    purpose: key.purpose,
    encrypted: key.isEncrypted,
    path: key.path,
    ...(key.role === undefined ? {} : { role: key.role }),
    ...(key.gun === undefined ? {} : { gun: key.gun }),
    ...(key.algorithm === undefined ? {} : { algorithm: key.algorithm }),
  };
}
