// TLS as an operator configures it: certificates that are renewed while the server runs, clients that must show theirs, and an address
// that others can reach, which is refused as long as nothing says who they are.
import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes, X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { test } from "node:test";
import { type ConnectionOptions, connect } from "node:tls";
import { dockerTokensOnly } from "../access/index.ts";
import { isCountersignError } from "../bytes/index.ts";
import { buildSelfSignedCertificate, signerFromPrivateKey } from "../keys/index.ts";
import { temporaryDirectory } from "../testing/index.ts";
import { startServer } from "./start-server.ts";

const failsWith = (code: string) => (error: unknown) => isCountersignError(error) && error.code === code;

async function makeIdentity(directory: string, name: string) {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { pem } = await buildSelfSignedCertificate({
    commonName: "localhost",
    notBefore: Date.now() - 1_000,
    notAfter: Date.now() + 3_600_000,
    signer: signerFromPrivateKey(privateKey),
    usage: { kind: "tls-server", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"], alsoClient: true },
  });
  const paths = { certificatePath: join(directory, `${name}.crt`), keyPath: join(directory, `${name}.key`) };
  const key = privateKey.export({ format: "pem", type: "pkcs8" }).toString();
  writeFileSync(paths.certificatePath, pem);
  writeFileSync(paths.keyPath, key);
  return { ...paths, pem, key, sha256: new X509Certificate(pem).fingerprint256 };
}

/** The fingerprint that a new connection is shown. */
function shown(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const options: ConnectionOptions = { host: "127.0.0.1", port, rejectUnauthorized: false };
    const socket = connect(options, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.once("error", reject);
  });
}

test("a renewed certificate is shown after a reload; a damaged one leaves the old one in use", async () => {
  await using directory = await temporaryDirectory();
  const first = await makeIdentity(directory.path, "server");
  const { certificatePath, keyPath } = first;
  const tls = { kind: "files", certificatePath, keyPath } as const;
  await using server = await closing(startServer({ dataDir: directory.path, port: 0, tls }));
  assert.equal(await shown(server.port), first.sha256);
  const second = await makeIdentity(directory.path, "server");
  assert.equal(await shown(server.port), first.sha256);
  server.reloadTls();
  assert.equal(await shown(server.port), second.sha256);
  // Half-written: the new certificate is there, its key is not.
  await makeIdentity(directory.path, "other");
  writeFileSync(keyPath, randomBytes(10));
  assert.throws(() => server.reloadTls(), failsWith("key.format"));
  assert.equal(await shown(server.port), second.sha256);
});

test("with a client authority nobody is served without a certificate of it", async () => {
  await using directory = await temporaryDirectory();
  const identity = await makeIdentity(directory.path, "server");
  // A self-signed client certificate is its own authority, as Notary's development configuration has it.
  const client = await makeIdentity(directory.path, "client");
  const stranger = await makeIdentity(directory.path, "stranger");
  const { certificatePath, keyPath } = identity;
  const options = { dataDir: directory.path, port: 0, clientCaPath: client.certificatePath };
  await using server = await closing(startServer({ ...options, tls: { kind: "files", certificatePath, keyPath } }));
  const ask = (shows: object) =>
    new Promise<number>((resolve, reject) => {
      const sent = request({
        host: "127.0.0.1",
        port: server.port,
        path: "/v2/",
        ca: identity.pem,
        agent: false,
        ...shows,
      });
      sent.on("response", (response) => resolve(response.resume().statusCode ?? 0));
      sent.on("error", reject).end();
    });
  await assert.rejects(ask({}));
  await assert.rejects(ask({ cert: stranger.pem, key: stranger.key }));
  assert.equal(await ask({ cert: client.pem, key: client.key }), 200);
  const withoutTls = startServer({ ...options, dataDir: join(directory.path, "other"), tls: { kind: "off" } });
  await assert.rejects(withoutTls, failsWith("usage.invalid"));
  // Refused at the start, not by refusing every client later.
  const noCa = { ...options, clientCaPath: keyPath, dataDir: join(directory.path, "third") };
  await assert.rejects(startServer(noCa), failsWith("certificate.invalid"));
});

test("every address of the machine is listened on only where something says who may publish", async () => {
  await using directory = await temporaryDirectory();
  const client = await makeIdentity(directory.path, "client");
  const dataDir = join(directory.path, "data");
  for (const host of ["*", "0.0.0.0", "::", "127.0.0.1.example.com"]) {
    await assert.rejects(startServer({ dataDir, port: 0, host, tls: { kind: "off" } }), failsWith("usage.invalid"));
  }
  const tokens = {
    realm: "https://a.example/token",
    service: "s",
    issuer: "i",
    rootCertBundlePath: client.certificatePath,
  };
  const guards = [
    { access: { policy: dockerTokensOnly(tokens) } },
    { clientCaPath: client.certificatePath },
    { allowNonLoopback: true },
  ];
  for (const guard of guards) {
    await using server = await closing(startServer({ dataDir, port: 0, host: "*", ...guard }));
    assert.equal(server.url, `https://localhost:${server.port}`);
  }
});

async function closing<T extends { close(): Promise<void> }>(started: Promise<T>): Promise<T & AsyncDisposable> {
  const server = await started;
  return { ...server, [Symbol.asyncDispose]: () => server.close() };
}
