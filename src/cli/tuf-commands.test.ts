// The tuf commands and the driver as whole programs over HTTP: arguments, exit codes, files, and the requests they make.
import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { it } from "node:test";
import { fakeClock, type LoopbackServer, loopbackServer, TufTree, temporaryDirectory } from "../testing/index.ts";
import { runCli } from "./run.ts";
import { commandTable } from "./table.ts";
import { runTufClient } from "./tuf-client-driver-run.ts";

const clock = fakeClock().now;

async function serve(tree: TufTree): Promise<LoopbackServer> {
  return loopbackServer((request, response) => {
    const bytes = tree.files.get(decodeURIComponent((request.url ?? "").slice(1)));
    response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
  });
}

async function published(): Promise<TufTree> {
  const tree = await TufTree.create();
  tree.addTarget("targets", "dist/app", "the app");
  await tree.publishAll("targets");
  return tree;
}

async function countersign(home: string, ...argv: readonly string[]) {
  let out = "";
  let err = "";
  const streams = {
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
    outIsTerminal: false,
    errIsTerminal: false,
    inIsTerminal: false,
    readLine: async () => undefined,
  };
  const status = await runCli(argv, {
    streams,
    env: { COUNTERSIGN_HOME: home },
    clock,
    commands: commandTable,
    stopSignal: () => new AbortController().signal,
    onSignal: () => undefined,
  });
  return { status, out, err };
}

it("the driver takes its options in any order, asks for nothing at init, and answers 0 or 1", async () => {
  await using scratch = await temporaryDirectory();
  const tree = await published();
  await using server = await serve(tree);
  const driver = (...argv: readonly string[]) => runTufClient(argv, { clock, complain: () => undefined });
  const state = join(scratch.path, "state");
  const root = join(scratch.path, "root.json");
  await writeFile(root, tree.firstRoot);
  assert.equal(await driver("init", root, "--metadata-dir", state), 0);
  assert.deepEqual(server.requests, []);
  const url = `${server.origin}/metadata`;
  assert.equal(await driver("--metadata-url", url, "refresh", "--metadata-dir", state), 0);
  assert.deepEqual(server.requests, [
    "GET /metadata/2.root.json",
    "GET /metadata/timestamp.json",
    "GET /metadata/2.snapshot.json",
    "GET /metadata/2.targets.json",
  ]);
  assert.deepEqual((await readdir(state)).sort(), ["root.json", "snapshot.json", "targets.json", "timestamp.json"]);
  const place = ["--target-base-url", `${server.origin}/targets`, "--target-dir", join(scratch.path, "out")];
  const common = ["--metadata-dir", state, `--metadata-url=${url}/`, ...place];
  assert.equal(await driver("--target-name", "dist/app", "download", ...common), 0);
  assert.equal(await driver("download", ...common, "--target-name", "no", "--target-name", "dist/app"), 1);
  for (const argv of [[], ["refresh"], ["steal"], ["--x"], [...common, "download"], [...common, "refresh", "more"]]) {
    assert.equal(await driver(...argv), 1, argv.join(" "));
  }
});

it("refresh, lookup, download, mirror and a map find, fetch and refuse, with their exit codes", async () => {
  await using scratch = await temporaryDirectory();
  const tree = await published();
  await using server = await serve(tree);
  const home = join(scratch.path, "home");
  const root = join(scratch.path, "root.json");
  await writeFile(root, tree.firstRoot);
  const metadata = ["--metadata-url", `${server.origin}/metadata/`];
  const targets = ["--targets-url", `${server.origin}/targets/`];

  assert.equal((await countersign(home, "tuf", "refresh", ...metadata)).status, 2);
  const refreshed = await countersign(home, "tuf", "refresh", ...metadata, "--root", root, "--json");
  assert.deepEqual(JSON.parse(refreshed.out), { root: 1, timestamp: 2, snapshot: 2, targets: 2 });
  const looked = await countersign(home, "tuf", "lookup", "dist/app", "nothing", ...metadata);
  assert.equal(looked.status, 3);
  assert.match(looked.out, /dist\/app\n {2}length +7\n[\s\S]*nothing\n {2}no such target/);
  const out = join(scratch.path, "out");
  const done = await countersign(home, "tuf", "download", "dist/app", ...metadata, ...targets, "--target-dir", out);
  assert.equal(done.status, 0, done.err);
  assert.equal(await readFile(join(out, "dist%2Fapp"), "utf8"), "the app");

  const copy = join(scratch.path, "copy");
  const mirrored = await countersign(home, "tuf", "mirror", copy, ...metadata, ...targets, "--root", root);
  assert.equal(mirrored.status, 0, mirrored.err);
  assert.ok((await readdir(join(copy, "metadata"))).includes("1.root.json"));

  const map = join(scratch.path, "map.json");
  const mapping = [{ paths: ["dist/*"], repositories: ["ours", "theirs"], threshold: 2, terminating: true }];
  const repositories = { ours: ["http://127.0.0.1:1/", server.origin], theirs: [`${server.origin}/`] };
  await writeFile(map, JSON.stringify({ repositories, mapping }));
  const states = join(scratch.path, "states");
  const mapped = ["--map", map, "--metadata-dir", states];
  assert.notEqual((await countersign(home, "tuf", "lookup", "dist/app", ...mapped)).status, 0);
  for (const name of ["ours", "theirs"]) {
    await runTufClient(["--metadata-dir", join(states, name), "init", root], { clock, complain: () => undefined });
  }
  const agreed = await countersign(home, "tuf", "lookup", "dist/app", ...mapped, "--json");
  assert.equal(agreed.status, 0, agreed.err);
  assert.deepEqual(JSON.parse(agreed.out).targets[0].repositories, ["ours", "theirs"]);
});
