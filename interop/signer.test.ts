// The signer protocol between real programs, in both directions: our server with Debian's notary-signer, Debian's notary-server with
// `countersign signer`. Old clients publish, rotate and read; signers are killed, restarted and replaced under them.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { encodeUtf8, isCountersignError } from "../src/bytes/index.ts";
import { openSignerClient, type SignerClient } from "../src/notary-signer/index.ts";
import { encodeCreateKeyRequest, encodeKeyId, encodeSignatureRequest } from "../src/notary-signer/messages.ts";
import { methodPaths } from "../src/notary-signer/protocol.ts";
import { openConnection } from "../src/notary-signer/signer-call.ts";
import { type CertificateFiles, makeCertificate } from "./peers/certificates.ts";
import { countersignClient, startOurServer } from "./peers/countersign.ts";
import { eventually } from "./peers/eventually.ts";
import { peerTest } from "./peers/find.ts";
import { addImage, makeLayout } from "./peers/images.ts";
import { type NotaryClient, notaryClient } from "./peers/notary-client.ts";
import { serverSchema, signerAlias, signerSchema, startServer, startSigner } from "./peers/notary-server.ts";
import { serveOptions, startOurSigner, trustService } from "./peers/our-signer.ts";
import { type Postgres, startPostgres } from "./peers/postgres.ts";
import { type Scratch, scratch } from "./peers/scratch.ts";
import { verdict } from "./peers/stage.ts";

const peers = ["notary", "notary-server", "notary-signer", "postgres", "openssl"] as const;
const gun = "registry.example.com/team/app";
const algorithms = ["ecdsa", "ed25519"] as const;
const ourPassphrase = { COUNTERSIGN_SIGNER_DEFAULT: "a passphrase of ours, for tests" };

/** A collection made, published to, both online keys rotated to the server, published to again, and read by a client that starts afresh. */
async function session(notary: NotaryClient, reader: NotaryClient, directory: Scratch, name: string): Promise<void> {
  const file = directory.at("target");
  writeFileSync(file, "the target's content");
  await notary.ok("init", name);
  await notary.ok("add", "-p", name, "1.0", file);
  await notary.ok("key", "rotate", name, "snapshot", "-r");
  await notary.ok("add", "-p", name, "2.0", file);
  await notary.ok("key", "rotate", name, "timestamp", "-r");
  await notary.ok("key", "rotate", name, "snapshot", "-r");
  await notary.ok("add", "-p", name, "3.0", file);
  const { stdout } = await reader.ok("list", name);
  for (const tag of ["1.0", "2.0", "3.0"]) assert.match(stdout, new RegExp(`^${tag}\\s`, "m"));
}

async function startDebianSigner(directory: Scratch, postgres: Postgres) {
  const url = await postgres.createDatabase("notarysigner", signerSchema);
  return startSigner(directory, { backend: "postgres", db_url: url }, {});
}

function signerClient(port: number, files: CertificateFiles, shown: CertificateFiles = files): Promise<SignerClient> {
  const { certificate: certificatePath, key: keyPath } = shown;
  return openSignerClient({ host: "127.0.0.1", port, caPath: files.authority, certificatePath, keyPath });
}

