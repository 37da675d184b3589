// The generated references are those of this code.
import assert from "node:assert/strict";
import { it } from "node:test";
import { committedDoc, generatedDocs } from "./generate-docs.ts";

for (const [name, text] of await generatedDocs()) {
  it(`docs/${name} is what the code says; if not: node src/cli/generate-docs.ts`, async () => {
    assert.equal(await committedDoc(name), text);
  });
}
