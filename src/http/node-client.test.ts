// The transport against servers that lie, stall, break off or send us elsewhere.
import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { test } from "node:test";
import { CountersignError, type ErrorCode } from "../bytes/index.ts";
import { type LoopbackServer, loopbackServer } from "../testing/index.ts";
import type { HttpRequest } from "./http-client.ts";
import { createHttpClient } from "./node-client.ts";

const waits: number[] = [];
const client = createHttpClient({
  random: () => 0,
  sleep: async (ms) => {
    waits.push(ms);
  },
});

function get(server: { readonly origin: string }, path = "/", more: Partial<HttpRequest> = {}) {
  return client.request({ method: "GET", url: new URL(path, server.origin), maxBytes: 1000, ...more });
}

async function refused(work: Promise<unknown>, code: ErrorCode): Promise<CountersignError> {
  const error: unknown = await work.then(
    () => assert.fail(`expected ${code}`),
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof CountersignError, String(error));
  assert.equal(error.code, code, error.message);
  return error;
}

/** Speaks raw bytes, for answers that node:http would not write. */
async function rawServer(answer: (socket: Socket) => void): Promise<{ readonly origin: string } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("data", () => answer(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    origin: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("an answer comes whole, with its headers in lower case", async () => {
  await using server = await loopbackServer((_, response) => response.setHeader("X-Thing", "1").end("hello"));
  const response = await get(server, "/a?b=c");
  assert.equal(Buffer.from(response.body).toString(), "hello");
  assert.equal(response.headers.get("x-thing"), "1");
  assert.deepEqual(server.requests, ["GET /a?b=c"]);
});

test("a body longer than its limit is refused: announced, or endless in chunks", async () => {
  await using announced = await loopbackServer((_, response) => response.end("x".repeat(1001)));
  await refused(get(announced), "download.too_large");
  await using endless = await loopbackServer((_, response) => {
    const pour = (): void => {
      while (!response.destroyed && response.write("x".repeat(100)));
    };
    response.on("drain", pour);
    pour();
  });
  await refused(get(endless), "download.too_large");
});

test("a long page beside a 404 does not turn missing into too large", async () => {
  await using server = await loopbackServer((_, response) => response.writeHead(404).end("x".repeat(200_000)));
  const response = await get(server, "/", { maxBytes: 10 });
  assert.equal(response.status, 404);
  assert.ok(response.body.length <= 65_536);
});

test("a Content-Length longer than the body is a broken exchange, not a short document", async () => {
  await using server = await rawServer((socket) => {
    socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
  });
  await refused(get(server, "/", { attempts: 1 }), "download.failed");
});

test("a body that goes on past its Content-Length is cut at it", async () => {
  await using server = await rawServer((socket) => {
    socket.end("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
  });
  assert.equal(Buffer.from((await get(server)).body).toString(), "hello");
});

test("what is no HTTP is a coded error", async () => {
  await using server = await rawServer((socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n"));
  await refused(get(server, "/", { attempts: 1 }), "download.failed");
});

test("silence before or inside a body ends at the idle limit", async () => {
  await using silent = await loopbackServer(() => undefined);
  await refused(get(silent, "/", { idleMs: 40 }), "download.too_slow");
  await using stalling = await loopbackServer((_, response) => void response.write("x"));
  await refused(get(stalling, "/", { idleMs: 40 }), "download.too_slow");
});

test("a body that drips within the idle limit ends at the total limit (slow loris)", async () => {
  await using server = await loopbackServer((_, response) => {
    const timer = setInterval(() => response.write("x"), 10);
    response.on("close", () => clearInterval(timer));
  });
  await refused(get(server, "/", { idleMs: 60, totalMs: 100 }), "download.too_slow");
});

test("an aborted signal ends the request with its own reason", async () => {
  await using server = await loopbackServer(() => undefined);
  const controller = new AbortController();
  const reason = new Error("changed my mind");
  setTimeout(() => controller.abort(reason), 20);
  await assert.rejects(get(server, "/", { signal: controller.signal }), reason);
});

test("nobody listening is download.unreachable, after backing off in growing steps", async () => {
  await using server = await loopbackServer(() => undefined);
  const { origin } = server;
  await server[Symbol.asyncDispose]();
  waits.length = 0;
  await refused(get({ origin }), "download.unreachable");
  assert.deepEqual(waits, [50, 100, 200]);
});

test("503 is tried again, Retry-After is honoured, and too long a wait is passed on", async () => {
  let count = 0;
  await using server = await loopbackServer((_, response) => {
    count += 1;
    if (count < 3) response.writeHead(503, { "retry-after": "2" }).end("busy");
    else response.end("ok");
  });
  waits.length = 0;
  assert.equal((await get(server)).status, 200);
  assert.deepEqual(waits, [2000, 2000]);
  await using hopeless = await loopbackServer((_, response) =>
    response.writeHead(429, { "retry-after": "86400" }).end(),
  );
  waits.length = 0;
  assert.equal((await get(hopeless)).status, 429);
  assert.deepEqual(waits, []);
});

test("a GET whose connection breaks is repeated, a POST never is: its first try may have counted", async () => {
  let count = 0;
  await using server = await loopbackServer((_, response) => {
    count += 1;
    if (count % 2 === 1) response.destroy();
    else response.end("ok");
  });
  assert.equal((await get(server)).status, 200);
  assert.equal(count, 2);
  await refused(
    client.request({ method: "POST", url: new URL(server.origin), maxBytes: 10, body: Buffer.from("x") }),
    "download.failed",
  );
  assert.equal(count, 3);
});

test("a POST never goes out on a connection that has been idle: its server may just be closing it", async () => {
  const ports: (number | undefined)[] = [];
  await using server = await loopbackServer((request, response) => {
    ports.push(request.socket.remotePort);
    response.end("ok");
  });
  let now = 0;
  const kept = createHttpClient({ monotonicMs: () => now });
  const ask = (method: "GET" | "POST") => kept.request({ method, url: new URL(server.origin), maxBytes: 10 });
  await ask("POST");
  await ask("GET");
  await ask("POST");
  now += 2_001;
  await ask("POST");
  await ask("GET");
  kept.close();
  const [first, get, warm, idle, again] = ports;
  assert.notEqual(get, first, "nothing is known of a connection before it answered");
  assert.equal(warm, get, "it answered a moment ago");
  assert.notEqual(idle, get, "it has been idle for too long");
  assert.equal(again, get);
});

test("a redirect is refused unless the caller allowed it, and its signed address is not shown", async () => {
  await using server = await loopbackServer((_, response) =>
    response.writeHead(307, { location: "https://elsewhere.example/x?signature=s3cret" }).end(),
  );
  const error = await refused(get(server), "download.redirected");
  assert.match(error.message, /elsewhere\.example/);
  assert.doesNotMatch(JSON.stringify([error.message, error.hints]), /s3cret/);
});

test("credentials do not follow a redirect to another origin, and do to the same", async () => {
  await using store = await loopbackServer((_, response) => response.end("blob"));
  await using server: LoopbackServer = await loopbackServer((request, response) => {
    const location = request.url === "/far" ? `${store.origin}/got` : request.url === "/near" ? "/got" : undefined;
    if (location === undefined) response.end("blob");
    else response.writeHead(302, { location }).end();
  });
  const headers = { authorization: "Bearer s3cret", cookie: "s3cret", accept: "x/y" };
  assert.equal((await get(server, "/far", { headers, redirects: "blob" })).url.origin, store.origin);
  assert.equal(store.headers[0]?.authorization, undefined);
  assert.equal(store.headers[0]?.cookie, undefined);
  assert.equal(store.headers[0]?.accept, "x/y");
  await get(server, "/near", { headers, redirects: "blob" });
  assert.equal(server.headers.at(-1)?.authorization, "Bearer s3cret");
});

test("a redirect loop ends", async () => {
  await using server = await loopbackServer((_, response) => response.writeHead(302, { location: "/again" }).end());
  await refused(get(server, "/", { redirects: "blob" }), "download.redirected");
  assert.equal(server.requests.length, 6);
});

test("a redirect to plain http elsewhere, to a file, or with a password in it is refused", async () => {
  for (const location of [
    "http://10.0.0.1/x",
    "file:///etc/passwd",
    "https://user:pw@elsewhere.example/",
    "http://[",
    "",
  ]) {
    await using server = await loopbackServer((_, response) => response.writeHead(302, { location }).end());
    await refused(get(server, "/", { redirects: "blob" }), "download.redirected");
  }
});

test("plain http beyond loopback and passwords in addresses are refused before a connection is made", async () => {
  await refused(get({ origin: "http://registry.example.com" }), "request.invalid");
  const error = await refused(get({ origin: "https://user:s3cret@registry.example.com" }), "request.invalid");
  assert.doesNotMatch(error.message, /s3cret/);
});

test("a streamed upload arrives whole, with its length announced and progress told", async () => {
  let received: Uint8Array = Buffer.alloc(0);
  await using server = await loopbackServer((_, response, body) => {
    received = body;
    response.end();
  });
  const piece = Buffer.alloc(50_000, "a");
  const sent: number[] = [];
  await client.request({
    method: "POST",
    url: new URL(server.origin),
    maxBytes: 10,
    body: {
      length: 150_000,
      open: async function* () {
        for (let i = 0; i < 3; i++) yield piece;
      },
    },
    onSent: (bytes) => sent.push(bytes),
  });
  assert.equal(received.length, 150_000);
  assert.equal(server.headers[0]?.["content-length"], "150000");
  assert.deepEqual(sent, [50_000, 100_000, 150_000]);
});

test("an early refusal of a long upload is read, not lost in a broken pipe", async () => {
  await using server = await rawServer((socket) => {
    socket.write("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig");
    socket.resume();
  });
  const open = async function* (): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < 64; i++) yield Buffer.alloc(65_536);
  };
  const url = new URL(server.origin);
  const response = await client.request({ method: "POST", url, maxBytes: 10, body: { length: 64 * 65_536, open } });
  assert.equal(response.status, 413);
});
