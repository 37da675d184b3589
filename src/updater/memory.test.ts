// What a reader remembers only ever grows, except by an authenticated act of the owner.
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeUtf8, isCountersignError } from "../bytes/index.ts";
import { tuf1 } from "../dialects/index.ts";
import { Simulator } from "../testing/index.ts";
import { decodeMemory, emptyMemory, encodeMemory, type Memory, mergeMemories, rememberRoot } from "./memory.ts";

const memory: Memory = {
  rootVersion: 2,
  onlineKeys: ["aa", "bb"],
  targets: new Map([
    ["__proto__", 1],
    ["targets", 7],
    ["targets/releases", 3],
  ]),
  anchors: new Map([["tuf1", { pins: ["aa"], root: "bb" }]]),
};

test("a memory reads back as it was written, strange names too", () => {
  assert.deepEqual(decodeMemory(encodeMemory(memory)), memory);
  assert.deepEqual(decodeMemory(encodeMemory(emptyMemory)), emptyMemory);
});

test("a damaged memory has its own code", () => {
  for (const text of [
    "",
    "{}",
    "null",
    '{"memory":2}',
    '{"memory":1,"root":-1,"onlineKeys":[],"targets":{},"anchors":{}}',
  ]) {
    assert.throws(
      () => decodeMemory(encodeUtf8(text)),
      (error) => isCountersignError(error, "cache.corrupt"),
    );
  }
});

test("two processes leave the higher versions of both", () => {
  const other: Memory = {
    ...memory,
    targets: new Map([
      ["targets", 6],
      ["targets/releases", 4],
    ]),
  };
  const merged = mergeMemories(memory, other);
  assert.equal(merged.targets.get("targets"), 7);
  assert.equal(merged.targets.get("targets/releases"), 4);
  assert.deepEqual(mergeMemories(other, memory).targets.get("targets"), 7);
});

test("a delegation that a newer parent dropped does not come back by merging", () => {
  const newer: Memory = { ...memory, targets: new Map([["targets", 8]]) };
  assert.equal(mergeMemories(newer, memory).targets.has("targets/releases"), false);
  assert.equal(mergeMemories(memory, newer).targets.has("targets/releases"), false);
});

test("versions forgotten by a newer root with other online keys do not come back by merging", () => {
  const recovered: Memory = { ...memory, rootVersion: 3, onlineKeys: ["cc"], targets: new Map([["targets", 1]]) };
  assert.equal(mergeMemories(recovered, memory).targets.get("targets"), 1);
  assert.equal(mergeMemories(memory, recovered).targets.get("targets"), 1);
});

test("versions are reset by a newer root that takes online keys out of use, and by no other", async () => {
  const simulator = await Simulator.create();
  const decode = (version: number) => {
    const bytes = simulator.source("tuf1").stored.roots.get(version);
    assert.ok(bytes);
    return tuf1.decodeRoot(bytes);
  };
  simulator.keys.timestamp.push(await simulator.newSigner());
  await simulator.publishRoot();
  simulator.keys.timestamp.splice(0, 1);
  await simulator.publishRoot();
  const seen = (memory: Memory): Memory => ({ ...memory, targets: new Map([["targets", 7]]) });
  const first = seen(rememberRoot(emptyMemory, decode(1)));
  assert.equal(first.rootVersion, 1);
  assert.equal(rememberRoot(first, decode(2)).targets.get("targets"), 7, "a key that only joins");
  assert.equal(rememberRoot(first, decode(3)).targets.size, 0, "a key that goes");
  assert.equal(
    rememberRoot(seen(rememberRoot(first, decode(3))), decode(1)).targets.get("targets"),
    7,
    "an older root",
  );
  const others: Memory = { ...first, onlineKeys: ["snapshot:of the other dialect"] };
  assert.equal(rememberRoot(others, decode(1)).targets.get("targets"), 7, "a root of the same version");
});
