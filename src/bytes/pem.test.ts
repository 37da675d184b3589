// PEM as Notary's key files use it, and the ways in which a block could be read as something else.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { formatPem, parsePem } from "./pem.ts";

const folder = new URL("../../vectors/notary1/", import.meta.url);

test("every key file that Notary and docker wrote reads, and those in today's format write back the same", () => {
  let count = 0;
  for (const place of ["keys/", "notary-trust-dir/private/", "docker-trust-dir/private/"]) {
    for (const name of readdirSync(new URL(place, folder)).filter((file) => file.endsWith(".key"))) {
      const text = readFileSync(new URL(place + name, folder), "utf8");
      const [block, ...others] = parsePem(text);
      assert.ok(block);
      assert.deepEqual(others, []);
      assert.ok(block.bytes.length > 30);
      if (name.startsWith("legacy-")) assert.match(block.headers.get("DEK-Info") ?? "AES-256-CBC", /^AES-256-CBC/);
      else assert.ok(block.headers.has("role"), name);
      assert.equal(formatPem(block.label, block.bytes, block.headers), text, name);
      count++;
    }
  }
  assert.ok(count > 12, `${count} files`);
});

test("several blocks, text around them and Windows line ends are taken", () => {
  const bytes = Uint8Array.of(1, 2, 3);
  const text = `hello\n${formatPem("A B", bytes)}\nbetween: x\n${formatPem("C", bytes, new Map([["role", "a: b"]]))}bye`;
  const blocks = parsePem(text.replaceAll("\n", "\r\n"));
  assert.deepEqual(
    blocks.map(({ label, headers, bytes: body }) => [label, [...headers], [...body]]),
    [
      ["A B", [], [1, 2, 3]],
      ["C", [["role", "a: b"]], [1, 2, 3]],
    ],
  );
  assert.deepEqual(parsePem(""), []);
});

for (const [name, text] of [
  ["a block that does not end", "-----BEGIN A-----\nAAAA\n"],
  ["an end of another name", "-----BEGIN A-----\nAAAA\n-----END B-----\n"],
  ["an end without a beginning", "-----END A-----\n"],
  ["a block inside a block", "-----BEGIN A-----\n-----BEGIN A-----\nAAAA\n-----END A-----\n"],
  ["a damaged boundary", "-----BEGIN A----\nAAAA\n-----END A-----\n"],
  ["base64 without padding", "-----BEGIN A-----\nAAA\n-----END A-----\n"],
  ["base64 with spare bits", "-----BEGIN A-----\nAAB=\n-----END A-----\n"],
  ["base64 of the URL alphabet", "-----BEGIN A-----\nAA_-\n-----END A-----\n"],
  ["a header given twice", "-----BEGIN A-----\nrole: x\nrole: y\n\nAAAA\n-----END A-----\n"],
  ["a header without a name", "-----BEGIN A-----\n: x\n\nAAAA\n-----END A-----\n"],
  ["a header after the body", "-----BEGIN A-----\nAAAA\nrole: x\n-----END A-----\n"],
] as const) {
  test(`refuses ${name}`, () => {
    assert.throws(() => parsePem(text), { code: "encoding.invalid" });
  });
}

test("refuses to write headers that would read back as others, and to read endless text", () => {
  const write = (name: string, value: string) => () => formatPem("A", Uint8Array.of(1), new Map([[name, value]]));
  assert.throws(write("role", "x\ngun: y"), { code: "encoding.invalid" });
  assert.throws(write("ro:le", "x"), { code: "encoding.invalid" });
  assert.throws(write("", "x"), { code: "encoding.invalid" });
  assert.throws(() => parsePem("\n".repeat(2_000_000)), { code: "limit.exceeded" });
});
