// TLS and proxies: whose certificate is believed, and what a proxy gets to see. The certificates below were made with
// openssl for these tests and protect nothing; they name localhost and 127.0.0.1 for a hundred years.
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer as createPlainServer } from "node:http";
import { createServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { CountersignError, type ErrorCode } from "../bytes/index.ts";
import { temporaryDirectory } from "../testing/index.ts";
import { createHttpClient, type HttpClientOptions } from "./node-client.ts";
import { proxyFromEnvironment } from "./proxy.ts";
import { tlsAnchors } from "./tls-anchors.ts";

const authority = `-----BEGIN CERTIFICATE-----
MIIBkzCCATmgAwIBAgIUAk6s8VdgwnxJvIay/e7eOzfJE+0wCgYIKoZIzj0EAwIw
HjEcMBoGA1UEAwwTQ291bnRlcnNpZ24gdGVzdCBDQTAgFw0yNjExMjIxMzAyMzRa
GA8yMTI2MTAyOTEzMDIzNFowHjEcMBoGA1UEAwwTQ291bnRlcnNpZ24gdGVzdCBD
QTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABGLedKOx2WTcOg8CkcV0CE519uEL
K4mQzDU6DDVwVayjZO04AnOo7PiPceHc4CAFFIl6FUvu6TdEIAj0Jk+A0XSjUzBR
MB0GA1UdDgQWBBS2drt3mEiV96RS2+0Dbsjap5HJjTAfBgNVHSMEGDAWgBS2drt3
mEiV96RS2+0Dbsjap5HJjTAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gA
MEUCIEBktlYEAKiRBziv2t33ZIvXGM7yN/FVUxt+bWJUmpApAiEAsLEiQAMdqTws
CNIg/rEnY7qVlE9tZPX38AMjgvryqLc=
-----END CERTIFICATE-----
`;
const serverKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQglk1JbaIHnbVxhnhW
iq6URI5Ajmy7gAeI+l08aGXcNu+hRANCAASHh51h2mOV6fyubQyZFKIFGXzsGJsN
J3g5De0avAC6lORuJHUal+X2qgGtOBanIjhc32OYnUaqNrGbH+AxbPcT
-----END PRIVATE KEY-----
`;
const serverCertificate = `-----BEGIN CERTIFICATE-----
MIIBoDCCAUWgAwIBAgIUeKxUERRpnO9kduF4T5OUVnG0+4gwCgYIKoZIzj0EAwIw
HjEcMBoGA1UEAwwTQ291bnRlcnNpZ24gdGVzdCBDQTAgFw0yNjExMjIxMzAyMzRa
GA8yMTI2MTAyOTEzMDIzNFowFDESMBAGA1UEAwwJbG9jYWxob3N0MFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEh4edYdpjlen8rm0MmRSiBRl87BibDSd4OQ3tGrwA
upTkbiR1Gpfl9qoBrTgWpyI4XN9jmJ1Gqjaxmx/gMWz3E6NpMGcwGgYDVR0RBBMw
EYIJbG9jYWxob3N0hwR/AAABMAkGA1UdEwQCMAAwHQYDVR0OBBYEFFX67txuDdSy
XBfz8fpTUBCJE/95MB8GA1UdIwQYMBaAFLZ2u3eYSJX3pFLb7QNuyNqnkcmNMAoG
CCqGSM49BAMCA0kAMEYCIQDgE+XhcmrecJJBWYx7iEmC2uAB5UPC2ZTX6IuvMci6
ygIhAOBO3EI6vusRhWOAnKUhnHB1aOoYLpnp54DTTIQi0Zv7
-----END CERTIFICATE-----
`;
/** Of the same authority, for other.example. */
const otherCertificate = `-----BEGIN CERTIFICATE-----
MIIBkjCCATigAwIBAgIUeKxUERRpnO9kduF4T5OUVnG0+4kwCgYIKoZIzj0EAwIw
HjEcMBoGA1UEAwwTQ291bnRlcnNpZ24gdGVzdCBDQTAgFw0yNjExMjIxMzAyMzRa
GA8yMTI2MTAyOTEzMDIzNFowFDESMBAGA1UEAwwJbG9jYWxob3N0MFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEh4edYdpjlen8rm0MmRSiBRl87BibDSd4OQ3tGrwA
upTkbiR1Gpfl9qoBrTgWpyI4XN9jmJ1Gqjaxmx/gMWz3E6NcMFowGAYDVR0RBBEw
D4INb3RoZXIuZXhhbXBsZTAdBgNVHQ4EFgQUVfru3G4N1LJcF/Px+lNQEIkT/3kw
HwYDVR0jBBgwFoAUtna7d5hIlfekUtvtA27I2qeRyY0wCgYIKoZIzj0EAwIDSAAw
RQIhAOnD/2sJyN5UPycat8PhaqglRxRrp+ynHzTBMqHBJcpzAiAdTmQtf3zzdGGk
yWw+nbsZVyfDAjJd4U9OV+t29oAESg==
-----END CERTIFICATE-----
`;

interface TlsServer extends AsyncDisposable {
  readonly url: URL;
  /** TLS sessions that were resumed, and connections in all. */
  readonly seen: { resumed: number; connections: number };
}

async function tlsServer(certificate = serverCertificate): Promise<TlsServer> {
  const seen = { resumed: 0, connections: 0 };
  const server = createServer({ key: serverKey, cert: certificate }, (_, response) => response.end("secure"));
  server.on("secureConnection", (socket) => {
    seen.connections += 1;
    if (socket.isSessionReused()) seen.resumed += 1;
  });
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`https://127.0.0.1:${port}/`),
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function get(url: URL, options: HttpClientOptions, method: "GET" | "POST" = "GET") {
  const client = createHttpClient({ sleep: async () => undefined, ...options });
  return client.request({ method, url, maxBytes: 100 }).finally(() => client.close());
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

test("an unknown authority is tls.untrusted, and the hint names the option", async () => {
  await using server = await tlsServer();
  const error = await refused(get(server.url, {}), "tls.untrusted");
  assert.match(error.hints.join(), /--tls-ca/);
  assert.equal(server.seen.connections <= 2, true);
});

test("an authority from a file is believed, for GET and POST; its file must hold one and be there", async () => {
  await using server = await tlsServer();
  await using directory = await temporaryDirectory();
  const caFile = join(directory.path, "ca.pem");
  await writeFile(caFile, authority);
  assert.equal((await get(server.url, { anchors: tlsAnchors({ caFile }) })).status, 200);
  assert.equal((await get(server.url, { anchors: tlsAnchors({ caFile }) }, "POST")).status, 200);
  await writeFile(caFile, "not a certificate");
  await refused(get(server.url, { anchors: tlsAnchors({ caFile }) }), "tls.untrusted");
  await refused(get(server.url, { anchors: tlsAnchors({ caFile: `${caFile}.none` }) }), "disk.unreadable");
});

test("a named authority that is not the server's does not help, and widening to the usual ones does not either", async () => {
  await using server = await tlsServer();
  await using directory = await temporaryDirectory();
  const caFile = join(directory.path, "ca.pem");
  await writeFile(caFile, otherCertificate);
  await refused(get(server.url, { anchors: tlsAnchors({ caFile }) }), "tls.untrusted");
});

test("docker's directory of a host counts for that host only, and a host cannot name another directory", async () => {
  await using server = await tlsServer();
  await using directory = await temporaryDirectory();
  const inside = join(directory.path, "tls", server.url.host);
  await mkdir(inside, { recursive: true });
  await writeFile(join(inside, "ca.crt"), authority);
  const anchors = tlsAnchors({ hostDirectories: [join(directory.path, "tls")] });
  assert.equal((await get(server.url, { anchors })).status, 200);
  assert.equal((await anchors("127.0.0.1:1")).ca.length, 0);
  await writeFile(join(directory.path, "stray.crt"), authority);
  for (const host of ["..", ".", `../tls/${server.url.host}`]) assert.equal((await anchors(host)).ca.length, 0, host);
});

test("a good authority with a certificate for another name is tls.untrusted", async () => {
  await using server = await tlsServer(otherCertificate);
  await using directory = await temporaryDirectory();
  const caFile = join(directory.path, "ca.pem");
  await writeFile(caFile, authority);
  await refused(get(server.url, { anchors: tlsAnchors({ caFile }) }), "tls.untrusted");
});

test("the certificate check is off for a host named insecure, and for no other", async () => {
  await using server = await tlsServer();
  assert.equal((await get(server.url, { insecureHosts: new Set([server.url.host]) })).status, 200);
  await refused(get(server.url, { insecureHosts: new Set(["127.0.0.1"]) }), "tls.untrusted");
});

test("connections are kept, and a new one resumes the TLS session", async () => {
  await using server = await tlsServer();
  const client = createHttpClient({ insecureHosts: new Set([server.url.host]) });
  const request = { method: "GET", url: server.url, maxBytes: 100 } as const;
  await client.request(request);
  await client.request(request);
  assert.equal(server.seen.connections, 1);
  await Promise.all([client.request(request), client.request(request)]);
  assert.deepEqual(server.seen, { connections: 2, resumed: 1 });
  client.close();
});

test("TLS spoken to a plain http port is download.failed with the reason", async () => {
  const server = createPlainServer((_, response) => response.end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const error = await refused(get(new URL(`https://127.0.0.1:${port}/`), {}), "download.failed");
    assert.match(error.message, /does not speak TLS/);
  } finally {
    server.close();
  }
});

test("https goes through a proxy as a tunnel: the proxy sees the host and its own password, the origin's check stays", async () => {
  await using server = await tlsServer();
  const connects: string[] = [];
  const proxy = createPlainServer();
  proxy.on("connect", (request, socket) => {
    connects.push(`${request.url} ${request.headers["proxy-authorization"]}`);
    if (request.headers["proxy-authorization"] === undefined) {
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
      return;
    }
    const onward = connect(Number(server.url.port), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      onward.pipe(socket).pipe(onward);
    });
    onward.on("error", () => socket.destroy());
    socket.on("error", () => onward.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const { port } = proxy.address() as AddressInfo;
  // Loopback is never proxied, so the test names the proxy by hand.
  const through = (address: string): HttpClientOptions => ({ proxy: () => new URL(address) });
  await using directory = await temporaryDirectory();
  const caFile = join(directory.path, "ca.pem");
  await writeFile(caFile, authority);
  const anchors = tlsAnchors({ caFile });
  assert.equal((await get(server.url, { anchors, ...through(`http://me:pw@127.0.0.1:${port}`) })).status, 200);
  assert.deepEqual(connects, [`${server.url.host} Basic ${Buffer.from("me:pw").toString("base64")}`]);
  await refused(get(server.url, through(`http://me:pw@127.0.0.1:${port}`)), "tls.untrusted");
  await refused(get(server.url, through(`http://127.0.0.1:${port}`)), "download.denied");
  proxy.close();
  proxy.closeAllConnections();
  await refused(get(server.url, through("http://127.0.0.1:1")), "download.unreachable");
});

test("the environment's proxies and exceptions", () => {
  const rule = proxyFromEnvironment({
    HTTPS_PROXY: "proxy.example:3128",
    NO_PROXY: "internal.example, .corp.example:8443,10.0.0.0/8,*.star.example",
  });
  const proxied = (address: string): boolean => rule(new URL(address)) !== undefined;
  assert.equal(rule(new URL("https://registry.example.com"))?.href, "http://proxy.example:3128/");
  for (const straight of [
    "https://internal.example",
    "https://a.internal.example:5000",
    "https://x.corp.example:8443",
    "https://10.1.2.3",
    "https://a.star.example",
    "https://localhost:5000",
    "https://127.0.0.9",
    "http://registry.example.com",
  ]) {
    assert.equal(proxied(straight), false, straight);
  }
  for (const through of ["https://notinternal.example", "https://x.corp.example", "https://11.0.0.1"]) {
    assert.equal(proxied(through), true, through);
  }
  assert.equal(proxyFromEnvironment({ HTTPS_PROXY: "p:1", NO_PROXY: "*" })(new URL("https://x.example")), undefined);
  assert.throws(
    () => proxyFromEnvironment({ https_proxy: "socks5://user:s3cret@p:1" }),
    (error) => {
      assert.ok(error instanceof CountersignError);
      assert.doesNotMatch(error.message, /s3cret/);
      return error.code === "usage.invalid";
    },
  );
  const cgi = proxyFromEnvironment({ HTTP_PROXY: "http://evil.example", REQUEST_METHOD: "GET" });
  assert.equal(cgi(new URL("http://registry.example.com")), undefined);
});
