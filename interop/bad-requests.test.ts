// What hostile and broken programs send to a running server, as bytes on a socket: each gets a coded answer or the end of its connection,
// others are served meanwhile, memory stays bounded, and the collection is afterwards what it was before. Everything here runs against one
// server process from the sources. (Tokens: src/server/access.test.ts; signer and database: their own suites.)
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { parseGun } from "../src/bytes/index.ts";
import { generateSigner } from "../src/keys/index.ts";
import { TestPublisher } from "../src/server/test-publisher.ts";
import { type OurServer, startOurServer } from "./peers/countersign.ts";
import { open, type RawAnswer, rawExchange } from "./peers/raw-http.ts";
import { scratch } from "./peers/scratch.ts";

const gun = "registry.example.com/team/app";
const update = `/v2/${gun}/_trust/tuf/`;
const boundary = "XBOUNDARYX";
const megabyte = 1024 * 1024;
/** The process at rest takes 120 MiB or so; three uploads of the largest size may be under way in this suite. */
const maxResidentBytes = 700 * megabyte;
/** How long an innocent reader may wait while the server is abused. One parse of a large document is the longest step there is. */
const maxWaitMs = 4_000;

describe("a server that is abused", { timeout: 180_000 }, () => {
  const directory = scratch("bad-requests");
  let server: OurServer;
  let publisher: TestPublisher;
  let untouched: string;
  let innocent: { stop(): Promise<number> };

  before(async () => {
    server = await startOurServer(directory, { tls: false });
    const keys = [await generateSigner(), await generateSigner()] as const;
    publisher = new TestPublisher(parseGun(gun), (request) => fetch(request), Date.now, server.url, ...keys);
    await publisher.init();
    untouched = await state(server);
    innocent = readAllTheTime(server);
  });

  after(async () => {
    await server[Symbol.asyncDispose]();
    directory[Symbol.dispose]();
  });

  test("uploads of 100 MB are refused while they arrive", async () => {
    const bodies = [Buffer.alloc(100 * megabyte, "["), Buffer.alloc(100 * megabyte, "a")];
    const answers = await Promise.all(bodies.map((bytes) => post(server, part("targets", bytes))));
    for (const answer of answers) refused(answer, 413, "MALFORMED_UPLOAD");
    refused(await post(server, part("notary1/targets", bodies[1] ?? ""), "publish"), 413, "request.too_large");
    assert.ok(resident(server) < maxResidentBytes, `${resident(server)} bytes`);
  });

  test("the largest documents that are read cost bounded memory, and those of brackets alone are not read", async () => {
    const text = Buffer.alloc(30 * megabyte, "a");
    const long = Buffer.concat([Buffer.from('{"signed":{"_type":"'), text, Buffer.from('"},"signatures":[]}')]);
    const answers = await Promise.all([1, 2, 3].map(() => post(server, part("targets", long))));
    for (const answer of answers) refused(answer, 400, "INVALID_UPDATE");
    refused(await post(server, part("targets", Buffer.alloc(30 * megabyte, "["))), 413, "MALFORMED_UPLOAD");
    refused(await post(server, part("root", Buffer.alloc(5 * megabyte, "a"))), 413, "MALFORMED_UPLOAD");
    assert.ok(resident(server) < maxResidentBytes, `${resident(server)} bytes`);
  });

  test("10,000 parts, endless headers, a preamble without end, parts cut in single bytes", async () => {
    const parts = Array.from({ length: 10_000 }, (_, index) => `${header(`targets/r${index}`)}{}\r\n`);
    refused(await post(server, Buffer.from(`${parts.join("")}--${boundary}--`)), 413, "MALFORMED_UPLOAD");
    refused(await post(server, Buffer.from(`--${boundary}\r\nX: ${"y".repeat(megabyte)}`)), 400, "MALFORMED_UPLOAD");
    refused(await post(server, Buffer.alloc(megabyte, "-")), 400, "MALFORMED_UPLOAD");
    const chunks = "1\r\na\r\n".repeat(50_000);
    const head = `POST ${update} HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary=${boundary}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    refused(await rawExchange(server.url, [head, chunks, "0\r\n\r\n"], { method: "POST" }), 400, "MALFORMED_UPLOAD");
  });

  test("a body that is compressed is no way around the limits", async () => {
    const answer = await say(
      server,
      "POST",
      update,
      `Content-Encoding: gzip\r\nContent-Type: ${multipart}\r\n`,
      "\x1f\x8b\x08",
    );
    refused(answer, 400, "MALFORMED_UPLOAD");
  });

  test("JSON of every wrong shape", async () => {
    const texts = [
      "",
      "null",
      "[]",
      "1",
      '"x"',
      "{}",
      '{"signed":{}}',
      '{"signed":[],"signatures":[]}',
      "{",
      '{"signed":{"a":1,"a":2}}',
    ];
    const odd = [
      '{"signed":{"_type":"Root","version":-1}}',
      `${"[".repeat(200)}`,
      '{"__proto__":{"signed":1}}',
      "\u0000",
      "\ufeff{}",
    ];
    const names = ["root", "targets", "snapshot", "targets/releases"];
    for (const text of [...texts, ...odd]) {
      for (const role of names) {
        const answer = await post(server, part(role, Buffer.from(text)));
        assert.equal(answer.status, 400, `${role} ${text}`);
        assert.match(answer.body.toString(), /"code":"(?:MALFORMED_JSON|INVALID_UPDATE)"/, `${role} ${text}`);
        assert.ok(answer.body.length < 1_024);
        const ours = await post(server, part(`tuf1/${role.replace("targets/", "")}`, Buffer.from(text)), "publish");
        assert.ok(ours.status === 400 || ours.status === 422, `${ours.status} ${role} ${text}`);
      }
    }
  });

  test("lying lengths and doubled framing end the connection, and nothing of the rest is taken for a request", async () => {
    const inner = `DELETE ${update} HTTP/1.1\r\nHost: h\r\n\r\n`;
    const lies = [
      `POST ${update} HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
      `POST ${update} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`,
      `POST ${update} HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n${inner}`,
      `POST ${update} HTTP/1.1\r\nHost: h\r\nContent-Length: 1 1\r\n\r\n${inner}`,
      `POST ${update} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n${inner}`,
      `POST ${update} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n${inner}`,
      `POST ${update} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n${inner}`,
      `POST ${update} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${inner}`,
      `GET /v2/ HTTP/1.1\r\nHost: h\r\nContent-Length : 5\r\n\r\nabcde${inner}`,
      `GET /v2/ HTTP/1.1\r\nHost: h\r\n X: folded\r\n\r\n${inner}`,
      `GET /v2/ HTTP/1.1\nHost: h\n\n`,
    ];
    for (const text of lies) {
      const answer = await rawExchange(server.url, [text], { method: "POST", untilClosed: true, timeoutMs: 3_000 });
      assert.ok(answer.closed, `the connection stays open after ${JSON.stringify(text.slice(0, 120))}`);
      assert.ok(answer.status === 400 || answer.status === 0, `${answer.status} ${JSON.stringify(text.slice(0, 120))}`);
      assert.equal(await state(server), untouched);
    }
    const tooShort = await say(server, "POST", update, `Content-Type: ${multipart}\r\n`, "--X", 1_000);
    assert.equal(tooShort.status, 400);
  });

  test("path tricks, NUL, header injection and endless URLs name nothing", async () => {
    const tricks = [
      "/v2/a/../b/_trust/tuf/",
      "/v2/%2e%2e/%2e%2e/etc/passwd/_trust/tuf/root.json",
      `/v2/${gun}/_trust/tuf/..%2f..%2froot.json`,
      `/v2/${gun}/_trust/tuf/root.json%00.png`,
      `/v2/${gun}%00/_trust/tuf/root.json`,
      `/v2/${gun}/_trust/tuf/targets/%2e%2e/root.json`,
      `/v2/${gun}%0d%0aX-Injected:%20yes/_trust/tuf/root.json`,
      `/v2/${gun}/_trust/tuf1/targets/../../../../x`,
      `/v2/${gun}/_trust/tuf1/metadata/%2e%2e%2froot.json`,
      `/v2/${"a/".repeat(3_000)}_trust/tuf/root.json`,
      "/v2/__proto__/_trust/tuf/constructor.json",
      `/v2/${gun}/_trust/_trust/tuf/root.json`,
    ];
    for (const path of tricks) {
      for (const method of ["GET", "DELETE"]) {
        const answer = await say(server, method, path);
        assert.ok([400, 404].includes(answer.status), `${method} ${path.slice(0, 80)}: ${answer.status}`);
        assert.ok(!answer.headers.has("x-injected"));
      }
    }
    const endless = await say(server, "GET", `/v2/${"a".repeat(100_000)}/_trust/tuf/root.json`);
    assert.ok([431, 0].includes(endless.status), String(endless.status));
    const roles = [
      "../root",
      "targets/../root",
      "root\u0000",
      "__proto__",
      `targets/${"x".repeat(5_000)}`,
      "constructor",
    ];
    for (const role of roles) refused(await post(server, part(role, Buffer.from("{}"))), 400, "INVALID_ROLE");
  });

  test("garbage behind good requests: those are answered, and the connection ends", async () => {
    const good = "GET /v2/ HTTP/1.1\r\nHost: h\r\n\r\n";
    const pieces = [`${good}${good}`, "\u0000\u0001garbage\r\n\r\n"];
    const answer = await rawExchange(server.url, pieces, { untilClosed: true, timeoutMs: 3_000, pauseMs: 200 });
    assert.equal(answer.status, 200);
    assert.equal(answer.body.toString(), "{}");
    assert.match(answer.rest.toString(), /^HTTP\/1\.1 200 [\s\S]+HTTP\/1\.1 400 /);
    assert.ok(answer.closed);
  });

  test("300 connections that never finish a request, and uploads that come a byte at a time", async () => {
    const sockets: Socket[] = [];
    try {
      for (let index = 0; index < 300; index++) {
        const socket = await open(server.url);
        sockets.push(socket);
        const slow = `POST ${update} HTTP/1.1\r\nHost: h\r\nContent-Type: ${multipart}\r\nContent-Length: 100000\r\n\r\n--${boundary}\r\n`;
        socket.write(index % 2 === 0 ? "GET /v2/ HTTP/1.1\r\nHost:" : slow);
      }
      const drip = setInterval(() => {
        for (const socket of sockets) socket.write("x");
      }, 50);
      await sleep(1_000);
      clearInterval(drip);
      assert.equal((await say(server, "GET", "/v2/")).status, 200);
      assert.equal(await state(server), untouched);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });

  test("afterwards: nothing half-written, nobody waited long, memory has come back, and publishing goes on", async () => {
    const longestWait = await innocent.stop();
    assert.ok(longestWait < maxWaitMs, `an innocent reader waited ${Math.round(longestWait)} ms`);
    assert.equal(await state(server), untouched);
    assert.ok(resident(server) < maxResidentBytes);
    const next = await publisher.nextTargets("1.0", "content");
    const response = await publisher.publish(next);
    assert.equal(response.status, 200, await response.text());
    assert.equal((await say(server, "GET", "/_notary_server/health")).status, 200);
  });
});

