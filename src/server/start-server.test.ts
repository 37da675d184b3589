// The running server, over sockets: TLS made at first start, the lock, refusals at start, the fast lane, and the orderly stop.
import assert from "node:assert/strict";
import { chmodSync, readFileSync, rmSync, statSync } from "node:fs";
import { request } from "node:https";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { isCountersignError, systemClock } from "../bytes/index.ts";
import { temporaryDirectory } from "../testing/index.ts";
import { startServer } from "./start-server.ts";
import { TestPublisher } from "./test-publisher.ts";

const failsWith = (code: string) => (error: unknown) => isCountersignError(error) && error.code === code;

function getOverTls(url: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { ca, agent: false }, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += String(chunk);
      });
      response.on("end", () => resolve(text));
    });
    sent.on("error", reject).end();
  });
}

test("the first start makes a certificate that clients can trust, and keeps it", async () => {
  await using dir = await temporaryDirectory();
  const first = await startServer({ dataDir: dir.path, port: 0 });
  const certificate = first.certificate;
  assert.ok(certificate?.generated);
  const ca = readFileSync(certificate.path, "utf8");
  assert.equal(await getOverTls(`${first.url}/v2/`, ca), "{}");
  assert.equal(await getOverTls(`https://localhost:${first.port}/_notary_server/health`, ca), "{}");
  await assert.rejects(getOverTls(`${first.url}/v2/`, ""), /self-signed|self signed|unable to verify/);
  await first.close();
  const second = await startServer({ dataDir: dir.path, port: 0 });
  assert.equal(second.certificate?.sha256, certificate.sha256);
  await second.close();
  for (const secret of ["master.key", "tls.key", "countersign.db"]) {
    assert.equal(statSync(join(dir.path, secret)).mode & 0o077, 0, secret);
  }
});

test("a second server on the same directory, an address others can reach, and a taken port are refused", async () => {
  await using dir = await temporaryDirectory();
  await using other = await temporaryDirectory();
  const tls = { kind: "off" } as const;
  const server = await startServer({ dataDir: dir.path, port: 0, tls });
  await assert.rejects(startServer({ dataDir: dir.path, port: 0, tls }), failsWith("storage.locked"));
  await assert.rejects(startServer({ dataDir: other.path, host: "0.0.0.0", port: 0, tls }), failsWith("usage.invalid"));
  await assert.rejects(startServer({ dataDir: other.path, port: server.port, tls }), failsWith("listen.failed"));
  await server.close();
  const again = await startServer({ dataDir: other.path, port: 0, tls });
  await again.close();
});

test("a lost, changed or readable master key stops the start instead of orphaning every collection", async () => {
  await using dir = await temporaryDirectory();
  const tls = { kind: "off" } as const;
  const key = join(dir.path, "master.key");
  const start = () => startServer({ dataDir: dir.path, port: 0, tls });
  await (await start()).close();
  chmodSync(key, 0o644);
  await assert.rejects(start(), failsWith("key.format"));
  rmSync(key);
  await assert.rejects(start(), failsWith("key.missing"));
});

test("reads come from memory after the first, are renewed by a publish, and survive a restart", async () => {
  await using dir = await temporaryDirectory();
  const options = { dataDir: dir.path, port: 0, tls: { kind: "off" } } as const;
  const server = await startServer(options);
  const publisher = await TestPublisher.create("example.com/app", fetch, systemClock, server.url);
  await publisher.init();
  const read = async (from = publisher) => {
    const response = await from.get("tuf/timestamp.json");
    assert.match(response.headers.get("last-modified") ?? "", /\+0000$/);
    return ((await response.json()) as { signed: { version: number } }).signed.version;
  };
  assert.deepEqual([await read(), await read()], [1, 1]);
  const next = await publisher.nextTargets("1.0", "x");
  assert.equal((await publisher.publish(next)).status, 200);
  assert.deepEqual([await read(), await read()], [2, 2]);
  await server.close();
  const again = await startServer(options);
  const reader = await TestPublisher.create("example.com/app", fetch, systemClock, again.url);
  assert.equal(await read(reader), 2);
  await again.close();
});

test("a client that sends garbage or half a request costs nobody else anything", async () => {
  await using dir = await temporaryDirectory();
  const server = await startServer({ dataDir: dir.path, port: 0, tls: { kind: "off" } });
  const say = (text: string) =>
    new Promise<string>((resolve) => {
      const socket = connect(server.port, "127.0.0.1", () => socket.write(text));
      let answer = "";
      socket.on("data", (chunk) => {
        answer += String(chunk);
        if (answer.includes("\r\n\r\n")) socket.destroy();
      });
      socket.on("error", () => {});
      socket.on("close", () => resolve(answer));
    });
  assert.match(await say("garbage\r\n\r\n"), /^HTTP\/1\.1 400/);
  // RFC 9112, 3.2.2: a server accepts the absolute form; the host in it says as little as the Host header.
  assert.match(await say("GET http://elsewhere/v2/ HTTP/1.1\r\nHost: x\r\n\r\n"), /^HTTP\/1\.1 200/);
  assert.match(await say("GET ftp://elsewhere/v2/ HTTP/1.1\r\nHost: x\r\n\r\n"), /^HTTP\/1\.1 400/);
  // A proxy that guards /v2/secret/ sees another name in these than a server that resolves them.
  for (const path of ["/v2/open/../secret", "/v2/open/%2e%2e/secret", "/v2/open/.\\..\\..\\secret", "/v2/./secret"]) {
    const told = await say(`DELETE ${path}/_trust/tuf/ HTTP/1.1\r\nHost: x\r\n\r\n`);
    assert.match(told, /^HTTP\/1\.1 404/, path);
  }
  assert.match(await say("TRACE /v2/ HTTP/1.1\r\nHost: x\r\n\r\n"), /^HTTP\/1\.1 405/);
  assert.match(await say(`GET /v2/ HTTP/1.1\r\nHost: x\r\nX: ${"y".repeat(20_000)}\r\n\r\n`), /^HTTP\/1\.1 431/);
  const half = connect(server.port, "127.0.0.1", () =>
    half.write("POST /v2/example.com/app/_trust/publish HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n--"),
  );
  half.on("error", () => {});
  assert.match(await say("GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n"), /^HTTP\/1\.1 200/);
  half.destroy();
  await server.close();
});
