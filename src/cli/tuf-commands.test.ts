// The tuf commands as a whole program, over HTTP and on copies without a network: arguments, exit codes, files.
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

function countersign(home: string, ...argv: readonly string[]) {
  return countersignUntil(new AbortController().signal, home, ...argv);
}

async function countersignUntil(stop: AbortSignal, home: string, ...argv: readonly string[]) {
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
    stopSignal: () => stop,
    onSignal: () => undefined,
  });
  return { status, out, err };
}

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

it("a copy on this machine is read by its directory, by root or by what was trusted before", async () => {
  await using scratch = await temporaryDirectory();
  const tree = await published();
  const root = join(scratch.path, "root.json");
  await writeFile(root, tree.firstRoot);
  const copy = join(scratch.path, "a copy");
  const home = join(scratch.path, "home");
  {
    await using server = await serve(tree);
    const places = ["--metadata-url", `${server.origin}/metadata/`, "--targets-url", `${server.origin}/targets/`];
    const mirrored = await countersign(home, "tuf", "mirror", copy, ...places, "--root", root, "--json");
    assert.equal(mirrored.status, 0, mirrored.err);
    assert.equal(JSON.parse(mirrored.out).fetched, 1);
  }
  const metadata = ["--metadata-url", join(copy, "metadata")];
  const out = ["--targets-url", join(copy, "targets"), "--target-dir", join(scratch.path, "out")];
  const unknown = await countersign(home, "tuf", "download", "dist/app", ...metadata, ...out);
  assert.equal(unknown.status, 2);
  assert.match(unknown.err, /no trusted root to begin with \[root\.missing\]/);
  const done = await countersign(home, "tuf", "download", "dist/app", ...metadata, ...out, "--root", root);
  assert.equal(done.status, 0, done.err);
  assert.equal(await readFile(join(scratch.path, "out", "dist%2Fapp"), "utf8"), "the app");
  await writeFile(join(scratch.path, "out", "dist%2Fapp"), "changed");
  assert.equal((await countersign(home, "tuf", "download", "dist/app", ...metadata, ...out)).status, 0);
  const nowhere = ["--metadata-url", join(scratch.path, "nowhere"), "--root", root];
  assert.equal((await countersign(home, "tuf", "refresh", ...nowhere)).status, 3);
});

it("what cannot be meant is a usage error: a map beside an address, an address that is none, a root that is not there", async () => {
  await using scratch = await temporaryDirectory();
  const home = join(scratch.path, "home");
  const map = join(scratch.path, "map.json");
  await writeFile(map, '{"repositories": {}, "mapping": []}');
  for (const other of ["--metadata-url=https://a.example/", "--root=root.json"]) {
    const both = await countersign(home, "tuf", "lookup", "app", "--map", map, other);
    assert.equal(both.status, 2);
    assert.match(both.err, /do not go together/);
  }
  const noAddress = await countersign(home, "tuf", "refresh", "--metadata-url", "a.example/metadata");
  assert.equal(noAddress.status, 2);
  assert.match(noAddress.err, /named by its directory/);
  const noRoot = ["--metadata-url", "https://a.invalid/", "--root", join(scratch.path, "none.json")];
  const missing = await countersign(home, "tuf", "refresh", ...noRoot);
  assert.equal(missing.status, 8);
  assert.match(missing.err, /there is no file .*none\.json \[disk\.unreadable\]/);
});

it("advice is for whoever reads somebody else's repository: no collections, no logins", async () => {
  await using scratch = await temporaryDirectory();
  const tree = await published();
  const failing = new Map<string, number>();
  await using server = await loopbackServer((request, response) => {
    const path = (request.url ?? "").slice(1);
    const bytes = tree.files.get(path);
    response.writeHead(failing.get(path) ?? (bytes === undefined ? 404 : 200)).end(bytes);
  });
  const root = join(scratch.path, "root.json");
  await writeFile(root, tree.firstRoot);
  const repository = ["--metadata-url", `${server.origin}/metadata`, "--targets-url", `${server.origin}/targets`];
  const download = (path: string) =>
    countersign(scratch.path, "tuf", "download", path, ...repository, "--root", root, "--target-dir", scratch.path);
  const failures: [string, number, number, RegExp][] = [
    ["", 0, 3, /target\.missing\]\n {2}- check the path/],
    ["metadata/timestamp.json", 403, 5, /download\.denied\]\n {2}- .*nothing here logs in/],
    ["metadata/timestamp.json", 404, 3, /metadata\.missing\]\n {2}- it may just be publishing/],
    ["metadata/timestamp.json", 503, 4, /download\.unavailable\]\n {2}- try again later/],
  ];
  for (const [file, status, exitCode, words] of failures) {
    failing.clear();
    failing.set(file, status);
    const failed = await download("nothing");
    assert.equal(failed.status, exitCode, failed.err);
    assert.match(failed.err, words);
  }
  failing.clear();
  for (const name of [...tree.files.keys()].filter((file) => file.startsWith("targets/"))) tree.files.delete(name);
  const incomplete = await download("dist/app");
  assert.match(incomplete.err, /download\.missing\]\n {2}- the repository may just be publishing/);
  tree.signers.set("timestamp", [(await TufTree.create()).signer("timestamp")]);
  await tree.publish("timestamp");
  const forged = await download("dist/app");
  assert.equal(forged.status, 1);
  assert.match(forged.err, /threshold\.unmet\]\n {2}- nothing of it was kept/);
});

it("a download that is stopped leaves nothing half done, and the next run goes on from what is there", async () => {
  await using scratch = await temporaryDirectory();
  const tree = await published();
  tree.addTarget("targets", "large", "x".repeat(100_000));
  await tree.publishAll("targets");
  const stop = new AbortController();
  await using server = await loopbackServer((request, response) => {
    const path = (request.url ?? "").slice(1);
    const bytes = tree.files.get(path);
    response.writeHead(bytes === undefined ? 404 : 200);
    if (!path.endsWith(".large") || stop.signal.aborted) return void response.end(bytes);
    response.write(bytes?.subarray(0, 50_000), () => setTimeout(() => stop.abort(), 50));
  });
  const root = join(scratch.path, "root.json");
  await writeFile(root, tree.firstRoot);
  const out = join(scratch.path, "out");
  const places = ["--metadata-url", `${server.origin}/metadata`, "--targets-url", `${server.origin}/targets`];
  const download = ["tuf", "download", "dist/app", "large", ...places, "--root", root, "--target-dir", out];
  const stopped = await countersignUntil(stop.signal, scratch.path, ...download);
  assert.equal(stopped.status, 8);
  assert.match(stopped.err, /\[download\.stopped\]/);
  assert.deepEqual(await readdir(out), ["dist%2Fapp"]);
  assert.equal((await countersign(scratch.path, ...download)).status, 0);
  assert.deepEqual((await readdir(out)).sort(), ["dist%2Fapp", "large"]);
});
