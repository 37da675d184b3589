// `notary version`. Scripts look for the first word and for "Version:".
import { ownVersion } from "../commands/version.ts";
import type { NotaryCommand } from "./front-context.ts";

/** What `notary --version` prints. */
export async function versionLine(): Promise<string> {
  return `notary Version: ${await ownVersion()}, Git commit: countersign, Go version: none\n`;
}

export const version: NotaryCommand = async ({ say }) => {
  say(`notary\n Version:    ${await ownVersion()}\n Git commit: countersign\n Go version: none\n`);
};
