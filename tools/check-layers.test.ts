// Plants each violation in a tree of its own and sees the check name it: a check that was never seen failing holds nothing.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { checkLayers } from "./layers/check.ts";
import { readImports } from "./layers/imports.ts";
import { findDeadLinks } from "./layers/links.ts";

const sound = {
  "src/bytes/index.ts": 'export { text } from "./text.ts";\n',
  "src/bytes/text.ts": 'import { Buffer } from "node:buffer";\nexport const text = Buffer.from("");\n',
  "src/keys/index.ts": 'import { text } from "../bytes/index.ts";\nexport const key = text;\n',
  "src/http/index.ts": 'import https from "node:https";\nexport const client = https;\n',
  "src/testing/index.ts": 'export { client } from "../http/index.ts";\n',
  "src/keys/key.test.ts": 'import "node:fs";\nimport "fast-check";\nimport { client } from "../testing/index.ts";\n',
  "src/index.ts": 'export { client } from "./http/index.ts";\n',
} as const;

/** Builds `files` over a sound tree and gives the breaches as "rule path". */
function breaches(files: Readonly<Record<string, string>>): readonly string[] {
  return inTree({ ...sound, ...files }, (root) => checkLayers(root).map(({ rule, at }) => `${rule} ${at}`));
}

function inTree<T>(files: Readonly<Record<string, string>>, run: (root: string) => T): T {
  const root = mkdtempSync(join(tmpdir(), "countersign-layers-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return run(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

test("a sound tree has no breach", () => {
  assert.deepEqual(breaches({}), []);
});

test("an upward import is named with its line", () => {
  const upward = '// opening\nimport type { client } from "../http/index.ts";\n';
  assert.deepEqual(breaches({ "src/keys/up.ts": upward }), ["upward src/keys/up.ts:2"]);
});

test("folders of one rank do not import each other", () => {
  const files = { "src/oci/index.ts": "export {};\n", "src/remote/a.ts": 'import {} from "../oci/index.ts";\n' };
  assert.deepEqual(breaches(files), ["upward src/remote/a.ts:1"]);
});

test("the library's door is above every folder", () => {
  assert.deepEqual(breaches({ "src/cli/a.ts": 'import {} from "../index.ts";\n' }), ["upward src/cli/a.ts:1"]);
});

test("a folder is entered by its door only, also by tests and by dynamic import", () => {
  const inside = 'import { text } from "../bytes/text.ts";\n';
  const lazy = 'export const later = () => import("../bytes/text.ts");\n';
  const files = { "src/keys/a.ts": inside, "src/keys/a.test.ts": inside, "src/keys/b.ts": lazy };
  assert.deepEqual(breaches(files), ["door src/keys/a.test.ts:1", "door src/keys/a.ts:1", "door src/keys/b.ts:1"]);
});

test("a cycle is found, also through types and three files", () => {
  const files = {
    "src/bytes/a.ts": 'import { b } from "./b.ts";\n',
    "src/bytes/b.ts": 'import type { C } from "./c.ts";\n',
    "src/bytes/c.ts": 'export { a } from "./a.ts";\n',
  };
  assert.deepEqual(breaches(files), ["cycle src/bytes/a.ts"]);
});

test("a pure folder may use no npm package and no Node module that touches the world", () => {
  const files = {
    "src/tuf/disk.ts": 'import { readFileSync } from "node:fs";\n',
    "src/tuf/package.ts": 'import semver from "semver";\n',
    "src/tuf/process.ts": 'const { env } = await import("node:process");\n',
  };
  assert.deepEqual(breaches(files), [
    "pure src/tuf/disk.ts:1",
    "pure src/tuf/package.ts:1",
    "pure src/tuf/process.ts:1",
  ]);
});

test("what ships does not import testing", () => {
  const files = { "src/flows/a.ts": 'import { client } from "../testing/index.ts";\n' };
  assert.deepEqual(breaches(files), ["testing src/flows/a.ts:1"]);
});

test("a file past 400 lines is refused, one of 400 is not", () => {
  const files = { "src/cli/long.ts": "//\n".repeat(401), "src/cli/edge.ts": "//\n".repeat(400) };
  assert.deepEqual(breaches(files), ["length src/cli/long.ts"]);
});

test("an unranked folder, a bare Node name, a computed import and a way out of src/ are refused", () => {
  const files = {
    "src/misc/a.ts": "export {};\n",
    "src/cli/bare.ts": 'import fs from "fs";\n',
    "src/cli/computed.ts": "export const load = (name: string) => import(name);\n",
    "src/cli/out.ts": 'import {} from "../../interop/a.ts";\n',
  };
  const expected = ["specifier src/cli/bare.ts:1", "specifier src/cli/computed.ts:1", "specifier src/cli/out.ts:1"];
  assert.deepEqual(breaches(files), [...expected, "folder src/misc/a.ts"]);
});

test("imports are read over several lines, and not from comments or text", () => {
  const source = [
    "/* a block",
    'import { no } from "./comment.ts";',
    "*/",
    '// import { no } from "./comment.ts";',
    "import {",
    "  a,",
    '} from "./several.ts";',
    'const text = "import(\\"./text.ts\\")";',
    'export * as all from "./all.ts";',
    'import "./effect.ts";',
  ].join("\n");
  assert.deepEqual(
    readImports(source).map(({ specifier, line }) => `${specifier}:${line}`),
    ["./several.ts:5", "./all.ts:9", "./effect.ts:10"],
  );
});

test("a dead link in a document is named; code blocks, anchors and addresses are left alone", () => {
  const text = "[a](docs/a.md#x) [b](https://example.com/) [c](#d)\n```\n[e](nowhere.md)\n```\n[f](gone.md)\n";
  const dead = inTree({ "README.md": text, "docs/a.md": "[up](../README.md)\n" }, findDeadLinks);
  assert.deepEqual(dead, [{ at: "README.md:5", link: "gone.md" }]);
});

test("the command fails on a planted violation and says where", () => {
  const files = { ...sound, "src/keys/up.ts": 'import { client } from "../http/index.ts";\n' };
  const script = join(import.meta.dirname, "check-layers.ts");
  const run = (tree: Readonly<Record<string, string>>) =>
    inTree(tree, (root) => spawnSync(process.execPath, [script, root], { encoding: "utf8" }));
  assert.equal(run(sound).status, 0);
  const broken = run(files);
  assert.equal(broken.status, 1);
  assert.match(broken.stderr, /^src\/keys\/up\.ts:1 {2}upward: /);
});
