// Clients that ask and do not read, or begin and do not go on: what they keep in memory has an end, in bytes and in time, and one of them
// leaves room for others.
import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isCountersignError } from "../bytes/index.ts";
import { AnswersUnderWay } from "./answers-under-way.ts";
import type { App } from "./app.ts";
import type { Line } from "./client-address.ts";
import type { ReadyAnswer } from "./document-cache.ts";
import { type ListenerLimits, nodeListener } from "./node-listener.ts";
import { openTestApp } from "./test-app.test.ts";
import { UploadBudget } from "./upload-budget.ts";

/** More than the kernel takes over on loopback. */
const answerBytes = 24 * 1024 * 1024;
const calm = { idleMs: 60_000, minBytesPerMs: 1 };

interface Served extends AsyncDisposable {
  /** A client that sends this and reads nothing more until told. `address`: where it says that it is. */
  client(text: string, address?: string): Promise<Socket>;
}

/** The address is whatever the client says, so that there can be several. */
async function serve(app: App, limits: ListenerLimits): Promise<Served> {
  const addressOf = ({ headers }: Line) => String(headers["x-forwarded-for"]);
  const server = createServer(nodeListener(app, () => true, addressOf, limits));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    async client(text, address = "192.0.2.1") {
      const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
      socket.on("error", () => undefined);
      await once(socket, "connect");
      socket.write(text.replace("\r\n", `\r\nHost: h\r\nX-Forwarded-For: ${address}\r\n`));
      return socket;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const get = "GET /v2/x/_trust/bundle?root=1 HTTP/1.1\r\n\r\n";

/** The first bytes of the answer, without reading on. */
async function head(socket: Socket): Promise<string> {
  const [chunk] = (await once(socket, "data")) as [Buffer];
  socket.pause();
  return chunk.toString("latin1", 0, 400);
}

/** A client that is served again, once the server has seen that another one is gone. */
async function servedAgain(served: Served): Promise<Socket> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const socket = await served.client(get);
    if (/^HTTP\/1\.1 200 /.test(await head(socket))) return socket;
    socket.destroy();
    await sleep(200);
  }
  throw new Error("what another client kept is never free again");
}

test("whoever asks for large answers and does not read them gets no more of them; others do", async () => {
  await using world = await openTestApp();
  const app = { ...world.app, handle: async () => new Response(Buffer.alloc(answerBytes)) };
  await using served = await serve(app, { patience: calm, maxBytesUnderWay: 2.5 * answerBytes });
  const first = await served.client(get);
  assert.match(await head(first), /^HTTP\/1\.1 200 /);
  const second = await served.client(get);
  assert.match(await head(second), /^HTTP\/1\.1 503 [\s\S]*"code":"server\.busy"/);
  assert.match(await head(await served.client(get, "192.0.2.2")), /^HTTP\/1\.1 200 /);
  const third = await served.client(get.replace("bundle?root=1", "tuf/targets.json"), "192.0.2.3");
  assert.match(await head(third), /^HTTP\/1\.1 503 [\s\S]*"code":"UNKNOWN"/);
  assert.match(world.app.metrics.text(), /^countersign_busy_total 2$/m);
  first.destroy();
  assert.ok(await servedAgain(served));
});

test("whoever reads may ask again and again, on one connection or many", async () => {
  await using world = await openTestApp();
  const app = { ...world.app, handle: async () => new Response(Buffer.alloc(answerBytes)) };
  await using served = await serve(app, { patience: calm, maxBytesUnderWay: 1.5 * answerBytes });
  const socket = await served.client(get);
  for (let count = 1; count <= 4; count++) {
    let length = 0;
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      length += Buffer.from(chunk).length;
      if (length > answerBytes) break;
    }
    assert.ok(length > answerBytes && length < answerBytes + 1_000, `answer ${count} of ${length} bytes`);
    socket.write(get.replace("\r\n", "\r\nHost: h\r\nX-Forwarded-For: 192.0.2.1\r\n"));
  }
});

test("an answer from memory counts once, however many are slow to read it", async () => {
  await using world = await openTestApp();
  const body = Buffer.alloc(answerBytes);
  const answer: ReadyAnswer = { body, headers: [], operation: "Bundle", freshUntil: Number.POSITIVE_INFINITY };
  const app = { ...world.app, ready: () => answer };
  await using served = await serve(app, { patience: calm, maxBytesUnderWay: 1.5 * answerBytes });
  for (let count = 0; count < 4; count++) {
    assert.match(await head(await served.client(get)), /^HTTP\/1\.1 200 /);
  }
});

test("a client that stops reading is cut off, and what it kept is free again", async () => {
  await using world = await openTestApp();
  const app = { ...world.app, handle: async () => new Response(Buffer.alloc(answerBytes)) };
  const limits = { patience: { ...calm, idleMs: 300 }, maxBytesUnderWay: 2 * answerBytes };
  await using served = await serve(app, limits);
  await head(await served.client(get));
  assert.ok(await servedAgain(served));
});

test("a client that reads a little now and then is cut off in time, and one that is done is not", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const body = Buffer.alloc(1_000_000);
  const sending = new AnswersUnderWay(1.5 * body.length, { idleMs: 1_000, minBytesPerMs: 100 });
  const [slow, done] = [new Outgoing(), new Outgoing()];
  for (const each of [slow, done]) assert.ok(sending.admit(each as unknown as ServerResponse, body, "192.0.2.1"));
  done.emit("close");
  t.mock.timers.tick(10_999);
  assert.deepEqual([slow.destroyed, done.destroyed], [false, false]);
  t.mock.timers.tick(2);
  assert.deepEqual([slow.destroyed, done.destroyed], [true, false]);
});

/** As much of a ServerResponse as is needed to wait for its end. */
class Outgoing extends EventEmitter {
  destroyed = false;
  setTimeout(): void {}
  destroy(): void {
    this.destroyed = true;
  }
}

test("a body that stands still ends its connection, and is the client's fault in the log", async () => {
  await using world = await openTestApp();
  await using served = await serve(world.app, { patience: { ...calm, idleMs: 200 } });
  const type = "Content-Type: multipart/form-data; boundary=b";
  const post = `POST /v2/example.com/a/_trust/publish HTTP/1.1\r\n${type}\r\nContent-Length: 5000\r\n\r\n--b\r\n`;
  const socket = await served.client(post);
  const started = performance.now();
  await once(socket, "close");
  assert.ok(performance.now() - started < 5_000);
  const line = world.log.find(({ fields }) => fields.method === "POST");
  assert.deepEqual([line?.event, line?.fields.code, line?.fields.status], ["request", "request.invalid", 400]);
});

test("uploads that never end leave room for other addresses, and what they took comes back", async () => {
  const budget = new UploadBudget(1_000);
  const isBusy = (error: unknown) => isCountersignError(error, "server.busy");
  async function* bytes(length: number) {
    yield Buffer.alloc(length);
  }
  const hold = Promise.withResolvers<void>();
  const readAll = async (body: AsyncIterable<Uint8Array> | null, until?: Promise<void>) => {
    for await (const _ of body ?? []);
    await until;
    return "read";
  };
  const upload = (whom: string, length: number, until?: Promise<void>) =>
    budget.spend(whom, bytes(length), (body) => readAll(body, until));
  const held = upload("a", 700, hold.promise);
  await assert.rejects(upload("a", 100), isBusy);
  assert.equal(await upload("b", 250), "read");
  await assert.rejects(upload("b", 350), isBusy);
  hold.resolve();
  await held;
  assert.equal(await upload("a", 700), "read");
  await assert.rejects(upload("a", 800), isBusy, "no one ever gets all of it");
});