peerTest("our server signs through Debian's notary-signer, before and after it was killed", peers, async () => {
  using directory = scratch("our-server-their-signer");
  await using postgres = await startPostgres(directory);
  const signer = await startDebianSigner(directory, postgres);
  await using processes = new AsyncDisposableStack();
  processes.use(signer.process);
  for (const algorithm of algorithms) {
    const args = serveOptions(signer.port, signer.files, algorithm);
    await using server = await startOurServer(directory, { name: `server-${algorithm}`, args });
    const { url, authority } = server;
    const notary = (name: string) => notaryClient({ url, authority, trustDirectory: directory.at(name) });
    const publisher = notary(`publisher-${algorithm}`);
    await session(publisher, notary(`reader-${algorithm}`), directory, `${gun}/${algorithm}`);
  }

  // Both dialects, so that ECDSA signatures are needed in both forms.
  const args = serveOptions(signer.port, signer.files, "ecdsa");
  await using server = await startOurServer(directory, { args });
  const { url, authority } = server;
  const layout = await makeLayout(directory);
  await addImage(directory, layout, "1.0", "hello");
  const publisher = countersignClient({ url, authority, home: directory.at("publisher") });
  const image = [`oci:${layout}:1.0`, "--as", `${gun}:1.0`] as const;
  await publisher.ok("init", gun, "--no-recovery-kit");
  await publisher.ok("sign", ...image);
  for (const dialect of ["notary1", "tuf1"]) {
    const reader = countersignClient({ url, authority, home: directory.at(`reader-${dialect}`) });
    const { status, reasons } = await verdict(reader, ...image, "--trust-on-first-use", "--dialect", dialect);
    assert.equal(status, 0, JSON.stringify(reasons));
  }

  await signer.process.kill();
  const refused = await publisher.run("sign", `oci:${layout}:1.0`, "--as", `${gun}:2.0`);
  assert.notEqual(refused.status, 0);
  assert.match(refused.stderr, /server\.signing_unavailable|cannot sign now/);
  assert.equal((await verdict(publisher, ...image)).status, 0, "what is signed is served");
  const health = await fetchHealth(url);
  assert.equal(health.status, 503);
  assert.match(health.body, /Trust operational/);
  processes.use(await signer.start());
  await publisher.ok("sign", `oci:${layout}:1.0`, "--as", `${gun}:2.0`);
  assert.equal((await verdict(publisher, `oci:${layout}:1.0`, "--as", `${gun}:2.0`)).status, 0);
});

peerTest(
  "Debian's notary-server signs through ours, from SQLite and PostgreSQL, killed in the middle",
  peers,
  async () => {
    using directory = scratch("their-server-our-signer");
    await using postgres = await startPostgres(directory);
    for (const algorithm of algorithms) {
      const place =
        algorithm === "ecdsa"
          ? ["--data", directory.at("signer")]
          : ["--database", await postgres.createDatabase("oursigner")];
      const options = { args: place, env: ourPassphrase };
      await using processes = new AsyncDisposableStack();
      const signer = processes.use(await startOurSigner(directory, options));
      const database = `notaryserver_${algorithm}`;
      const settings = {
        trust_service: signer.trustService(algorithm),
        storage: { backend: "postgres", db_url: await postgres.createDatabase(database, serverSchema) },
      };
      const server = await startServer(directory, `notary-${algorithm}`, {}, settings);
      processes.use(server.process);
      const notary = (name: string) =>
        notaryClient({ ...server.address, trustDirectory: directory.at(`${name}-${algorithm}`) });
      const publisher = notary("publisher");
      await session(publisher, notary("reader"), directory, gun);

      await signer.process.kill();
      const file = directory.at("target");
      assert.notEqual((await publisher.run("add", "-p", gun, "4.0", file)).status, 0);
      processes.use(await startOurSigner(directory, { ...options, like: signer }));
      await publisher.ok("add", gun, "5.0", file);
      await eventually(async () => (await publisher.run("publish", gun)).status === 0);
      const { stdout } = await notary("later-reader").ok("list", gun);
      assert.match(stdout, /^5\.0\s/m);
      await eventually(async () => (await fetchHealth(server.address.url)).status === 200);
    }
  },
);

peerTest("a hundred keys and signatures at once, from either signer, none lost or mixed up", peers, async () => {
  using directory = scratch("signer-load");
  await using postgres = await startPostgres(directory);
  const theirs = await startDebianSigner(directory, postgres);
  await using _process = theirs.process;
  await using ours = await startOurSigner(directory, { args: ["--data", directory.at("keys")], env: ourPassphrase });
  for (const { port, files } of [theirs, ours]) {
    using client = await signerClient(port, files);
    const made = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        client.createKey(`${gun}/${index}`, "timestamp", algorithms[index % 2] ?? "ecdsa"),
      ),
    );
    assert.equal(new Set(made.map((key) => key.id)).size, 100);
    await Promise.all(made.map((key, index) => client.sign(key, encodeUtf8(`message ${index}`))));
    const infos = await Promise.all(made.map((key) => client.keyInfo(key.id)));
    assert.deepEqual(
      infos.map((info) => info?.role),
      made.map(() => "timestamp"),
    );
    assert.deepEqual(await client.healthy(), { serving: true });
  }
});