const multipart = `multipart/form-data; boundary=${boundary}`;

function header(filename: string): string {
  return `--${boundary}\r\nContent-Disposition: form-data; name="files"; filename="${filename}"\r\n\r\n`;
}

function part(filename: string, bytes: Uint8Array | string): Buffer {
  return Buffer.concat([Buffer.from(header(filename)), Buffer.from(bytes), Buffer.from(`\r\n--${boundary}--\r\n`)]);
}

function post({ url }: OurServer, body: Buffer, route = "tuf/"): Promise<RawAnswer> {
  const head = `POST /v2/${gun}/_trust/${route} HTTP/1.1\r\nHost: h\r\nContent-Type: ${multipart}\r\nContent-Length: ${body.length}\r\n\r\n`;
  return rawExchange(url, [head, body], { method: "POST", timeoutMs: 30_000 });
}

/** `length` where it is to be a lie about the body. */
function say(
  { url }: OurServer,
  method: string,
  path: string,
  headers = "",
  body = "",
  length = 0,
): Promise<RawAnswer> {
  const bytes = Buffer.from(body, "latin1");
  const framing = bytes.length === 0 ? "" : `Content-Length: ${bytes.length}\r\n`;
  const text = `${method} ${path} HTTP/1.1\r\nHost: h\r\n${headers}${framing}\r\n`;
  const padding = Buffer.alloc(length, "x");
  return rawExchange(url, [text, Buffer.concat([bytes, padding])], { method, timeoutMs: 5_000 });
}

