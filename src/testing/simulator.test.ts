// The stand-ins keep the contracts of what they stand for.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { parseRoleName } from "../bytes/index.ts";
import {
  bothDialects,
  MemoryCache,
  metadataCacheContract,
  metadataSourceContract,
  Simulator,
  temporaryDirectory,
} from "./index.ts";

metadataCacheContract("in memory", async () => {
  const cache = new MemoryCache();
  return { cache, reopen: async () => cache, [Symbol.asyncDispose]: async () => undefined };
});

for (const dialect of bothDialects) {
  metadataSourceContract(`simulator (${dialect})`, async () => {
    const simulator = await Simulator.create();
    await simulator.delegate("targets", "targets/releases");
    await simulator.publishRoot();
    await simulator.publish("targets", "targets/releases");
    const source = simulator.source(dialect);
    const { roots, timestamps, snapshots, targets } = source.stored;
    const [first, second] = roots.values();
    const timestamp = timestamps.at(-1);
    const snapshot = snapshots.at(-1);
    const top = targets.findLast((document) => document.role === "targets");
    const delegation = targets.findLast((document) => document.role === parseRoleName("targets/releases"));
    assert.ok(first && second && timestamp && snapshot && top && delegation);
    return {
      dialect,
      source,
      served: { roots: [first, second], timestamp: timestamp.bytes, snapshot, targets: top, delegation },
      [Symbol.asyncDispose]: async () => undefined,
    };
  });
}

test("a temporary directory is gone after its block", async () => {
  let path = "";
  {
    await using directory = await temporaryDirectory();
    path = directory.path;
    assert.ok(existsSync(path));
  }
  assert.equal(existsSync(path), false);
});
