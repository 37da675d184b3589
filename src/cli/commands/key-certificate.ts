// `countersign key certificate KEY-ID GUN`: the certificate under which a key may become a root key of somebody's collection.
import { CountersignError, parseGun } from "../../bytes/index.ts";
import { keyPlaces, openKeyRing } from "../../flows/index.ts";
import { createFile, locateHome } from "../../home/index.ts";
import { parseCanonicalKeyId } from "../../keys/index.ts";
import { rootCertificate } from "../../publish/index.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { passphraseOptions, passphraseProvider } from "../passphrases.ts";

export const keyCertificate: Command = {
  spec: {
    name: "key certificate",
    usage: ["KEY-ID GUN [options]"],
    about: [
      "Writes a root certificate of a key for one collection. Hand it to the collection's owner, who adds the key with countersign rotate GUN root --keep --add FILE; it holds nothing secret.",
    ],
    positionals: { min: 2, max: 2 },
    options: [
      { name: "output", short: "o", value: "FILE", isFile: true, text: "where it goes; printed unless given" },
      ...passphraseOptions,
    ],
    examples: [["countersign key certificate KEY-ID registry.example.com/team/app -o bob.crt", "for a team root"]],
    json: ['{"id": "...", "gun": "...", "certificate": "-----BEGIN CERTIFICATE-----..."}'],
  },
  async run({ args, terminal, env, clock }) {
    const [idText = "", gunText = ""] = args.positionals;
    const id = parseCanonicalKeyId(idText);
    const gun = parseGun(gunText);
    const ring = await openKeyRing(keyPlaces(locateHome(env), env), passphraseProvider(args, env, terminal));
    const { pem } = await rootCertificate({ gun, now: clock() }, await ring.open(id));
    const output = args.value("output");
    if (output !== undefined && !(await createFile(output, pem))) {
      throw new CountersignError("key.exists", `${output} is there already`, { hints: ["name another file"] });
    }
    terminal.value({ id, gun, certificate: pem });
    if (output !== undefined) terminal.line(`wrote a root certificate of ${id} for ${gun} to ${output}`);
    else if (!terminal.json) terminal.raw(pem);
    return exitCodes.done;
  },
};
