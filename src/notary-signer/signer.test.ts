// Our client against our signer over mutual TLS on loopback: what both must do, and who is kept out.
import assert from "node:assert/strict";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CountersignError, encodeUtf8, isCountersignError, systemClock } from "../bytes/index.ts";
import { verifySignature } from "../keys/index.ts";
import { openSqliteSignerKeys, type SignerKeyStore } from "../storage/index.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../testing/index.ts";
import { encodeCreateKeyRequest, encodeSignatureRequest } from "./messages.ts";
import { maxMessageBytes, methodPaths } from "./protocol.ts";
import { type SampleIdentity, sampleIdentity } from "./sample-identity.ts";
import { openConnection } from "./signer-call.ts";
import { openSignerClient, type SignerClient } from "./signer-client.ts";
import { openSignerKeys, type SignerKeys } from "./signer-keys.ts";
import { type RunningSigner, type SignerServerOptions, startSignerServer } from "./signer-server.ts";

const gun = "registry.example.com/team/app";
const content = encodeUtf8('{"_type":"Timestamp"}');

let directory: TemporaryDirectory;
let identity: SampleIdentity;
let caller: SampleIdentity;
let stranger: SampleIdentity;
let store: SignerKeyStore;
let keys: SignerKeys;
let signer: RunningSigner;
let client: SignerClient;

before(async () => {
  directory = await temporaryDirectory();
  identity = await sampleIdentity(directory.path, "signer");
  caller = await sampleIdentity(directory.path, "caller");
  stranger = await sampleIdentity(directory.path, "stranger");
  store = openSqliteSignerKeys(directory.path);
  const passphraseOf = () => "a passphrase";
  keys = await openSignerKeys({ store, passphraseOf, defaultAlias: "test", clock: systemClock, testOnlyCost: 1024 });
  signer = await start();
  client = await connect();
});

after(async () => {
  client.close();
  await signer.close();
  await store.close();
  await directory[Symbol.asyncDispose]();
});

function start(options: Partial<SignerServerOptions> = {}): Promise<RunningSigner> {
  const { certificatePath, keyPath } = identity;
  const clientCaPath = caller.certificatePath;
  const ping = () => store.ping();
  return startSignerServer({ keys, ping, port: 0, certificatePath, keyPath, clientCaPath, ...options });
}

function connection(shown: SampleIdentity | undefined = caller, port = signer.port) {
  return { host: "127.0.0.1", port, caPath: identity.certificatePath, timeoutMs: 5_000, ...shown };
}

function connect(shown?: SampleIdentity, port?: number): Promise<SignerClient> {
  return openSignerClient(connection(shown, port));
}

const unavailable = (error: unknown) => isCountersignError(error, "server.signing_unavailable");

test("a key of either type is made, described, used and removed", async () => {
  for (const algorithm of ["ecdsa", "ed25519"] as const) {
    const key = await client.createKey(gun, "timestamp", algorithm);
    assert.equal(key.algorithm, algorithm === "ecdsa" ? "ecdsa-p256" : "ed25519");
    const info = await client.keyInfo(key.id);
    assert.equal(info?.publicKey.id, key.id);
    assert.equal(info?.role, "timestamp");
    const signature = await client.sign(key, content);
    assert.ok(verifySignature(key, algorithm === "ecdsa" ? "ecdsa-sha256-raw" : "ed25519", content, signature));
    await client.deleteKey(key.id);
    await client.deleteKey(key.id);
    assert.equal(await client.keyInfo(key.id), undefined);
    await assert.rejects(client.sign(key, content), unavailable);
  }
});

test("a key that has not signed is given again, one that has is not: else a rotation would change nothing", async () => {
  const asked = await Promise.all(Array.from({ length: 10 }, () => client.createKey(gun, "snapshot", "ecdsa")));
  const [first] = asked;
  assert.ok(first !== undefined);
  assert.equal(new Set(asked.map((key) => key.id)).size, 1);
  await client.sign(first, content);
  const second = await client.createKey(gun, "snapshot", "ecdsa");
  assert.notEqual(second.id, first.id);
  assert.equal((await client.createKey(gun, "snapshot", "ecdsa")).id, second.id);
});

test("a hundred keys and signatures at once, none lost or mixed up", async () => {
  const made = await Promise.all(
    Array.from({ length: 100 }, (_, index) => client.createKey(`${gun}/${index}`, "timestamp", "ed25519")),
  );
  assert.equal(new Set(made.map((key) => key.id)).size, 100);
  await Promise.all(made.map((key, index) => client.sign(key, encodeUtf8(`message ${index}`))));
});

test("both services say that they serve; when the keys cannot be reached they say so", async () => {
  assert.deepEqual(await client.healthy(), { serving: true });
  const broken = await start({ ping: unreachable });
  using asking = await connect(caller, broken.port);
  assert.equal((await asking.healthy()).serving, false);
  await broken.close();
});

