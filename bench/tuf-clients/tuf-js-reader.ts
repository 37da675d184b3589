// As python-tuf-reader.py, with tuf-js. usage: node tuf-js-reader.ts ROOT.json METADATA_URL DIRECTORY TARGET INSTALLATION
import { copyFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { measureOnRequest } from "./measure-on-request.ts";

interface TufJs {
  readonly Updater: new (
    options: object,
  ) => { refresh(): Promise<void>; getTargetInfo(name: string): Promise<object | undefined> };
}

const [root = "", metadataBaseUrl = "", directory = "", target = "", installation = ""] = process.argv.slice(2);
const { Updater }: TufJs = createRequire(join(installation, "package.json"))("tuf-js");
const config = { snapshotMaxLength: 2 ** 28, targetsMaxLength: 2 ** 28, fetchTimeout: 300_000 };

await measureOnRequest(directory, async (metadataDir, mode) => {
  mkdirSync(metadataDir, { recursive: true });
  if (mode === "cold") copyFileSync(root, join(metadataDir, "root.json"));
  const updater = new Updater({ metadataDir, metadataBaseUrl, config });
  await updater.refresh();
  if (mode !== "refresh" && (await updater.getTargetInfo(target)) === undefined) throw new Error(`no target ${target}`);
});
