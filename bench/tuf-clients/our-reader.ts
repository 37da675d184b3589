// As python-tuf-reader.py, with our client. usage: node our-reader.ts ROOT.json METADATA_URL DIRECTORY TARGET
import { readFileSync } from "node:fs";
import { systemClock } from "../../src/bytes/index.ts";
import { openDirectoryStore, openTufRepository, openWebTransport } from "../../src/tuf-client/index.ts";
import { measureOnRequest } from "./measure-on-request.ts";

const [root = "", metadataUrl = "", directory = "", target = ""] = process.argv.slice(2);
const bootstrapRoot = readFileSync(root);
using transport = openWebTransport({ bases: [metadataUrl], attempts: 1 });

await measureOnRequest(directory, async (metadataDir, mode) => {
  const repository = openTufRepository({
    metadataUrl,
    store: openDirectoryStore(metadataDir),
    transport,
    clock: systemClock,
    limits: { snapshotBytes: 2 ** 28, targetsBytes: 2 ** 28 },
    ...(mode === "cold" ? { bootstrapRoot } : {}),
  });
  await repository.refresh();
  if (mode !== "refresh" && (await repository.lookup(target)) === undefined) throw new Error(`no target ${target}`);
});
