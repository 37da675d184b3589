// kill -9 at every write point and at random: no acknowledged publish is lost, and nothing is stored by half.
import assert from "node:assert/strict";
import { test } from "node:test";
import { temporaryDirectory } from "../testing/index.ts";
import { runCrashRounds } from "./crash-harness.ts";

test("a server killed in the middle of publishing loses nothing it has acknowledged", async () => {
  await using dir = await temporaryDirectory();
  const report = await runCrashRounds({ dataDir: dir.path, rounds: 5 });
  assert.equal(report.kills, 5);
  assert.deepEqual(Object.keys(report.byPoint).sort(), ["after-commit", "before-commit", "begin", "random", "write"]);
});
