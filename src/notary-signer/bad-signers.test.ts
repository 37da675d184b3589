// Signers that lie, babble, hang or go away: the client gives server.signing_unavailable, in time, and never a key or a signature
// that it has not checked.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from "@grpc/grpc-js";
import { encodeUtf8, isCountersignError } from "../bytes/index.ts";
import { generateSigner, type PublicKey, type Signer } from "../keys/index.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../testing/index.ts";
import { encodeHealthAnswer, encodeKeyAnswer, encodeKeyInfoAnswer, encodeSignatureAnswer } from "./messages.ts";
import { writeMessage } from "./protobuf.ts";
import { methodPaths, wireAlgorithm, wirePublicKey } from "./protocol.ts";
import { type SampleIdentity, sampleIdentity } from "./sample-identity.ts";
import { openSignerClient, type SignerClient } from "./signer-client.ts";

type Fake = (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => void;

const content = encodeUtf8('{"_type":"Snapshot"}');
const gun = "example.com/app";
let directory: TemporaryDirectory;
let identity: SampleIdentity;
let key: Signer;
let other: Signer;

before(async () => {
  directory = await temporaryDirectory();
  identity = await sampleIdentity(directory.path, "fake");
  key = await generateSigner("ecdsa-p256");
  other = await generateSigner("ecdsa-p256");
});
after(() => directory[Symbol.asyncDispose]());

/** A signer all of whose methods answer so. */
async function withFake(
  fake: Fake,
  body: (client: SignerClient, port: number, server: Server) => Promise<void>,
): Promise<void> {
  const server = new Server();
  const identityBytes = (bytes: Buffer): Buffer => bytes;
  for (const path of Object.values(methodPaths)) {
    const definition = {
      path,
      requestStream: false,
      responseStream: false,
      requestSerialize: identityBytes,
      requestDeserialize: identityBytes,
      responseSerialize: identityBytes,
      responseDeserialize: identityBytes,
    } as const;
    server.addService({ call: definition }, { call: fake });
  }
  const credentials = ServerCredentials.createSsl(null, [
    { private_key: readFileSync(identity.keyPath), cert_chain: readFileSync(identity.certificatePath) },
  ]);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) => (error === null ? resolve(bound) : reject(error))),
  );
  using client = await openSignerClient({
    host: "127.0.0.1",
    port,
    caPath: identity.certificatePath,
    timeoutMs: 500,
  });
  try {
    await body(client, port, server);
  } finally {
    server.forceShutdown();
  }
}

const answering =
  (bytes: () => Uint8Array | Promise<Uint8Array>): Fake =>
  async (_, answer) =>
    answer(null, Buffer.from(await bytes()));

function keyAnswer(publicKey: PublicKey, changes: { keyId?: string; algorithm?: string } = {}) {
  const algorithm = wireAlgorithm(publicKey.algorithm);
  return { keyId: publicKey.id, algorithm, publicKey: wirePublicKey(publicKey), ...changes };
}

async function refused(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(isCountersignError(error, "server.signing_unavailable"), String(error));
  return error.message;
}

async function refusedByAll(fake: Fake): Promise<void> {
  await withFake(fake, async (client) => {
    await refused(client.createKey(gun, "snapshot", "ecdsa"));
    await refused(client.sign(key.publicKey, content));
    await refused(client.keyInfo(key.publicKey.id));
    assert.equal((await client.healthy()).serving, false);
  });
}

test("nonsense: no bytes, random bytes, another message", async () => {
  await refusedByAll(answering(() => new Uint8Array()));
  await refusedByAll(answering(() => encodeUtf8("<html>502 Bad Gateway</html>")));
  await refusedByAll(answering(() => Buffer.alloc(3_000, 0xff)));
  await refusedByAll(answering(() => encodeHealthAnswer(2)));
});

test("errors of every status, also with text that is meant for a terminal", async () => {
  for (const code of [1, 2, 3, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16]) {
    await withFake(
      (_, answer) => answer({ code, details: "\u001b[2Jall is well" }),
      async (client) => {
        const message = await refused(client.sign(key.publicKey, content));
        assert.ok(!message.includes("\u001b"), message);
      },
    );
  }
});

test("a hang ends at the deadline", async () => {
  await withFake(
    () => {},
    async (client) => {
      const started = performance.now();
      assert.match(await refused(client.sign(key.publicKey, content)), /did not answer within 500 ms/);
      assert.ok(performance.now() - started < 5_000);
    },
  );
});

