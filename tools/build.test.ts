// The package as users get it: what its package.json promises is there, it runs, and a command loads only what it uses.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { buildPackage } from "./build/build.ts";

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
  const run = probed(["version"]);
  assert.equal(run.status, 0, run.stderr);
  assert.ok(run.stdout.includes(manifest().version), run.stdout);
  assert.ok(run.cache?.startsWith(join(out, "home/.cache/countersign/.compiled")), `${run.cache}`);
  // Without a home that can be written it runs all the same, and falls back on no shared directory.
  const homeless = probed(["version"], "/dev/null");
  assert.equal(homeless.status, 0, homeless.stderr);
  assert.equal(homeless.cache, null);
});

test("verify loads neither the server's database nor a web framework, and no network before it asks", () => {
  const run = probed(["verify", "--help"]);
  assert.equal(run.status, 0, run.stderr);
  const unwanted = run.loaded.filter((name) =>
    /NativeModule (sqlite|http|https|tls|http2)$|node_modules\/(?!countersign\/)/.test(name),
  );
  assert.deepEqual(unwanted, []);
});
