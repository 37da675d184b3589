// A bundle has one spelling: what is cut short, padded, reordered or relabelled is refused before anything in it is looked at.
import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeUtf8, encodeUtf8, isCountersignError, parseGun, parseRoleName } from "../bytes/index.ts";
import { type Bundle, decodeBundle, encodeBundle } from "./bundle.ts";

const bundle: Bundle = {
  gun: parseGun("registry.example.com/team/app"),
  dialect: "tuf1",
  documents: (["root", "root", "timestamp", "snapshot", "targets", "targets/releases"] as const).map((role, index) => ({
    role: parseRoleName(role),
    bytes: encodeUtf8(`document ${index}\n`),
  })),
};

function refused(bytes: Uint8Array, ...codes: Parameters<typeof isCountersignError>[1][]): void {
  assert.throws(
    () => decodeBundle(bytes),
    (error) => isCountersignError(error, ...codes),
  );
}

function withHeader(change: (header: string) => string): Uint8Array {
  const text = decodeUtf8(encodeBundle(bundle));
  const end = text.indexOf("\n");
  return encodeUtf8(change(text.slice(0, end)) + text.slice(end));
}

test("a bundle reads back as it was written", () => {
  assert.deepEqual(decodeBundle(encodeBundle(bundle)), bundle);
});

test("a bundle cut short anywhere, or with a byte behind it, is refused", () => {
  const bytes = encodeBundle(bundle);
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(
      () => decodeBundle(bytes.subarray(0, length)),
      (error) => isCountersignError(error),
    );
  }
  refused(new Uint8Array([...bytes, 0x0a]), "bundle.invalid");
});

test("a document that is not the one the header names is refused", () => {
  const bytes = encodeBundle(bundle);
  bytes[bytes.length - 2] = (bytes.at(-2) ?? 0) ^ 1;
  refused(bytes, "metadata.hash_mismatch");
});

test("documents out of order or twice are refused", () => {
  refused(
    withHeader((header) => header.replace('"role":"timestamp"', '"role":"snapshot"')),
    "bundle.invalid",
  );
  refused(
    withHeader((header) => header.replace('"role":"snapshot"', '"role":"targets/x"')),
    "bundle.invalid",
  );
});

test("a header with a strange format, member, dialect, length or name is refused", () => {
  refused(
    withHeader((header) => header.replace('"bundle":1', '"bundle":2')),
    "bundle.invalid",
  );
  refused(
    withHeader((header) => header.replace('"bundle":1', '"bundle":1,"more":1')),
    "bundle.invalid",
  );
  refused(
    withHeader((header) => header.replace('"bundle":1', '"bundle":1,"__proto__":{}')),
    "bundle.invalid",
  );
  refused(
    withHeader((header) => header.replace("tuf1", "tuf2")),
    "bundle.invalid",
  );
  refused(
    withHeader((header) => header.replace('"length":11', '"length":-1')),
    "metadata.invalid",
  );
  refused(
    withHeader((header) => header.replace('"length":11', '"length":9007199254740991')),
    "bundle.invalid",
  );
  refused(
    withHeader((header) => header.replace("registry.example.com/team/app", "../etc")),
    "gun.invalid",
  );
  refused(
    withHeader((header) => header.replace("targets/releases", "")),
    "role.invalid",
  );
  refused(
    withHeader((header) => `{"bundle":1,${header.slice(1)}`),
    "json.duplicate_member",
  );
});

test("an endless header line is refused after its limit", () => {
  refused(encodeUtf8(`{"bundle":1${" ".repeat(1024 * 1024)}`), "bundle.invalid");
});
