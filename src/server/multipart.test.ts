// Uploads as Go's and our clients write them, cut at every byte; and every way in which one can be broken.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isCountersignError } from "../bytes/index.ts";
import { readMultipart } from "./multipart.ts";

const limits = { maxPartBytes: 1_000, maxTotalBytes: 5_000, maxParts: 3 };
const type = "multipart/form-data; boundary=b";

function part(filename: string, content: string): string {
  return `--b\r\nContent-Disposition: form-data; name="files"; filename="${filename}"\r\nContent-Type: application/octet-stream\r\n\r\n${content}\r\n`;
}

async function* cut(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(text: string, size = 7, contentType: string | null = type) {
  const parts = await readMultipart(contentType, cut(text, size), limits);
  return parts.map(({ filename, bytes }) => [filename, Buffer.from(bytes).toString()]);
}

const refused = (code: string) => (error: unknown) => isCountersignError(error) && error.code === code;

test("parts come out byte for byte however the network cuts them", async () => {
  const tricky = "\r\n--\r\n--c\r\n\r\n{}\n";
  const body = `${part("root", tricky)}${part("targets/releases", "")}${part('a\\"b', "x")}--b--\r\n`;
  const whole = [
    ["root", tricky],
    ["targets/releases", ""],
    ['a"b', "x"],
  ];
  for (let size = 1; size < body.length + 1; size++) assert.deepEqual(await read(body, size), whole, `cut at ${size}`);
});

test("a body that is not multipart, or ends early, is malformed", async () => {
  const bodies = ["", "hello", part("root", "x"), `${part("root", "x")}--b`, "--bx\r\n", "x".repeat(9_000)];
  for (const body of bodies) await assert.rejects(read(body), isCountersignError, body.slice(0, 20));
  for (const contentType of [null, "application/json", "multipart/form-data", 'multipart/form-data; boundary=""']) {
    await assert.rejects(read(part("root", "x"), 7, contentType), refused("request.invalid"));
  }
});

test("parts are named as notary-server's parser names them, whatever else their headers say", async () => {
  const named = async (headers: string) => (await read(`--b\r\n${headers}\r\n\r\nx\r\n--b--`))[0]?.[0];
  assert.equal(await named("content-disposition: attachment; FILENAME=root"), "root");
  assert.equal(await named('Content-Disposition: form-data; filename="targets/a"; name="files"'), "targets/a");
  assert.equal(await named('Content-Disposition: form-data; name="files"'), "");
  assert.equal(await named("Content-Type: text/plain"), "");
  assert.equal(await named('X: filename="evil"\r\nContent-Disposition: form-data; filename="root"'), "root");
  const mixed = await read(`${part("root", "x")}--b--`, 7, "multipart/mixed; boundary=b");
  assert.deepEqual(mixed[0]?.[0], "root");
  const padded = await read('--b \t \r\nContent-Disposition: form-data; filename="root"\r\n\r\nx\r\n--b--');
  assert.deepEqual(padded[0]?.[0], "root");
});

test("endless parts, endless content and endless headers are stopped", async () => {
  await assert.rejects(read(`${part("root", "x".repeat(1_001))}--b--`), refused("request.too_large"));
  assert.equal((await read(`${part("root", "x".repeat(1_000))}--b--`))[0]?.[1]?.length, 1_000);
  await assert.rejects(read(`${part("a", "")}`.repeat(4)), refused("request.too_large"));
  await assert.rejects(read(`${part("root", "x").repeat(2)}--b--${"x".repeat(6_000)}`), refused("request.too_large"));
  await assert.rejects(
    readMultipart(type, cut(`--b\r\nX: ${"y".repeat(9_000)}`, 100), { ...limits, maxTotalBytes: 1e6 }),
    refused("request.invalid"),
  );
});

test("content that comes a byte at a time is not kept a byte at a time", async (t) => {
  const joined = t.mock.method(Buffer, "concat");
  const content = "x".repeat(20_000);
  const wide = { ...limits, maxPartBytes: 20_000, maxTotalBytes: 30_000 };
  const [read] = await readMultipart(type, cut(`${part("root", content)}--b--`, 1), wide);
  assert.equal(Buffer.from(read?.bytes ?? []).toString(), content);
  const longest = Math.max(...joined.mock.calls.map(({ arguments: [pieces] }) => pieces.length));
  assert.ok(longest <= 10, `${longest} pieces of one part`);
});

test("endless blanks behind a boundary are passed over, not walked one by one", async (t) => {
  const steps = t.mock.method(Buffer.prototype, "subarray");
  const padded = `--b${" ".repeat(4_000)}\r\nContent-Disposition: form-data; filename="root"\r\n\r\nx\r\n--b--`;
  assert.deepEqual(await read(padded, 1_000), [["root", "x"]]);
  assert.ok(steps.mock.callCount() < 50, `${steps.mock.callCount()} steps`);
});

test("a part without a file name has an empty one", async () => {
  const body = '--b\r\nContent-Disposition: form-data; name="files"\r\n\r\nx\r\n--b--';
  assert.deepEqual(await read(body), [["", "x"]]);
});
