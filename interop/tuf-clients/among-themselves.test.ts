// Other people's clients and makers without us: what a client cannot read of ours it cannot read of anybody's. When one of these fails, a
// client has changed: what src/publish/reader-layouts.ts says of it has to change too.
import assert from "node:assert/strict";
import { join } from "node:path";
import { peerTest } from "../peers/find.ts";
import { scratch } from "../peers/scratch.ts";
import { tufClientPeers, tufClients } from "../peers/tuf-clients.ts";
import { serveDirectory } from "../peers/web-directory.ts";
import { makeRepositories, repositoryMakers } from "./makers.ts";
import { allRead } from "./reading.ts";
import { foundIn } from "./repository-plans.ts";

for (const name of ["python-tuf", "go-tuf"]) {
  peerTest(
    `bins that ${name} makes: tough knows no succinct ones, go-tuf no hash prefixes`,
    tufClientPeers,
    async () => {
      const clients = await tufClients();
      using directory = scratch("among-themselves");
      const maker = repositoryMakers.find((one) => one.name === name);
      assert.ok(maker !== undefined);
      const plans = maker.plans.filter((plan) => ["succinct-4", "hash-prefixes"].includes(plan.name));
      assert.equal(plans.length, 2);
      const made = await makeRepositories(maker, directory, plans);
      await using web = await serveDirectory(made);
      for (const plan of plans) {
        const place = { root: join(made, plan.name, "1/metadata/1.root.json"), url: `${web.url}/${plan.name}/1` };
        const paths = plan.states.flatMap(foundIn);
        const found = Object.fromEntries(paths.map((path) => [path, `content of ${path}`]));
        const isSuccinct = plan.name === "succinct-4";
        const tough = clients.find((one) => one.name === "tough");
        const others = clients.filter((one) => one !== tough);
        assert.ok(tough !== undefined);
        const at = { ...place, directory: directory.at(plan.name) };
        await allRead(others, at, { found, absent: ["nowhere"], beyond: isSuccinct ? {} : { "go-tuf": paths } });
        const itself = tough.read({ ...place, directory: directory.at(`${plan.name}-tough`), targets: paths });
        if (isSuccinct) {
          await assert.rejects(itself, /missing field `roles`/);
          continue;
        }
        // It finds them, and asks for HASH.dist/NAME instead of dist/HASH.NAME.
        const { refused } = await itself;
        assert.deepEqual(Object.keys(refused), paths);
        for (const why of Object.values(refused)) assert.match(why, /\/[0-9a-f]{64}\.dist\/file-.*404/);
      }
    },
  );
}
