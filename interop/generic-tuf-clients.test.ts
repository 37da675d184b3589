// TUF 1.0 clients that know nothing of containers download a signed manifest from the plain tree and check it.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { countersignClient, startOurServer } from "./peers/countersign.ts";
import { peerTest } from "./peers/find.ts";
import { addImage, makeLayout, readBlob } from "./peers/images.ts";
import { scratch } from "./peers/scratch.ts";
import { pythonTuf, tufJsClient } from "./peers/tuf-clients.ts";

for (const install of [pythonTuf, tufJsClient]) {
  peerTest(
    `${install.name} downloads a tag's manifest and follows the next publish`,
    ["python3", "umoci", "busybox"],
    async () => {
      const client = await install();
      using directory = scratch("generic-tuf");
      await using server = await startOurServer(directory, { tls: false });
      const gun = "registry.example.com/team/app";
      const layout = await makeLayout(directory);
      const good = await addImage(directory, layout, "1.0", "hello");
      const next = await addImage(directory, layout, "2.0", "hello again");
      const publisher = countersignClient({ url: server.url, authority: undefined, home: directory.at("publisher") });
      await publisher.ok("init", gun, "--no-recovery-kit");
      await publisher.ok("sign", `oci:${layout}:1.0`, "--as", `${gun}:1.0`);
      const url = `${server.url}/v2/${gun}/_trust/tuf1`;
      const root = directory.at("root.json");
      writeFileSync(root, Buffer.from(await (await fetch(`${url}/metadata/1.root.json`)).arrayBuffer()));

      const first = await client.download({ root, url, directory: directory.at("first"), target: "1.0" });
      assert.deepEqual(readFileSync(first), readBlob(layout, good.digest));
      await assert.rejects(client.download({ root, url, directory: directory.at("none"), target: "2.0" }));
      await publisher.ok("sign", `oci:${layout}:2.0`, "--as", `${gun}:2.0`);
      const second = await client.download({ root, url, directory: directory.at("second"), target: "2.0" });
      assert.deepEqual(readFileSync(second), readBlob(layout, next.digest));
    },
  );
}