peerTest("both signers answer alike: codes and texts of what goes wrong", peers, async () => {
  using directory = scratch("signer-parity");
  await using postgres = await startPostgres(directory);
  const theirs = await startDebianSigner(directory, postgres);
  await using _process = theirs.process;
  await using ours = await startOurSigner(directory, { args: ["--data", directory.at("keys")], env: ourPassphrase });
  const unknown = "ab".repeat(32);
  const requests: readonly (readonly [string, Uint8Array])[] = [
    [methodPaths.createKey, encodeCreateKeyRequest({ algorithm: "rsa", gun, role: "snapshot" })],
    [methodPaths.createKey, encodeCreateKeyRequest({ algorithm: "dsa", gun, role: "snapshot" })],
    [methodPaths.getKeyInfo, encodeKeyId(unknown)],
    [methodPaths.deleteKey, encodeKeyId(unknown)],
    [methodPaths.sign, encodeSignatureRequest({ keyId: unknown, content: encodeUtf8("{}") })],
    ["/grpc.health.v1.Health/Check", encodeKeyId("nobody")],
    ["/grpc.health.v1.Health/Check", encodeKeyId("")],
    ["/grpc.health.v1.Health/Check", encodeKeyId("grpc.health.v1.Health.Signer")],
  ];
  const answers = async ({ port, files }: { readonly port: number; readonly files: CertificateFiles }) => {
    const { certificate: certificatePath, key: keyPath } = files;
    const raw = await openRaw({ host: "127.0.0.1", port, caPath: files.authority, certificatePath, keyPath });
    const all: string[] = [];
    for (const [path, request] of requests) all.push(`${path} ${await raw.answer(path, request)}`);
    raw.close();
    return all;
  };
  assert.deepEqual(await answers(ours), await answers(theirs));
});

peerTest("a caller with another authority's certificate gets nothing from either signer", peers, async () => {
  using directory = scratch("signer-strangers");
  await using postgres = await startPostgres(directory);
  const theirs = await startDebianSigner(directory, postgres);
  await using _process = theirs.process;
  await using ours = await startOurSigner(directory, { args: ["--data", directory.at("keys")], env: ourPassphrase });
  const stranger = await makeCertificate(directory, "stranger");
  for (const { port, files } of [theirs, ours]) {
    using client = await signerClient(port, files, stranger);
    await assert.rejects(client.createKey(gun, "timestamp", "ecdsa"), (error) =>
      isCountersignError(error, "server.signing_unavailable"),
    );
  }
  // notary-server as the stranger.
  const shown = { ...ours.files, certificate: stranger.certificate, key: stranger.key };
  const settings = { trust_service: trustService(ours.port, shown, "ecdsa"), storage: { backend: "memory" } };
  const server = await startServer(directory, "stranger-server", {}, settings);
  await using _server = server.process;
  const notary = notaryClient({ ...server.address, trustDirectory: directory.at("trust") });
  assert.notEqual((await notary.run("init", "-p", gun)).status, 0);
});

