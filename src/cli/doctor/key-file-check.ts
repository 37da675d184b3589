// Key files on this machine: closed to others, and encrypted.
import { promises } from "node:fs";
import { findKeys, keyPlaces } from "../../flows/index.ts";
import { printable } from "../terminal.ts";
import { type Check, type Finding, fine, problem, warning } from "./check.ts";

export const keyFileCheck: Check = {
  name: "keys",
  async run({ env, connections }) {
    const keys = await findKeys(keyPlaces(connections.home.locations, env));
    const findings: Finding[] = [];
    for (const { id, path, isEncrypted } of keys) {
      const mode = (await promises.stat(path)).mode & 0o777;
      if (process.platform !== "win32" && (mode & 0o077) !== 0) {
        const text = `others may read the key file ${printable(path)} (mode ${mode.toString(8)})`;
        findings.push(problem("key.readable", text, `close it with: chmod 600 ${path}`));
      }
      if (!isEncrypted) findings.push(warning("key.plain", `key ${id} lies unencrypted in ${printable(path)}`));
    }
    if (findings.length > 0) return findings;
    return [fine("keys.fine", keys.length === 0 ? "no keys are on this machine" : `${keys.length} keys are well kept`)];
  },
};
