import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readCompactText } from "./compact-text.ts";
import { scanJson } from "./json-scanner.ts";

const ascii = (text: string) => new TextEncoder().encode(text);

describe("a compact text", () => {
  it("is what the scanner takes too, with the same region, whatever chance writes", () => {
    let taken = 0;
    const value = fc.jsonValue({ maxDepth: 4 });
    const property = fc.property(value, fc.boolean(), (json, sortIt) => {
      const text = JSON.stringify({ signatures: [], signed: sortIt ? ascending(json) : json });
      if (!/^[ -~]*$/.test(text)) return;
      const compact = readCompactText(text, 8, "signed");
      if (compact === undefined || text.includes("\\")) return;
      taken++;
      assert.deepEqual(
        compact.watched,
        scanJson(ascii(text), { maxDepth: 8, numbers: "integer", watch: "signed" }).watched,
      );
      assert.deepEqual(compact.value, JSON.parse(text));
    });
    fc.assert(property, { numRuns: 2_000 });
    assert.ok(taken > 200, `${taken} taken`);
  });

  it("has members named twice, fractions, large numbers, half surrogates and depth left to the scanner", () => {
    for (const text of [
      '{"signed":{"a":1,"a":1}}',
      '{"signed":{"a":1},"signed":{"a":1}}',
      '{"signed":{"a":1.5}}',
      '{"other":1.5,"signed":{}}',
      '{"signed":{"a":1.0}}',
      '{"signed":{"a":-0}}',
      '{"signed":{"a":1e3}}',
      '{"signed":{"a":9007199254740992}}',
      '{"signed":{"a":9007199254740993}}',
      '{"signed":{"a":"\\ud800"}}',
      '{"signed":{"a":"\\u0061"}}',
      '{"signed":{"a":"\\u001f"}}',
      '{"signed":{"a":"\\/"}}',
      '{"signed":{"a":[[[[[[[[1]]]]]]]]}}',
      '{"signed":{"b":1,"a":1}}',
      '{"signed":{"a":{"c":1,"b":1}}}',
      '{"signed":[{"b":1,"a":1}]}',
      '{"signed":{"10":1,"2":1}}',
      '{"signed": {"a":1}}',
      '{"signed":{"a":1}} ',
      '{"signed":{"a":1}}\n\n',
      '{"signed":{"a":1}}{}',
      '{"signed":{"a":1}',
      "",
    ]) {
      assert.equal(readCompactText(text, 8, "signed"), undefined, text);
    }
    const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
    assert.equal(readCompactText(deep, 64, undefined), undefined);
  });

  it("with line ends in strings is ordered, and with escaped quotes and backslashes canonical", () => {
    for (const [signed, form] of [
      ['{"a":"x\\ny"}', "ordered"],
      ['{"a":"x\\"y"}', "canonical"],
      ['{"a":"x\\\\y"}', "canonical"],
      ['{"a\\n":1,"b":2}', "ordered"],
    ] as const) {
      const text = `{"signed":${signed},"x":"\\t"}`;
      assert.deepEqual(readCompactText(text, 8, "signed")?.watched, { start: 10, end: 10 + signed.length, form }, text);
      const scanned = scanJson(ascii(text), { maxDepth: 8, numbers: "integer", watch: "signed" }).watched?.form;
      // A name with an escape is looked at no further by the scanner.
      assert.ok(scanned === form || scanned === "loose", text);
    }
  });

  it("may end its line", () => {
    const region = { start: 10, end: 17, form: "canonical" };
    assert.deepEqual(readCompactText('{"signed":{"a":1}}\n', 8, "signed")?.watched, region);
  });

  it("keeps names that mean something to JavaScript as they are", () => {
    const text = '{"signatures":[],"signed":{"__proto__":{"a":1},"constructor":2}}';
    const compact = readCompactText(text, 8, "signed");
    assert.deepEqual(compact?.watched, { start: 26, end: text.length - 1, form: "canonical" });
    assert.equal(JSON.stringify(compact?.value), text);
  });
});

function ascending(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ascending);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, ascending(member)]),
  );
}
