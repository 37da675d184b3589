// The client as programs use it: the example of docs/tuf-client.md stands between the two marks below, word for word, is compiled with
// everything else, and runs against a server in this process.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { it } from "node:test";
// example:begin
import { openDirectoryStore, openTufRepository, openWebTransport } from "countersign/tuf-client";

/** A verified file of the repository at `base`, below `directory`; `root` came with the program. */
async function fetchVerified(base: string, path: string, directory: string, root: Uint8Array): Promise<string> {
  const [metadataUrl, targetsUrl] = [`${base}/metadata/`, `${base}/targets/`];
  using transport = openWebTransport({ bases: [metadataUrl, targetsUrl], env: process.env });
  const ports = { store: openDirectoryStore(`${directory}/metadata`), transport, clock: Date.now };
  const repository = openTufRepository({ metadataUrl, targetsUrl, bootstrapRoot: root, ...ports });
  const { file } = await repository.download(path, `${directory}/targets`);
  return file;
}

// example:end
import { loopbackServer, rejectsWith, TufTree, temporaryDirectory } from "../testing/index.ts";

it("docs/tuf-client.md shows the example that is tested here", async () => {
  const document = await readFile(new URL("../../docs/tuf-client.md", import.meta.url), "utf8");
  const [, shown] = /```ts\n(.*?)```/s.exec(document) ?? [];
  const source = await readFile(new URL(import.meta.url), "utf8");
  const [, tested] = /\/\/ example:begin\n(.*?)\/\/ example:end/s.exec(source) ?? [];
  assert.equal(tested?.trim(), shown?.trim());
});

it("a program gets a verified file, the same again without asking for it, and nothing that does not verify", async () => {
  await using scratch = await temporaryDirectory();
  const tree = await TufTree.create();
  // The example runs by the real clock.
  for (const signed of tree.signed.values()) signed.expires = "2999-01-01T00:00:00Z";
  tree.addTarget("targets", "dist/app", "the app");
  await tree.publish("root");
  await tree.publishAll("targets");
  await using server = await loopbackServer((request, response) => {
    const bytes = tree.files.get((request.url ?? "").slice(1));
    response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
  });
  const fetchApp = () => fetchVerified(server.origin, "dist/app", scratch.path, tree.firstRoot);
  assert.equal(await readFile(await fetchApp(), "utf8"), "the app");
  server.requests.length = 0;
  await fetchApp();
  assert.deepEqual(server.requests, ["GET /metadata/3.root.json", "GET /metadata/timestamp.json"]);
  const other = await TufTree.create();
  tree.signers.set("timestamp", [other.signer("timestamp")]);
  tree.addTarget("targets", "dist/app", "another");
  await tree.publishAll("targets");
  await rejectsWith(fetchApp(), "threshold.unmet");
  assert.equal(await readFile(join(scratch.path, "targets", "dist%2Fapp"), "utf8"), "the app");
  assert.deepEqual((await readdir(join(scratch.path, "metadata"))).sort(), [
    "root.json",
    "root_history",
    "snapshot.json",
    "targets.json",
    "timestamp.json",
  ]);
});
