// Below the messages: gRPC frames whose length lies, that are cut, compressed with a thing nobody has, or never end, sent by a caller
// to our signer and by a signer to our client. Both stay up, answer with an error, and hold no more than a message may have.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type ClientHttp2Session, connect, createSecureServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { systemClock } from "../bytes/index.ts";
import { generateSigner, type Signer } from "../keys/index.ts";
import { openSqliteSignerKeys, type SignerKeyStore } from "../storage/index.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../testing/index.ts";
import { encodeHealthRequest } from "./messages.ts";
import { healthServices, maxMessageBytes, methodPaths } from "./protocol.ts";
import { type SampleIdentity, sampleIdentity } from "./sample-identity.ts";
import { openSignerClient } from "./signer-client.ts";
import { openSignerKeys } from "./signer-keys.ts";
import { type RunningSigner, startSignerServer } from "./signer-server.ts";

let directory: TemporaryDirectory;
let identity: SampleIdentity;
let store: SignerKeyStore;
let signer: RunningSigner;
let key: Signer;
let toRawSigner: { readonly host: string; readonly caPath: string; readonly timeoutMs: number };

before(async () => {
  directory = await temporaryDirectory();
  identity = await sampleIdentity(directory.path, "both");
  toRawSigner = { host: "127.0.0.1", caPath: identity.certificatePath, timeoutMs: 1_000 };
  key = await generateSigner("ecdsa-p256");
  store = openSqliteSignerKeys(directory.path);
  const passphraseOf = () => "a passphrase";
  const keys = await openSignerKeys({
    ...{ store, passphraseOf, defaultAlias: "test", clock: systemClock, testOnlyCost: 16 },
  });
  const clientCaPath = identity.certificatePath;
  signer = await startSignerServer({ keys, ping: () => store.ping(), port: 0, ...identity, clientCaPath });
});

after(async () => {
  await signer.close();
  await store.close();
  await directory[Symbol.asyncDispose]();
});

/** A gRPC frame: compressed or not, the length it claims, what follows. */
function frame(claimed: number, body: Uint8Array, flag = 0): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flag, 0);
  head.writeUInt32BE(claimed, 1);
  return Buffer.concat([head, body]);
}

const healthRequest = encodeHealthRequest(healthServices[0]);
const whole = frame(healthRequest.length, healthRequest);

const badBodies: readonly (readonly [string, Buffer])[] = [
  ["nothing at all", Buffer.alloc(0)],
  ["half a prefix", Buffer.of(0, 0, 0)],
  ["a length of four gigabytes", frame(0xffff_ffff, Buffer.alloc(16))],
  ["a length above what follows", frame(healthRequest.length + 9, healthRequest)],
  ["a length below what follows", frame(2, healthRequest)],
  ["a length just above the limit", frame(maxMessageBytes + 1, Buffer.alloc(maxMessageBytes + 1))],
  ["two messages where one belongs", Buffer.concat([whole, whole])],
  ["another protocol", Buffer.from("POST / HTTP/1.1\r\nHost: x\r\n\r\n")],
];

interface Heard {
  readonly status: string;
  readonly grpcStatus: string;
}

function ask(
  session: ClientHttp2Session,
  path: string,
  body: Buffer,
  more: Readonly<Record<string, string>> = {},
): Promise<Heard> {
  const { promise, resolve } = Promise.withResolvers<Heard>();
  const usual = { "content-type": "application/grpc", te: "trailers" };
  const stream = session.request({ ":method": "POST", ":path": path, ...usual, ...more });
  const heard: { status: string; grpcStatus: string } = { status: "", grpcStatus: "" };
  stream.on("response", (headers) => {
    heard.status = String(headers[":status"]);
    heard.grpcStatus = String(headers["grpc-status"] ?? "");
  });
  stream.on("trailers", (trailers) => {
    heard.grpcStatus = String(trailers["grpc-status"] ?? "");
  });
  // A stream that is cut is an answer too.
  stream.on("error", () => {});
  stream.on("close", () => resolve(heard));
  stream.resume();
  stream.end(body);
  return promise;
}

async function withSession(body: (session: ClientHttp2Session) => Promise<void>): Promise<void> {
  const certificate = readFileSync(identity.certificatePath);
  const session = connect(`https://127.0.0.1:${signer.port}`, {
    ...{ ca: certificate, cert: certificate, key: readFileSync(identity.keyPath) },
  });
  session.on("error", () => {});
  try {
    await body(session);
  } finally {
    session.destroy();
  }
}