peerTest(
  "ours takes notary-signer's place: its configuration, its keys, and clients that notice nothing",
  peers,
  async () => {
    using directory = scratch("signer-takeover");
    await using postgres = await startPostgres(directory);
    const theirs = await startDebianSigner(directory, postgres);
    await using processes = new AsyncDisposableStack();
    processes.use(theirs.process);
    const settings = {
      trust_service: theirs.trustService,
      storage: { backend: "postgres", db_url: await postgres.createDatabase("notaryserver", serverSchema) },
    };
    const server = await startServer(directory, "notary-server", {}, settings);
    processes.use(server.process);
    const notary = (name: string) => notaryClient({ ...server.address, trustDirectory: directory.at(name) });
    const publisher = notary("publisher");
    await session(publisher, notary("reader"), directory, gun);
    await theirs.process.stop();

    const env = { [signerAlias.variable]: signerAlias.passphrase };
    const operator = countersignClient({ url: "", authority: undefined, home: directory.at("operator"), env });
    const early = await operator.run("signer", "--config", theirs.config);
    assert.equal(early.status, 6, early.stderr);
    assert.match(early.stderr, /countersign signer import/);
    const wrong = countersignClient({
      ...{ url: "", authority: undefined, home: directory.at("operator") },
      env: { [signerAlias.variable]: "not the passphrase" },
    });
    assert.equal(
      (await wrong.run("signer", "import", "--config", theirs.config, "--data", directory.at("no"))).status,
      1,
    );
    await operator.ok("signer", "import", "--config", theirs.config);
    const again = await operator.json("signer", "import", "--config", theirs.config);
    assert.equal(again.status, 0, again.text);
    assert.match(again.text, /"imported": 0/);

    processes.use(await startOurSigner(directory, { args: ["--config", theirs.config], env, like: theirs }));
    await publisher.ok("add", gun, "4.0", directory.at("target"));
    await eventually(async () => (await publisher.run("publish", gun)).status === 0);
    await publisher.ok("key", "rotate", gun, "timestamp", "-r");
    assert.match((await notary("reader").ok("list", gun)).stdout, /^4\.0\s/m);
  },
);

peerTest(
  "the passphrase is replaced on the command line, and the old one opens nothing afterwards",
  peers,
  async () => {
    using directory = scratch("signer-rotation");
    const args = ["--data", directory.at("keys")];
    const old = { COUNTERSIGN_SIGNER_DEFAULT: "the old one" };
    const both = { ...old, COUNTERSIGN_SIGNER_NEXT: "the new one" };
    const first = await startOurSigner(directory, { args, env: old });
    using client = await signerClient(first.port, first.files);
    const key = await client.createKey(gun, "timestamp", "ecdsa");
    const operator = countersignClient({ url: "", authority: undefined, home: directory.at("operator"), env: both });
    const locked = await operator.run("signer", "rotate-passphrase", "--from", "default", "--to", "next", ...args);
    assert.match(locked.stderr, /storage\.locked/);
    await first.process.stop();
    await operator.ok("signer", "rotate-passphrase", "--from", "default", "--to", "next", ...args);
    await assert.rejects(startOurSigner(directory, { args, env: old, like: first }), /COUNTERSIGN_SIGNER_NEXT/);
    const env = { COUNTERSIGN_SIGNER_NEXT: "the new one" };
    await using _second = await startOurSigner(directory, {
      args: [...args, "--default-alias", "next"],
      env,
      like: first,
    });
    await client.sign(key, encodeUtf8("after"));
  },
);

async function fetchHealth(url: string): Promise<{ readonly status: number; readonly body: string }> {
  const { request } = await import("node:https");
  const { get } = await import("node:http");
  return new Promise((resolve, reject) => {
    const ask = url.startsWith("https") ? request : get;
    const asked = ask(`${url}/_notary_server/health`, { rejectUnauthorized: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk) => {
        body += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    asked.on("error", reject).end();
  });
}

/** Status code and text, or the answer's bytes. */
async function openRaw(options: Parameters<typeof openConnection>[0]) {
  const connection = await openConnection(options);
  return {
    answer: async (path: string, request: Uint8Array): Promise<string> => {
      try {
        const answer = await connection.call(path, request);
        return answer.kind === "not-found" ? `5 ${answer.details}` : Buffer.from(answer.bytes).toString("hex");
      } catch (error) {
        const cause = error instanceof Error ? error.cause : undefined;
        if (typeof cause !== "object" || cause === null || !("code" in cause) || !("details" in cause)) throw error;
        return `${String(cause.code)} ${String(cause.details)}`;
      }
    },
    close: connection.close,
  };
}