test("calls that wait for their turn behind a hang end at their own deadlines, and no queue gathers", async () => {
  await withFake(
    () => {},
    async (client) => {
      const started = performance.now();
      const calls = Array.from({ length: 400 }, () => refused(client.sign(key.publicKey, content)));
      const health = client.healthy();
      for (const message of await Promise.all(calls))
        assert.match(message, /did not answer within 500 ms|cannot be reached/);
      assert.equal((await health).serving, false);
      // One after another, 64 at once, they would take six times as long as one.
      assert.ok(performance.now() - started < 2_500, `${performance.now() - started} ms`);
    },
  );
});

test("a huge answer is cut off, not kept, also one that would be right", async () => {
  const padding = writeMessage([[15, Buffer.alloc(5 * 1024 * 1024)]]);
  const padded = () => Buffer.concat([encodeKeyAnswer(keyAnswer(key.publicKey)), padding]);
  await withFake(answering(padded), async (client) => {
    await refused(client.createKey(gun, "snapshot", "ecdsa"));
    await refused(client.keyInfo(key.publicKey.id));
  });
});

test("a signer that goes away in the middle of a call, and one that was never there", async () => {
  await withFake(
    (call) => void call,
    async (client, port, server) => {
      const waiting = refused(client.sign(key.publicKey, content));
      await client.healthy();
      server.forceShutdown();
      await waiting;
      await new Promise((resolve) => connect(port, "127.0.0.1").once("error", resolve).once("connect", resolve));
      assert.match(await refused(client.sign(key.publicKey, content)), /cannot be reached/);
    },
  );
});

test("a new key of another type, under another's id, or of a curve that was not asked for", async () => {
  const p384 = await generateSigner("ecdsa-p384");
  const ed25519 = await generateSigner("ed25519");
  const rsa = await generateSigner("rsa");
  const lies = [
    keyAnswer(p384.publicKey),
    keyAnswer(ed25519.publicKey),
    keyAnswer(rsa.publicKey),
    keyAnswer(key.publicKey, { keyId: other.publicKey.id }),
    keyAnswer(key.publicKey, { keyId: "" }),
    keyAnswer(key.publicKey, { algorithm: "ed25519" }),
    keyAnswer(key.publicKey, { algorithm: "__proto__" }),
    keyAnswer(key.publicKey, { algorithm: "" }),
    { ...keyAnswer(key.publicKey), publicKey: wirePublicKey(other.publicKey) },
    { ...keyAnswer(ed25519.publicKey), publicKey: new Uint8Array(32) },
  ];
  for (const lie of lies) {
    await withFake(
      answering(() => encodeKeyAnswer(lie)),
      async (client) => {
        await refused(client.createKey(gun, "snapshot", "ecdsa"));
        await refused(client.createKey(gun, "snapshot", lie.algorithm === "ed25519" ? "ecdsa" : "ed25519"));
      },
    );
  }
  await withFake(
    answering(() => encodeKeyInfoAnswer({ ...keyAnswer(other.publicKey), role: "snapshot" })),
    async (client) => {
      await refused(client.keyInfo(key.publicKey.id));
    },
  );
});

test("a signature of another key, over other bytes, in DER, under another key's name or cut short", async () => {
  const good = await key.sign(content, "ecdsa-sha256-raw");
  const answer = { keyId: key.publicKey.id, algorithm: "ecdsa", method: "ecdsa", content: good };
  await withFake(
    answering(() => encodeSignatureAnswer(answer)),
    async (client) => {
      assert.deepEqual(Buffer.from(await client.sign(key.publicKey, content)), Buffer.from(good));
    },
  );
  const lies = [
    { ...answer, content: await other.sign(content, "ecdsa-sha256-raw") },
    { ...answer, content: await key.sign(encodeUtf8('{"_type":"Root"}'), "ecdsa-sha256-raw") },
    { ...answer, content: await key.sign(content, "ecdsa-sha256-der") },
    { ...answer, content: good.subarray(1) },
    { ...answer, content: new Uint8Array() },
    { ...answer, content: new Uint8Array(64) },
    { ...answer, keyId: other.publicKey.id },
    { ...answer, method: "rsapss" },
  ];
  for (const lie of lies) {
    await withFake(
      answering(() => encodeSignatureAnswer(lie)),
      async (client) => {
        await refused(client.sign(key.publicKey, content));
      },
    );
  }
});
