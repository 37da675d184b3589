// What the server keeps of roots: not more than it is worth, however many and however large those are that somebody uploads.
import assert from "node:assert/strict";
import { test } from "node:test";
import { notary1 } from "../dialects/index.ts";
import type { Dialect, Root } from "../tuf/index.ts";
import { rememberingRoots } from "./remembered-roots.ts";
import { openTestApp } from "./test-app.test.ts";

/** How often roots are really decoded. */
function counting() {
  let decoded = 0;
  const dialect: Dialect = {
    ...notary1,
    decodeRoot: (bytes) => {
      decoded++;
      return notary1.decodeRoot(bytes);
    },
  };
  return { remembering: rememberingRoots(dialect), times: () => decoded };
}

async function roots(count: number, padding: number): Promise<readonly Uint8Array[]> {
  await using world = await openTestApp();
  const publisher = await world.publisher();
  await publisher.initial();
  const { bytes } = publisher.document<Root>("notary1", "root");
  const text = Buffer.from(bytes).toString();
  return Array.from({ length: count }, (_, index) =>
    Buffer.from(text.replace('"_type":"Root"', `"_type":"Root","a":"${"x".repeat(padding)}${index}"`)),
  );
}

test("a root is decoded once, whichever array its bytes stand in", async () => {
  const { remembering, times } = counting();
  for (const bytes of await roots(10, 0)) {
    remembering.decodeRoot(bytes);
    remembering.decodeRoot(Buffer.from(bytes));
  }
  assert.equal(times(), 10);
});

test("a giant root is decoded and forgotten", async () => {
  const { remembering, times } = counting();
  const [giant = new Uint8Array()] = await roots(1, 100_000);
  remembering.decodeRoot(giant);
  remembering.decodeRoot(giant);
  assert.equal(times(), 2);
});

test("hundreds of large roots push out the oldest ones, and the newest stay", async () => {
  const { remembering, times } = counting();
  const large = await roots(200, 60_000);
  for (const bytes of large) remembering.decodeRoot(bytes);
  for (const bytes of large.slice(-100)) remembering.decodeRoot(bytes);
  assert.equal(times(), 200);
  for (const bytes of large.slice(0, 10)) remembering.decodeRoot(bytes);
  assert.equal(times(), 210);
});
