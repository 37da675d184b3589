// Order of tags, named after what a reader would get wrong.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { orderTags } from "./index.ts";

async function ordered(...names: readonly string[]): Promise<readonly string[]> {
  const tags = await orderTags(names.map((name) => ({ name, signedAt: undefined })));
  return tags.map((tag) => tag.name);
}

describe("orderTags", () => {
  it("puts 1.10.0 above 1.9.0, and a release above its candidates", async () => {
    assert.deepEqual(await ordered("1.9.0", "1.10.0-rc.2", "1.10.0", "1.10.0-rc.10"), [
      "1.10.0",
      "1.10.0-rc.10",
      "1.10.0-rc.2",
      "1.9.0",
    ]);
  });
  it("reads v1.2, 1 and 01.2 as versions, and long numbers as names", async () => {
    assert.deepEqual(await ordered("latest", "v1.2", "1", "2.0", "20261122120000"), [
      "2.0",
      "v1.2",
      "1",
      "20261122120000",
      "latest",
    ]);
  });
  it("orders what is no version by date, undated last", async () => {
    const tags = [
      { name: "old", signedAt: 1 },
      { name: "undated", signedAt: undefined },
      { name: "new", signedAt: 2 },
    ];
    assert.deepEqual(
      (await orderTags(tags)).map((tag) => tag.name),
      ["new", "old", "undated"],
    );
  });
  it("does not depend on the order of its input, whatever the names", async () => {
    const name = fc.oneof(fc.string(), fc.constantFrom("1.0", "1.0.0", "v1", "1.0.0-01", "__proto__", "999999999.1"));
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(name), async (names) => {
        assert.deepEqual(await ordered(...names), await ordered(...[...names].reverse()));
      }),
      { numRuns: 200 },
    );
  });
});
