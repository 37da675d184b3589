// `countersign version`: what runs here. The number stands in package.json and nowhere else.
import { readFile } from "node:fs/promises";
import { isJsonObject, parseJson } from "../../bytes/index.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";

export const version: Command = {
  spec: {
    name: "version",
    usage: ["[options]"],
    about: ["Prints the version of countersign and of Node.js."],
    positionals: { min: 0, max: 0 },
    options: [],
    examples: [["countersign version --json", "the same as one JSON text"]],
    json: ['{"version": "0.1.0", "node": "24.0.0"}'],
  },
  async run({ terminal }) {
    const found = await ownVersion();
    terminal.value({ version: found, node: process.versions.node });
    terminal.line(`countersign ${found} (Node.js ${process.versions.node})`);
    return exitCodes.done;
  },
};

/** From the nearest package.json above this file that is ours: the depth differs between the sources and the build. */
export async function ownVersion(): Promise<string> {
  for (const up of ["../", "../../", "../../../"]) {
    const bytes = await readFile(new URL(`${up}package.json`, import.meta.url)).catch(() => undefined);
    if (bytes === undefined) continue;
    const value = parseJson(bytes, { numbers: "integral" });
    if (isJsonObject(value) && value.name === "countersign" && typeof value.version === "string") {
      return value.version;
    }
  }
  return "unknown";
}
