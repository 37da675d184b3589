// Downloads one target with tuf-js, starting from a pinned root, and prints where it lies.
// usage: node tuf-js-client.ts INSTALLATION ROOT.json METADATA_URL TARGETS_URL DIRECTORY TARGET
import { copyFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

interface TufJs {
  readonly Updater: new (
    options: object,
  ) => {
    refresh(): Promise<void>;
    getTargetInfo(name: string): Promise<object | undefined>;
    downloadTarget(target: object): Promise<string>;
  };
}

const [installation = "", root = "", metadataBaseUrl = "", targetBaseUrl = "", directory = "", name = ""] =
  process.argv.slice(2);
const metadataDir = join(directory, "metadata");
const targetDir = join(directory, "targets");
mkdirSync(metadataDir, { recursive: true });
mkdirSync(targetDir, { recursive: true });
copyFileSync(root, join(metadataDir, "root.json"));
const { Updater }: TufJs = createRequire(join(installation, "package.json"))("tuf-js");
const updater = new Updater({ metadataDir, metadataBaseUrl, targetDir, targetBaseUrl });
await updater.refresh();
const info = await updater.getTargetInfo(name);
if (info === undefined) throw new Error(`no target ${name}`);
console.log(await updater.downloadTarget(info));
