// Our client reads over HTTP what other implementations made: every key type, thresholds, delegations three deep, every layout of bins,
// rotated roots, roles renamed and removed; as somebody who comes for the first time and as one who comes back.
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { runTufClient } from "../../src/cli/tuf-client-driver-run.ts";
import { peerTest } from "../peers/find.ts";
import { run } from "../peers/process.ts";
import { scratch } from "../peers/scratch.ts";
import { serveDirectory } from "../peers/web-directory.ts";
import { makeRepositories, repositoryMakers } from "./makers.ts";
import { absentIn, foundIn, type RepositoryPlan, type RepositoryState } from "./repository-plans.ts";

interface Ended {
  readonly status: number;
  readonly stderr: string;
}

type Driver = (...args: readonly string[]) => Promise<Ended>;

const driver = join(import.meta.dirname, "../../src/cli/tuf-client-driver.ts");

const asProgram: Driver = (...args) => run(process.execPath, [driver, ...args]);

const inProcess: Driver = async (...args) => {
  let stderr = "";
  const complain = (text: string): void => {
    stderr += text;
  };
  return { status: await runTufClient(args, { clock: Date.now, complain }), stderr };
};

async function start(client: Driver, state: string, root: string): Promise<void> {
  mkdirSync(state);
  const { status, stderr } = await client("--metadata-dir", state, "init", root);
  assert.equal(status, 0, stderr);
}

/** Everything that is to be found in a state and nothing else. */
async function readsState(
  client: Driver,
  where: { readonly url: string; readonly state: string; readonly targets: string; readonly title: string },
  [plan, published]: readonly [RepositoryPlan, RepositoryState],
): Promise<void> {
  const { url, state, targets, title } = where;
  const metadata = ["--metadata-dir", state, "--metadata-url", `${url}/metadata`];
  const place = ["--target-base-url", `${url}/targets`, "--target-dir", targets];
  const found = foundIn(published);
  const wanted = found.flatMap((path) => ["--target-name", path]);
  const done = await client(...metadata, ...wanted, ...place, "download");
  assert.equal(done.status, 0, `${title}: ${done.stderr}`);
  const contents = readdirSync(targets).map((file) => readFileSync(join(targets, file), "utf8"));
  assert.deepEqual(contents.sort(), found.map((path) => `content of ${path}`).sort());
  for (const path of absentIn(plan, published)) {
    const missed = await client(...metadata, "--target-name", path, ...place, "download");
    assert.equal(missed.status, 1, `${title}: ${path}`);
    assert.match(missed.stderr, /target\.missing/);
  }
}

for (const maker of repositoryMakers) {
  peerTest(`repositories of ${maker.name} are read by countersign-tuf-client`, [maker.peer], async () => {
    using directory = scratch(`${maker.name}-repositories`);
    const made = await makeRepositories(maker, directory);
    await using web = await serveDirectory(made);
    assert.ok(maker.plans.length >= 9);
    for (const plan of maker.plans) {
      // The program itself once; what it runs for the others, which saves dozens of starts.
      const client = plan.name === "ed25519-plain" ? asProgram : inProcess;
      const root = join(made, plan.name, "1/metadata/1.root.json");
      const returning = directory.at(`returning-${plan.name}`);
      await start(client, returning, root);
      for (const [index, published] of plan.states.entries()) {
        const where = { url: `${web.url}/${plan.name}/${index + 1}`, title: `${plan.name} ${index + 1}` };
        const targets = directory.at(`targets-${plan.name}-${index}`);
        await readsState(client, { ...where, state: returning, targets }, [plan, published]);
        if (index === 0) continue;
        const first = directory.at(`first-${plan.name}-${index}`);
        await start(client, first, root);
        await readsState(client, { ...where, state: first, targets: `${targets}-first` }, [plan, published]);
      }
    }
  });
}
