// The package as users get it: what its package.json promises is there, it runs, and a command loads only what it uses.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { buildPackage } from "./build/build.ts";
import { quickCommands } from "./build/quick-commands.ts";

const root = dirname(import.meta.dirname);
let out = "";

before(async () => {
  out = mkdtempSync(join(tmpdir(), "countersign-build-"));
  await buildPackage(root, join(out, "node_modules/countersign"));
  // The dependencies, as an installation would put them.
  for (const name of Object.keys(manifest().dependencies)) {
    mkdirSync(dirname(join(out, "node_modules", name)), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(out, "node_modules", name));
  }
});
after(() => rmSync(out, { recursive: true, force: true }));

function manifest() {
  return JSON.parse(readFileSync(join(out, "node_modules/countersign/package.json"), "utf8"));
}

function node(args: readonly string[], home = join(out, "home")) {
  const env = { PATH: process.env.PATH, HOME: home };
  return spawnSync(process.execPath, args, { cwd: out, encoding: "utf8", env });
}

test("the published package.json brings no scripts, no tools, and not the Node of the repository", () => {
  for (const name of ["private", "scripts", "devDependencies", "optionalDependencies"])
    assert.ok(!(name in manifest()), name);
});

test("every door can be imported, and its declarations are beside it", () => {
  for (const [subpath, door] of Object.entries<{ types: string; default: string }>(manifest().exports)) {
    if (subpath === "./package.json") continue;
    assert.ok(readFileSync(join(out, "node_modules/countersign", door.types)).length > 0);
    const name = `countersign${subpath.slice(1)}`;
    const run = node(["--input-type=module", "-e", `console.log(Object.keys(await import("${name}")).length)`]);
    assert.equal(run.status, 0, run.stderr);
    assert.ok(Number(run.stdout) > 0, name);
  }
});

/** Runs the program and tells at its end which modules it loaded and where its compile cache is. */
function probed(args: readonly string[], home?: string) {
  const probe = join(out, "probe.cjs");
  const tell = `process.on("exit", () => console.error(JSON.stringify({
    cache: require("node:module").getCompileCacheDir() ?? null,
    loaded: [...process.moduleLoadList, ...Object.keys(require.cache)],
  })));`;
  writeFileSync(probe, tell);
  const run = node(
    ["--require", probe, join(out, "node_modules/countersign", manifest().bin.countersign), ...args],
    home,
  );
  const told: { cache: string | null; loaded: string[] } = JSON.parse(run.stderr.trim().split("\n").at(-1) ?? "");
  return { ...run, ...told };
}

test("the program runs, with its compile cache in the user's own directory and nowhere else", () => {
  const run = probed(["help"]);
  assert.equal(run.status, 0, run.stderr);
  assert.ok(run.stdout.includes("usage: countersign COMMAND"), run.stdout);
  assert.ok(run.cache?.startsWith(join(out, "home/.cache/countersign/.compiled")), `${run.cache}`);
  // Without a home that can be written it runs all the same, and falls back on no shared directory.
  for (const word of ["help", "version"]) {
    const homeless = probed([word], "/dev/null");
    assert.equal(homeless.status, 0, homeless.stderr);
    assert.equal(homeless.cache, null);
  }
});

test("countersign-tuf-client is a program of the package, with its usage and exit code 1", () => {
  const run = node([join(out, "node_modules/countersign", manifest().bin["countersign-tuf-client"])]);
  assert.equal(run.status, 1);
  assert.match(run.stderr, /usage: countersign-tuf-client --metadata-dir DIR init ROOTFILE/);
});

/** The records of compiled code below a home. */
function records(home: string): readonly string[] {
  const directory = join(home, ".cache/countersign/.compiled");
  return existsSync(directory) ? readdirSync(directory).map((name) => join(directory, name)) : [];
}

test("a quick command keeps its compiled code, settles with the second run, and says the same with it as without", () => {
  const home = join(out, "quick-home");
  const program = join(out, "node_modules/countersign", manifest().bin.countersign);
  const said: string[] = [];
  for (const suffix of ["1", "2", "2"]) {
    const run = node([program, "verify", "--help"], home);
    assert.equal(run.status, 0, run.stderr);
    said.push(run.stdout);
    const [record = "", ...others] = records(home);
    assert.ok(record.endsWith(`.${suffix}`), record);
    assert.deepEqual(others, []);
    assert.equal(statSync(record).mode & 0o777, 0o600);
  }
  assert.ok(said[0]?.includes("usage: countersign verify"), said[0]);
  assert.deepEqual(said, [said[0], said[0], said[0]]);
});

test("a record that others could have written, or that is damaged, is not run and does no harm", () => {
  const home = join(out, "spoilt-home");
  const program = join(out, "node_modules/countersign", manifest().bin.countersign);
  for (let run = 0; run < 2; run++) node([program, "verify", "--help"], home);
  const [record = ""] = records(home);
  const settled = readFileSync(record);
  assert.ok(record.endsWith(".2"), record);
  for (const spoil of [
    () => chmodSync(record, 0o666),
    () => writeFileSync(record, "not compiled code"),
    () => writeFileSync(record, settled.subarray(0, 200)),
    () => writeFileSync(record, ""),
    // V8 crashes on most of these.
    ...[0.2, 0.4, 0.6, 0.8].map((share) => () => writeFileSync(record, flipped(settled, share))),
  ]) {
    spoil();
    const run = node([program, "verify", "--help"], home);
    assert.equal(run.status, 0, run.stderr);
    assert.ok(run.stdout.includes("usage: countersign verify"), run.stdout);
    // It was not used: a new first record stands in its place.
    assert.ok(records(home)[0]?.endsWith(".1"), records(home).join());
    node([program, "verify", "--help"], home);
    assert.deepEqual(records(home), [record]);
  }
});

function flipped(bytes: Uint8Array, share: number): Uint8Array {
  const at = Math.floor(bytes.length * share);
  return Uint8Array.from(bytes, (byte, index) => (index === at ? byte ^ 0xff : byte));
}

test("every quick command can be asked for its help, which is that of the whole program", () => {
  for (const name of quickCommands) {
    const help = node([join(out, "node_modules/countersign", manifest().bin.countersign), name, "--help"]);
    assert.equal(help.status, 0, help.stderr);
    assert.equal(help.stdout, node([join(out, "node_modules/countersign/bin/program.cjs"), name, "--help"]).stdout);
  }
});

test("verify loads neither the server's database nor a web framework, and no network before it asks", () => {
  const run = probed(["verify", "--help"]);
  assert.equal(run.status, 0, run.stderr);
  const unwanted = run.loaded.filter((name) =>
    /NativeModule (sqlite|http|https|tls|http2)$|node_modules\/(?!countersign\/)/.test(name),
  );
  assert.deepEqual(unwanted, []);
});
