// The page for operators explains exactly the findings there are.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { findingMeanings } from "./report.ts";

test("docs/migration.md has every finding with its meaning, and no other", () => {
  const page = readFileSync(new URL("../../docs/migration.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| `([a-z_]+\.[a-z_]+)` \| (.*) \|$/gm)].map(([, code, meaning]) => [code, meaning]);
  assert.deepEqual(rows, Object.entries(findingMeanings));
});
