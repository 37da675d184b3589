// Reads a TUF repository with tuf-js from a root that is brought along, and downloads targets. One line of JSON a target says where it
// lies, or why there is none. The same directory again is a reader who comes back.
// usage: node tuf-js-client.ts INSTALLATION ROOT.json METADATA_URL TARGETS_URL DIRECTORY TARGET...
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

interface Updater {
  refresh(): Promise<void>;
  getTargetInfo(name: string): Promise<object | undefined>;
  downloadTarget(target: object): Promise<string>;
}

interface TufJs {
  readonly Updater: new (options: object) => Updater;
}

const [installation = "", root = "", metadataBaseUrl = "", targetBaseUrl = "", directory = "", ...names] =
  process.argv.slice(2);
const metadataDir = join(directory, "metadata");
const targetDir = join(directory, "targets");
mkdirSync(metadataDir, { recursive: true });
mkdirSync(targetDir, { recursive: true });
const trusted = join(metadataDir, "root.json");
if (!existsSync(trusted)) copyFileSync(root, trusted);
const tufJs: TufJs = createRequire(join(installation, "package.json"))("tuf-js");
const client = new tufJs.Updater({ metadataDir, metadataBaseUrl, targetDir, targetBaseUrl });
await client.refresh();
for (const target of names) console.log(JSON.stringify({ target, ...(await download(target)) }));

async function download(name: string): Promise<{ readonly path: string } | { readonly error: string }> {
  try {
    const info = await client.getTargetInfo(name);
    return info === undefined ? { error: "no such target" } : { path: await client.downloadTarget(info) };
  } catch (error) {
    return { error: String(error) };
  }
}