function refused(answer: RawAnswer, status: number, code: string): void {
  const text = answer.body.toString();
  assert.equal(answer.status, status, text);
  assert.ok(text.includes(`"code":"${code}"`), text);
  assert.ok(answer.body.length < 1_024, "a client of Notary shows no longer text");
}

/** Versions and hashes of every document. */
async function state({ url }: OurServer): Promise<string> {
  const [status, bundle] = await Promise.all(
    ["status", "bundle"].map((route) => fetch(`${url}/v2/${gun}/_trust/${route}`)),
  );
  return `${await status?.text()}${await bundle?.text()}`;
}

/** Reads without end and remembers the longest wait. */
function readAllTheTime({ url }: OurServer): { stop(): Promise<number> } {
  let isRunning = true;
  let longest = 0;
  const reading = (async () => {
    while (isRunning) {
      const started = performance.now();
      const response = await fetch(`${url}/v2/${gun}/_trust/tuf/timestamp.json`);
      assert.equal(response.status, 200);
      await response.arrayBuffer();
      longest = Math.max(longest, performance.now() - started);
      await sleep(20);
    }
  })();
  return {
    stop: async () => {
      isRunning = false;
      await reading;
      return longest;
    },
  };
}

function resident({ process }: OurServer): number {
  const status = readFileSync(`/proc/${process.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
}
