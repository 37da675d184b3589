// Servers and networks that misbehave, seen from a whole refresh: a coded error, nothing stored, and no request more than allowed.
import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { it } from "node:test";
import { gzipSync } from "node:zlib";
import { isCountersignError } from "../bytes/index.ts";
import { type LoopbackServer, loopbackServer, rejectsWith, TufReader, TufTree } from "../testing/index.ts";
import type { TufLimits } from "./limits.ts";
import { openWebTransport, type WebTransportOptions } from "./web-transport.ts";

type Answer = (response: ServerResponse, bytes: Uint8Array, request: IncomingMessage) => void;

/** A server of the tree that answers for one file as it likes. */
function serverOf(tree: TufTree, file: string, answer: Answer): Promise<LoopbackServer> {
  return loopbackServer((request, response) => {
    const name = (request.url ?? "").slice(1);
    const bytes = tree.files.get(name);
    if (name === file) answer(response, bytes ?? new Uint8Array(), request);
    else response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
  });
}

interface Wanted extends Partial<WebTransportOptions> {
  readonly limits?: Partial<TufLimits>;
}

async function refresh(tree: TufTree, server: LoopbackServer, wanted: Wanted = {}) {
  const { limits = {}, ...options } = wanted;
  const reader = await TufReader.of(tree);
  const metadataUrl = `${server.origin}/metadata`;
  using transport = openWebTransport({ bases: [metadataUrl], attempts: 1, ...options });
  try {
    return await reader.open({ metadataUrl, transport, limits }).refresh();
  } catch (error) {
    assert.equal(await reader.version("timestamp"), undefined, "something was stored");
    throw error;
  }
}

const timestamp = "metadata/timestamp.json";

it("redirects are followed to the same host, and refused to other kinds of addresses and to plain http elsewhere", async () => {
  const tree = await TufTree.create();
  await using elsewhere = await loopbackServer((_request, response) => void response.writeHead(500).end());
  let where = "";
  await using server = await serverOf(tree, timestamp, (response) => {
    response.writeHead(302, { location: where }).end();
  });
  const plain = elsewhere.origin.replace("127.0.0.1", "repository.invalid");
  for (where of ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:text/plain,x", "javascript:1", "", plain]) {
    await rejectsWith(refresh(tree, server), "download.redirected");
  }
  where = "/metadata/timestamp.json";
  await rejectsWith(refresh(tree, server), "download.redirected"); // in a circle
  assert.deepEqual(elsewhere.requests, []);
  tree.files.set("metadata/moved.json", tree.file(timestamp));
  where = "/metadata/moved.json";
  assert.equal((await refresh(tree, server)).timestamp, 1);
});

it("bodies that are cut, silent, dripping, endless or longer than announced end with an error", async () => {
  const tree = await TufTree.create();
  const answers: readonly [string, Answer, Parameters<typeof rejectsWith>[1]][] = [
    [
      "cut",
      (response, bytes) =>
        response
          .writeHead(200, { "content-length": bytes.length })
          .write(bytes.subarray(0, 9), () => response.destroy()),
      "download.failed",
    ],
    ["silent", (response) => response.writeHead(200).write("{"), "download.too_slow"],
    ["no answer at all", () => undefined, "download.too_slow"],
    ["dripping", drip, "download.too_slow"],
    ["endless", (response) => flood(response.writeHead(200)), "download.too_large"],
    [
      "announced too long",
      (response, bytes) => response.writeHead(200, { "content-length": 1e12 }).write(bytes),
      "download.too_large",
    ],
    [
      "announced shorter than it is",
      (response, bytes) => response.writeHead(200, { "content-length": 9 }).end(bytes.subarray(0, 9)),
      "json.invalid",
    ],
    ["empty", (response) => response.writeHead(200).end(), "json.invalid"],
    ["a broken exchange", (response) => response.destroy(), "download.failed"],
    ["no HTTP", (response) => response.socket?.end("SSH-2.0-x\r\n"), "download.failed"],
    ["no content", (response) => response.writeHead(204).end(), "download.failed"],
    ["a part", (response, bytes) => response.writeHead(206).end(bytes), "download.failed"],
  ];
  for (const [what, answer, code] of answers) {
    await using server = await serverOf(tree, timestamp, answer);
    await assert.rejects(
      refresh(tree, server, { limits: { idleMs: 100, documentMs: 400 } }),
      (error) => isCountersignError(error, code) || assert.fail(`${what}: ${String(error)}`),
    );
  }
});

/** A byte now and then: never silent for long, never done. */
function drip(response: ServerResponse): void {
  response.writeHead(200);
  const timer = setInterval(() => response.write(" "), 20);
  response.on("close", () => clearInterval(timer));
}

function flood(response: ServerResponse): void {
  const more = (): void => {
    while (!response.destroyed && response.write(Buffer.alloc(65_536, 32)));
  };
  response.on("drain", more);
  more();
}

it("compressed bodies are not unpacked: a small one cannot become a large one", async () => {
  const tree = await TufTree.create();
  let accepted: unknown;
  await using server = await serverOf(tree, timestamp, (response, bytes, request) => {
    accepted = request.headers["accept-encoding"];
    response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(bytes));
  });
  await rejectsWith(refresh(tree, server), "json.invalid");
  assert.equal(accepted, "identity");
});

it("a busy server is asked again as often as allowed; a clear answer is never asked for twice", async () => {
  const tree = await TufTree.create();
  let failures = 2;
  await using busy = await serverOf(tree, timestamp, (response, bytes) => {
    response.writeHead(failures-- > 0 ? 503 : 200).end(bytes);
  });
  assert.equal((await refresh(tree, busy, { attempts: 4 })).timestamp, 1);
  assert.equal(busy.requests.filter((request) => request.endsWith("timestamp.json")).length, 3);
  failures = 9;
  await rejectsWith(refresh(tree, busy, { attempts: 1 }), "download.unavailable");
  assert.equal(failures, 8);
  for (const status of [404, 403, 400, 500]) {
    await using clear = await serverOf(tree, timestamp, (response) => void response.writeHead(status).end());
    await rejectsWith(
      refresh(tree, clear, { attempts: 4 }),
      "metadata.missing",
      "download.denied",
      "download.failed",
      "download.unavailable",
    );
    assert.deepEqual(clear.requests, ["GET /metadata/2.root.json", "GET /metadata/timestamp.json"], String(status));
  }
});

it("a repository is reached through the proxy that the environment names, and straight where it makes an exception", async () => {
  const tree = await TufTree.create();
  await using proxy = await loopbackServer((request, response) => {
    const bytes = tree.files.get(new URL(request.url ?? "").pathname.slice(1));
    response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
  });
  const metadataUrl = "http://repository.invalid/metadata";
  const through = async (env: Readonly<Record<string, string>>) => {
    const reader = await TufReader.of(tree);
    using transport = openWebTransport({ bases: [metadataUrl], attempts: 1, env });
    return reader.open({ metadataUrl, transport }).refresh();
  };
  assert.equal((await through({ http_proxy: proxy.origin })).timestamp, 1);
  assert.equal(proxy.requests[0], "GET http://repository.invalid/metadata/2.root.json");
  await rejectsWith(through({ http_proxy: proxy.origin, no_proxy: ".invalid" }), "download.unreachable");
  assert.equal(proxy.requests.length, 4);
});
