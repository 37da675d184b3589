// The contract of countersign-tuf-client: options in any order, requests of the specification only, documents as received, and 0 or 1.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { it } from "node:test";
import { fakeClock, type LoopbackServer, loopbackServer, TufTree, temporaryDirectory } from "../testing/index.ts";
import { runTufClient } from "./tuf-client-driver-run.ts";

const clock = fakeClock().now;

interface Scene extends AsyncDisposable {
  readonly tree: TufTree;
  readonly server: LoopbackServer;
  /** Where the client keeps documents, and where it puts targets. */
  readonly state: string;
  readonly out: string;
  readonly root: string;
  run(...argv: readonly string[]): Promise<number>;
}

async function scene(): Promise<Scene> {
  await using opened = new AsyncDisposableStack();
  const scratch = opened.use(await temporaryDirectory());
  const tree = await TufTree.create();
  tree.addTarget("targets", "dist/app", "the app");
  tree.addTarget("targets", "other", "another");
  await tree.publishAll("targets");
  const server = opened.use(
    await loopbackServer((request, response) => {
      const path = (request.url ?? "").replace("/x%2Fy%5B1%5D/", "/").slice(1);
      const bytes = tree.files.get(path) ?? tree.files.get(decodeURIComponent(path));
      response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
    }),
  );
  const root = join(scratch.path, "root.json");
  await writeFile(root, tree.firstRoot);
  const kept = opened.move();
  return {
    tree,
    server,
    state: join(scratch.path, "state"),
    out: join(scratch.path, "out"),
    root,
    run: (...argv) => runTufClient(argv, { clock, complain: () => undefined }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

const firstRefresh = ["2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json"];

it("options come in any order around the sub-command; init asks for nothing", async () => {
  await using place = await scene();
  const { state, server, root } = place;
  assert.equal(await place.run("init", root, "--metadata-dir", state), 0);
  assert.deepEqual(server.requests, []);
  assert.deepEqual(await readdir(state), ["root.json"]);
  const url = `${server.origin}/metadata`;
  assert.equal(await place.run("--metadata-url", url, "refresh", "--metadata-dir", state), 0);
  assert.deepEqual(
    server.requests,
    firstRefresh.map((file) => `GET /metadata/${file}`),
  );
  const places = [
    `--metadata-url=${url}/`,
    "--target-base-url",
    `${server.origin}/targets/`,
    "--target-dir",
    place.out,
  ];
  assert.equal(await place.run("--target-name", "dist/app", "download", "--metadata-dir", state, ...places), 0);
  assert.deepEqual(await readdir(place.out), ["dist%2Fapp"]);
});

it("several targets share one refresh, and the first that fails is the last", async () => {
  await using place = await scene();
  const { state, server, out } = place;
  const targets = ["--target-dir", out, "--target-base-url", `${server.origin}/x%2Fy%5B1%5D/targets`];
  const common = ["--metadata-dir", state, "--metadata-url", `${server.origin}/x%2Fy%5B1%5D/metadata`, ...targets];
  const download = (...names: readonly string[]) =>
    place.run(...common, ...names.flatMap((name) => ["--target-name", name]), "download");
  await place.run("--metadata-dir", state, "init", place.root);
  assert.equal(await download("dist/app", "nothing", "other"), 1);
  assert.deepEqual(await readdir(out), ["dist%2Fapp"]);
  const [artifact = "", ...more] = server.requests.slice(firstRefresh.length);
  assert.match(artifact, /^GET \/x%2Fy%5B1%5D\/targets\/dist\/[0-9a-f]{64}\.app$/);
  assert.deepEqual(more, []);
  server.requests.length = 0;
  assert.equal(await download("dist/app", "other", "dist/app"), 0);
  const asked = server.requests.map((request) => request.split("/").at(-1) ?? "");
  assert.deepEqual(asked.slice(0, 2), ["2.root.json", "timestamp.json"]);
  assert.match(asked[2] ?? "", /^[0-9a-f]{64}\.other$/);
  assert.equal(asked.length, 3);
});

it("accepted documents, and only those, lie in the directory, as received", async () => {
  await using place = await scene();
  const { tree, state, server } = place;
  for (const role of ["first", "../second", "third"]) await tree.delegate("targets", role);
  await tree.publishAll("first", "../second", "targets");
  await tree.publishAll("third");
  tree.role("third").version = 5;
  tree.files.set("metadata/1.third.json", await tree.sign("third"));
  await place.run("--metadata-dir", state, "init", place.root);
  const common = ["--metadata-dir", state, "--metadata-url", `${server.origin}/metadata`];
  const targets = ["--target-dir", place.out, "--target-base-url", `${server.origin}/targets`];
  assert.equal(await place.run(...common, ...targets, "--target-name", "nothing", "download"), 1);
  const served = {
    "..%2Fsecond.json": "1...%2Fsecond.json",
    "first.json": "1.first.json",
    "root.json": "1.root.json",
    "snapshot.json": "4.snapshot.json",
    "targets.json": "3.targets.json",
    "timestamp.json": "timestamp.json",
  };
  assert.deepEqual((await readdir(state)).sort(), Object.keys(served));
  for (const [file, name] of Object.entries(served)) {
    assert.deepEqual(new Uint8Array(await readFile(join(state, file))), tree.file(`metadata/${name}`), file);
  }
});

it("stored documents that are cut, of another role, or no files at all hold nobody up", async () => {
  await using place = await scene();
  const { state, server } = place;
  const refresh = () => place.run("--metadata-dir", state, "--metadata-url", `${server.origin}/metadata`, "refresh");
  await place.run("--metadata-dir", state, "init", place.root);
  assert.equal(await refresh(), 0);
  const timestamp = await readFile(join(state, "timestamp.json"));
  const spoilt = [
    new Uint8Array(),
    timestamp.subarray(0, 99),
    Buffer.from("null"),
    await readFile(join(state, "root.json")),
  ];
  for (const bytes of spoilt) {
    for (const role of ["timestamp", "snapshot", "targets"]) await writeFile(join(state, `${role}.json`), bytes);
    assert.equal(await refresh(), 0);
    assert.deepEqual(await readFile(join(state, "timestamp.json")), timestamp);
  }
  for (const bytes of spoilt.slice(0, 3)) {
    await writeFile(join(state, "root.json"), bytes);
    server.requests.length = 0;
    assert.equal(await refresh(), 1);
    assert.deepEqual(server.requests, []);
  }
});

it("what is not understood, not readable or no root is 1, and init then leaves nothing", async () => {
  await using place = await scene();
  const { state, server } = place;
  const common = ["--metadata-dir", state, "--metadata-url", server.origin];
  for (const argv of [
    [],
    ["refresh"],
    ["steal", ...common],
    ["--x"],
    ["--metadata-dir"],
    ["--help"],
    [...common, "download"],
    [...common, "refresh", "more"],
    [...common, "--metadata-dir", "again", "refresh"],
    ["--metadata-dir", state, "init"],
    ["--metadata-dir", state, "init", place.root, "more"],
    ["--metadata-dir", state, "init", join(state, "nothing")],
    ["--metadata-dir", state, "init", "/dev/null"],
    ["--metadata-dir", state, "--metadata-url", "ftp://127.0.0.1/", "refresh"],
  ]) {
    assert.equal(await place.run(...argv), 1, argv.join(" "));
  }
  await writeFile(
    `${place.root}.forged`,
    new TextDecoder().decode(place.tree.firstRoot).replace('"version":1', '"version":2'),
  );
  assert.equal(await place.run("--metadata-dir", state, "init", `${place.root}.forged`), 1);
  await assert.rejects(readdir(state));
  await mkdir(join(state, "root.json"), { recursive: true });
  assert.equal(await place.run("--metadata-dir", state, "init", place.root), 1);
  assert.deepEqual(server.requests, []);
});

const program = join(import.meta.dirname, "tuf-client-driver.ts");

/** Runs the program itself; nobody reads what it says when `isDeaf`. */
function started(argv: readonly string[], isDeaf = false): Promise<number | null> {
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "ignore", "pipe"] });
  if (isDeaf) child.stderr.destroy();
  else child.stderr.resume();
  return new Promise((resolve) => child.on("exit", resolve));
}

it("the program answers 1 when it ends early, and when nobody reads its complaint", async () => {
  await using place = await scene();
  assert.equal(await started([program, "refresh"], true), 1);
  // Ends the process as soon as the program runs, as a fault of the machine might.
  const early = "data:text/javascript,(function f() { process.exitCode ? process.exit() : setImmediate(f).unref() })()";
  assert.equal(await started(["--import", early, program, "--metadata-dir", place.state, "init", place.root]), 1);
  assert.equal(await started([program, "--metadata-dir", place.state, "init", place.root]), 0);
});
