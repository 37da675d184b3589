// kill -9 of a real server process, a few hundred times, at every write point and at random moments of a publish: each acknowledged
// publish is there, readers of both dialects verify the collection, and publishing goes on (invariant 4).
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { runCrashRounds } from "../src/server/crash-harness.ts";
import { scratch } from "./peers/scratch.ts";

test("kills at every write point and at random lose nothing that was acknowledged", {
  timeout: 900_000,
}, async (context) => {
  using directory = scratch("crash");
  const rounds = Number(process.env.COUNTERSIGN_CRASH_ROUNDS ?? 300);
  const report = await runCrashRounds({ dataDir: directory.path, rounds });
  context.diagnostic(JSON.stringify(report));
  assert.equal(report.kills, rounds);
  assert.ok(report.acknowledged > 0);
});
