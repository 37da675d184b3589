// One bundle of a collection whose owner has given it very many, or very large, roots: it costs a bounded part of memory or is refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Root } from "../tuf/index.ts";
import { decodeBundle } from "../updater/index.ts";
import { openTestApp, type TestApp } from "./test-app.test.ts";

/** A collection with `count` more roots; the versions that single reads asked for. */
async function withRoots(world: TestApp, count: number) {
  const publisher = await world.publisher();
  await publisher.init();
  for (let done = 0; done < count; done++) {
    const root = await publisher.edit<Root>("tuf1", "root", (before) => before);
    const response = await publisher.publish([root]);
    assert.equal(response.status, 200, await response.text());
    publisher.accepted([root]);
  }
  const asked: number[] = [];
  const byVersion = world.storage.byVersion.bind(world.storage);
  world.storage.byVersion = (gun, name, version) => {
    asked.push(version);
    return byVersion(gun, name, version);
  };
  return { publisher, asked };
}

const rootVersions = (bytes: Uint8Array) =>
  decodeBundle(bytes)
    .documents.filter(({ role }) => role === "root")
    .map((each) => (JSON.parse(Buffer.from(each.bytes).toString()) as { signed: { version: number } }).signed.version);

test("thirty roots come in order, above the one that the reader has", async () => {
  await using world = await openTestApp();
  const { publisher, asked } = await withRoots(world, 29);
  const versions = async (query: string) =>
    rootVersions(new Uint8Array(await (await publisher.get(`bundle${query}`)).arrayBuffer()));
  const all = Array.from({ length: 30 }, (_, index) => index + 1);
  assert.deepEqual(await versions("?dialect=tuf1"), all);
  assert.deepEqual(await versions("?dialect=tuf1&root=2"), all.slice(2));
  assert.equal(asked.length, 58);
  assert.deepEqual(await versions("?dialect=tuf1&root=27"), all.slice(27));
  assert.deepEqual(await versions("?dialect=tuf1&root=30"), []);
  assert.equal(asked.length, 58);
});

test("roots of megabytes are refused before all of them are in memory", async () => {
  await using world = await openTestApp();
  const { publisher, asked } = await withRoots(world, 29);
  const small = world.storage.byVersion;
  const large = Buffer.alloc(4 * 1024 * 1024);
  world.storage.byVersion = async (...name) => {
    const found = await small(...name);
    return found === undefined ? undefined : { ...found, bytes: large };
  };
  const response = await publisher.get("bundle?dialect=tuf1");
  assert.equal(response.status, 400);
  assert.match(await response.text(), /"limit.exceeded".*root=VERSION/);
  assert.equal(asked.length, 17);
});

test("a first root of an enormous version is no reason to look for all those below it", async () => {
  await using world = await openTestApp();
  const publisher = await world.publisher();
  await publisher.initial();
  const notary = ["root", "targets"].map((role) => publisher.document("notary1", role));
  const [root, targets] = notary;
  assert.ok(root !== undefined && targets !== undefined);
  const late = await publisher.edit<Root>("notary1", "root", (before) => ({ ...before, version: 2 ** 31 - 2 }));
  const made = await publisher.publishNotary([late, targets]);
  assert.equal(made.status, 200, await made.text());
  assert.deepEqual(rootVersions(new Uint8Array(await (await publisher.get("bundle")).arrayBuffer())), [2 ** 31 - 2]);
});