test("frames that lie get no answer from the signer, which goes on serving", async () => {
  for (const [what, bytes] of badBodies) {
    await withSession(async (session) => {
      const heard = await ask(session, methodPaths.health, bytes);
      assert.notEqual(heard.grpcStatus, "0", what);
    });
    await withSession(async (session) => {
      assert.deepEqual(await ask(session, methodPaths.health, whole), { status: "200", grpcStatus: "0" }, what);
    });
  }
});

test("paths and content types that are none of the protocol's are refused", async () => {
  await withSession(async (session) => {
    for (const path of ["/", "/proc/self/environ", "/proto.Signer/Sign/", "/proto.Signer/__proto__", "/constructor"]) {
      assert.notEqual((await ask(session, path, whole)).grpcStatus, "0", path);
    }
    for (const type of ["text/html", "application/json", ""]) {
      assert.notEqual((await ask(session, methodPaths.health, whole, { "content-type": type })).grpcStatus, "0", type);
    }
  });
});

/** A hundred megabytes in a hundred kilobytes, as gzip. */
const bomb = gzipSync(Buffer.alloc(100_000_000));

test("a compressed bomb is not unpacked beyond what a message may have", async () => {
  await withSession(async (session) => {
    const before = process.memoryUsage.rss();
    const heard = await ask(session, methodPaths.sign, frame(bomb.length, bomb, 1), { "grpc-encoding": "gzip" });
    assert.notEqual(heard.grpcStatus, "0");
    assert.ok(process.memoryUsage.rss() - before < 60_000_000);
    assert.equal((await ask(session, methodPaths.health, whole)).grpcStatus, "0");
  });
  const answer = (stream: ServerHttp2Stream) => void stream.end(frame(bomb.length, bomb, 1));
  await withRawSigner(
    answer,
    async (port) => {
      using client = await openSignerClient({ ...toRawSigner, port });
      const before = process.memoryUsage.rss();
      await assert.rejects(client.sign(key.publicKey, Buffer.from("content")), { code: "server.signing_unavailable" });
      assert.ok(process.memoryUsage.rss() - before < 60_000_000);
    },
    { "grpc-encoding": "gzip" },
  );
});

/** A signer that answers every call with these bytes, and with OK in the trailers unless it never ends. */
async function withRawSigner(
  answer: (stream: ServerHttp2Stream) => void,
  body: (port: number) => Promise<void>,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const server = createSecureServer({
    ...{ cert: readFileSync(identity.certificatePath), key: readFileSync(identity.keyPath) },
  });
  server.on("sessionError", () => {});
  server.on("stream", (stream) => {
    stream.on("error", () => {});
    stream.resume();
    stream.respond({ ":status": 200, "content-type": "application/grpc", ...headers }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    answer(stream);
  });
  const sessions = new Set<{ destroy(): void }>();
  server.on("session", (session) => sessions.add(session));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await body((server.address() as AddressInfo).port);
  } finally {
    for (const session of sessions) session.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

test("frames that lie, or never end, are no signature for our server, and end in time", async () => {
  const endless = (stream: ServerHttp2Stream) => {
    const more = () => {
      while (!stream.destroyed && stream.write(Buffer.alloc(16_384)));
    };
    stream.write(frame(0x3fff_ffff, Buffer.alloc(0)));
    stream.on("drain", more);
    more();
  };
  const answers = [
    ...badBodies.map(([what, bytes]) => [what, (stream: ServerHttp2Stream) => void stream.end(bytes)] as const),
    ["an answer that never ends", endless] as const,
  ];
  for (const [what, answer] of answers) {
    await withRawSigner(answer, async (port) => {
      using client = await openSignerClient({ ...toRawSigner, port });
      const before = process.memoryUsage.rss();
      const started = performance.now();
      await assert.rejects(
        client.sign(key.publicKey, Buffer.from("content")),
        { code: "server.signing_unavailable" },
        what,
      );
      assert.equal((await client.healthy()).serving, false, what);
      assert.ok(performance.now() - started < 4_000, what);
      assert.ok(process.memoryUsage.rss() - before < 200_000_000, what);
    });
  }
});