test("texts and codes are those of Notary's signer, and no request makes it end", async () => {
  const raw = await openConnection(connection());
  const failure = async (path: string, request: Uint8Array): Promise<string> => {
    const error: unknown = await raw.call(path, request).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof Error, path);
    const cause = error.cause;
    assert.ok(typeof cause === "object" && cause !== null && "code" in cause && "details" in cause);
    return `${String(cause.code)} ${String(cause.details)}`;
  };
  const rsa = encodeCreateKeyRequest({ algorithm: "rsa", gun, role: "snapshot" });
  assert.equal(await failure(methodPaths.createKey, rsa), "2 algorithm rsa not supported for create key");
  const nameless = encodeSignatureRequest({ keyId: undefined, content });
  assert.equal(await failure(methodPaths.sign, nameless), "3 the request names no key");
  for (const bad of ["", "a\0b", "x".repeat(256)]) {
    assert.match(
      await failure(methodPaths.createKey, encodeCreateKeyRequest({ algorithm: "ecdsa", gun: bad, role: "snapshot" })),
      /^3 /,
    );
  }
  assert.match(await failure(methodPaths.createKey, Uint8Array.of(0xff)), /^3 malformed/);
  assert.match(await failure("/proto.KeyManagement/Other", Uint8Array.of()), /^12 /);
  for (const odd of [
    "__proto__",
    "",
    "../../etc/passwd",
    "k".repeat(10_000),
    "\u{1f511}'; DROP TABLE signer_keys; --",
  ]) {
    assert.equal(await client.keyInfo(odd), undefined);
    assert.equal((await raw.call(methodPaths.sign, encodeSignatureRequest({ keyId: odd, content }))).kind, "not-found");
  }
  raw.close();
  assert.deepEqual(await client.healthy(), { serving: true });
});

test("a message over 4 MiB is refused on both sides", async () => {
  const key = await client.createKey(`${gun}/large`, "timestamp", "ed25519");
  await client.sign(key, new Uint8Array(maxMessageBytes - 1_000));
  await assert.rejects(client.sign(key, new Uint8Array(maxMessageBytes)), unavailable);
  const { Client, credentials } = await import("@grpc/grpc-js");
  const { readFileSync } = await import("node:fs");
  const unbounded = new Client(
    `localhost:${signer.port}`,
    credentials.createSsl(
      readFileSync(identity.certificatePath),
      readFileSync(caller.keyPath),
      readFileSync(caller.certificatePath),
    ),
  );
  const code = await new Promise((resolve) =>
    unbounded.makeUnaryRequest(
      methodPaths.sign,
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
      Buffer.alloc(maxMessageBytes + 1),
      (error) => resolve(error?.code),
    ),
  );
  unbounded.close();
  assert.equal(code, 8);
});

test("a caller without a certificate, or with a stranger's, is served nothing", async () => {
  const { host, port, caPath } = connection();
  for (const shown of [stranger, undefined]) {
    using outsider = await openSignerClient({ host, port, caPath, timeoutMs: 400, ...shown });
    await assert.rejects(outsider.createKey(gun, "timestamp", "ecdsa"), unavailable);
    assert.equal((await outsider.healthy()).serving, false);
  }
  assert.equal(await store.unusedKey(gun, "timestamp", "ecdsa"), undefined);
});

test("a signer whose certificate we do not trust, or that is another host's, gets no request", async () => {
  using misled = await openSignerClient({ ...connection(), caPath: stranger.certificatePath, timeoutMs: 400 });
  await assert.rejects(misled.createKey(gun, "timestamp", "ecdsa"), unavailable);
  // The certificate names 127.0.0.1 and localhost only.
  const other = await start({ host: "127.0.0.2" });
  using elsewhere = await openSignerClient({ ...connection(caller, other.port), host: "127.0.0.2", timeoutMs: 400 });
  await assert.rejects(elsewhere.createKey(gun, "timestamp", "ecdsa"), unavailable);
  await other.close();
});

test("a signer that restarts is found again, and calls meanwhile wait for it", async () => {
  const first = await start();
  using calling = await connect(caller, first.port);
  const key = await calling.createKey(`${gun}/restart`, "timestamp", "ecdsa");
  await first.close();
  const waiting = calling.sign(key, content);
  const second = await start({ port: first.port });
  await waiting;
  await calling.sign(key, content);
  await second.close();
});

test("new certificates are taken while it runs, for new connections; broken files change nothing", async () => {
  await using files = await temporaryDirectory();
  const folder = files.path;
  const { certificatePath, keyPath } = await sampleIdentity(folder, "changing");
  const renewable = await start({ certificatePath, keyPath });
  const trusting = (caPath: string) =>
    openSignerClient({ ...connection(caller, renewable.port), caPath, timeoutMs: 400 });
  const before = join(folder, "before.crt");
  copyFileSync(certificatePath, before);
  writeFileSync(certificatePath, "not a certificate");
  assert.throws(
    () => renewable.reloadTls(),
    (error) => isCountersignError(error, "certificate.invalid"),
  );
  {
    using client = await trusting(before);
    assert.deepEqual(await client.healthy(), { serving: true });
  }
  await sampleIdentity(folder, "changing");
  renewable.reloadTls();
  using old = await trusting(before);
  assert.equal((await old.healthy()).serving, false);
  using fresh = await trusting(certificatePath);
  assert.deepEqual(await fresh.healthy(), { serving: true });
  {
    using outsider = await openSignerClient({
      ...connection(stranger, renewable.port),
      caPath: certificatePath,
      timeoutMs: 400,
    });
    assert.equal((await outsider.healthy()).serving, false, "callers are still asked for their certificates");
  }
  await renewable.close();
});

test("an address that others reach needs callers with certificates, or the operator's word", async () => {
  const { certificatePath, keyPath } = identity;
  const open = { keys, ping: () => store.ping(), port: 0, certificatePath, keyPath };
  await assert.rejects(startSignerServer({ ...open, host: "0.0.0.0" }), (error) =>
    isCountersignError(error, "usage.invalid"),
  );
  await assert.rejects(startSignerServer({ ...open, certificatePath: "/nonexistent" }), (error) =>
    isCountersignError(error, "disk.unreadable"),
  );
  await assert.rejects(startSignerServer({ ...open, keyPath: stranger.keyPath }), (error) =>
    isCountersignError(error, "certificate.invalid"),
  );
  await assert.rejects(startSignerServer({ ...open, port: signer.port }), (error) =>
    isCountersignError(error, "listen.failed"),
  );
});

async function unreachable(): Promise<void> {
  throw new CountersignError("storage.unavailable", "gone");
}
