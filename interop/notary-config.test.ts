// One server-config.json for Debian's notary-server and then for `countersign serve --config`: TLS, PostgreSQL, notary-signer, docker
// tokens, prefixes and cache lifetimes. The operator changes the program and nothing else; the publisher with its caches notices nothing.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { basename } from "node:path";
import process from "node:process";
import { makeCertificate } from "./peers/certificates.ts";
import { sourceProgram, startOurServer } from "./peers/countersign.ts";
import { needPeer, peerTest } from "./peers/find.ts";
import { notaryClient } from "./peers/notary-client.ts";
import { serverSchema, signerSchema, startSigner } from "./peers/notary-server.ts";
import { startPostgres } from "./peers/postgres.ts";
import { freePort, run, startProcess } from "./peers/process.ts";
import { rawExchange } from "./peers/raw-http.ts";
import { scratch } from "./peers/scratch.ts";
import { startTokenIssuer, type TokenIssuer } from "./peers/token-issuer.ts";

const gun = "registry.example.com/team/app";
const peers = ["notary", "notary-server", "notary-signer", "postgres", "openssl"] as const;

/** What an operator or a client can see of a configuration, as one value. */
async function observe(url: string, issuer?: TokenIssuer) {
  const ask = async (method: string, path: string, token?: string) => {
    const bearer = token === undefined ? "" : `Authorization: Bearer ${token}\r\n`;
    const request = `${method} ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n${bearer}Connection: close\r\n\r\n`;
    const { status, headers, body } = await rawExchange(url, [request]);
    return {
      status,
      cache: headers.get("cache-control"),
      pragma: headers.get("pragma"),
      challenge: headers.get("www-authenticate"),
      ...(status === 200 ? {} : { body: body.toString() }),
    };
  };
  const pull = issuer?.token(gun, "pull");
  const tuf = `/v2/${gun}/_trust/tuf`;
  return {
    ping: await ask("GET", "/v2/"),
    health: await ask("GET", "/_notary_server/health"),
    anonymous: await ask("GET", `${tuf}/root.json`),
    current: await ask("GET", `${tuf}/root.json`, pull),
    timestamp: await ask("GET", `${tuf}/timestamp.json`, pull),
    fixed: await ask("GET", `${tuf}/1.root.json`, pull),
    ...(issuer === undefined
      ? {}
      : {
          wrongAction: await ask("DELETE", `${tuf}/`, pull),
          otherCollection: await ask("GET", `${tuf}/root.json`, issuer.token("registry.example.com/other", "pull")),
          nonsense: await ask("GET", `${tuf}/root.json`, "nonsense"),
          feed: await ask("GET", "/v2/_trust/changefeed?records=1"),
        }),
    otherPrefix: await ask("GET", "/v2/elsewhere.example.com/app/_trust/tuf/root.json", pull),
    publishElsewhere: await ask("POST", "/v2/elsewhere.example.com/app/_trust/tuf/"),
  };
}

type Seen = Awaited<ReturnType<typeof observe>>;

/**
 * What we want to be different (docs/notary-differences.md): refusals are not to be cached, and where tokens are asked for no shared cache
 * may hand protected documents to everybody, as notary-server allows.
 */
function asWanted(seen: Seen): unknown {
  const isProtected = seen.ping.status === 401;
  const entries = Object.entries(seen).map(([name, answer]) => {
    if (answer.status !== 200) return [name, { ...answer, cache: "no-store" }];
    const shared = /^public, (max-age=\d+), s-maxage=\d+/;
    return [name, { ...answer, cache: isProtected ? answer.cache?.replace(shared, "private, $1") : answer.cache }];
  });
  return Object.fromEntries(entries);
}

peerTest(
  "the same server-config.json, first for notary-server, then for us, with the same publisher",
  peers,
  async () => {
    using directory = scratch("notary-config");
    await using postgres = await startPostgres(directory);
    await using issuer = await startTokenIssuer(directory);
    const signerUrl = await postgres.createDatabase("notarysigner", signerSchema);
    const signer = await startSigner(directory, { backend: "postgres", db_url: signerUrl }, {});
    await using _signer = signer.process;
    const port = await freePort();
    const files = await makeCertificate(directory, "server");
    const config = directory.at("server-config.json");
    writeFileSync(
      config,
      JSON.stringify({
        server: {
          http_addr: ":1",
          tls_cert_file: `./${basename(files.certificate)}`,
          tls_key_file: basename(files.key),
        },
        trust_service: signer.trustService,
        storage: { backend: "postgres", db_url: await postgres.createDatabase("notaryserver", serverSchema) },
        auth: { type: "token", options: issuer.options },
        caching: { max_age: { current_metadata: 7, consistent_metadata: "0" } },
        repositories: { gun_prefixes: ["registry.example.com/", "other.example.com/"] },
        reporting: { bugsnag: { api_key: "0123456789abcdef0123456789abcdef", release_stage: "test" } },
        logging: { level: "error" },
      }),
    );
    const env = { NOTARY_SERVER_SERVER_HTTP_ADDR: `127.0.0.1:${port}` };
    const url = `https://127.0.0.1:${port}`;
    const notary = notaryClient({ url, authority: files.authority, trustDirectory: directory.at("trust") });
    const publish = async (...args: readonly string[]) => {
      const done = await notary.runWith({ env: { NOTARY_AUTH: issuer.credentials } }, ...args);
      assert.equal(done.status, 0, `notary ${args.join(" ")}\n${done.stdout}${done.stderr}`);
      return done.stdout;
    };
    const digest = ["--sha256", "0".repeat(64)];

    await using theirs = await startProcess({
      name: "notary-server",
      command: needPeer("notary-server"),
      args: ["-config", config],
      cwd: directory.path,
      env,
      ready: async () => (await rawExchange(url, ["GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n"])).status === 401,
    });
    await publish("init", "-p", gun);
    await publish("addhash", "-p", gun, "1.0", "10", ...digest);
    const seenThere = await observe(url, issuer);
    await theirs.stop();

    const countersign = (...args: readonly string[]) =>
      run(process.execPath, [sourceProgram, ...args], { env: { ...env, HOME: directory.path }, cwd: directory.path });
    // Forgetting the migration would have told every client that its collection is gone.
    const early = await countersign("serve", "--config", config);
    assert.equal(early.status, 2, early.stdout + early.stderr);
    assert.match(early.stderr, /1 collection of Notary, none of which was migrated/);
    assert.match(early.stderr, /countersign migrate notary-db --config/);
    const migrated = await countersign(
      "migrate",
      "notary-db",
      "--config",
      config,
      "--signer-config",
      signer.config,
      "--keep-signer",
    );
    assert.equal(migrated.status, 0, migrated.stdout + migrated.stderr);

    await using ours = await startOurServer(directory, { config, env });
    assert.equal(ours.url, url);
    const told = JSON.parse(ours.process.log());
    const taken = new Map(told.config.taken.map((one: { key: string; from: string }) => [one.key, one.from]));
    assert.equal(taken.get("server.http_addr"), "NOTARY_SERVER_SERVER_HTTP_ADDR");
    for (const key of ["storage.db_url", "trust_service.hostname", "auth.options.realm", "repositories.gun_prefixes"]) {
      assert.equal(taken.get(key), "file", key);
    }
    assert.ok(told.config.ignored.some((one: { key: string }) => one.key === "reporting.bugsnag.api_key"));
    assert.deepEqual(await observe(url, issuer), asWanted(seenThere));

    // A second one on the same database, as behind a balancer: what it has answered from memory is dropped when the first commits.
    const other = { NOTARY_SERVER_SERVER_HTTP_ADDR: "127.0.0.1:0" };
    await using second = await startOurServer(directory, { name: "second", config, env: other });
    const timestampAt = async (server: string) => {
      const bearer = `Authorization: Bearer ${issuer.token(gun, "pull")}`;
      const path = `/v2/${gun}/_trust/tuf/timestamp.json`;
      const { body } = await rawExchange(server, [`GET ${path} HTTP/1.1\r\nHost: x\r\n${bearer}\r\n\r\n`]);
      return JSON.parse(body.toString()).signed.version;
    };
    const before = await timestampAt(second.url);
    await publish("addhash", "-p", gun, "2.0", "10", ...digest);
    const deadline = performance.now() + 5_000;
    while ((await timestampAt(second.url)) === before) {
      assert.ok(performance.now() < deadline, "the second server goes on answering from its memory");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.equal(await timestampAt(second.url), await timestampAt(url));
    const listed = await publish("list", gun);
    assert.match(listed, /1\.0 [\s\S]*2\.0 /);
    const foreign = await notary.runWith(
      { env: { NOTARY_AUTH: issuer.credentials } },
      "init",
      "-p",
      "elsewhere.example.com/app",
    );
    assert.notEqual(foreign.status, 0);
  },
);

peerTest("a small server-config.json: in memory, plain HTTP, every header the same", peers, async () => {
  using directory = scratch("notary-config-small");
  const port = await freePort();
  const config = directory.at("server-config.json");
  const url = `http://127.0.0.1:${port}`;
  const settings = {
    server: { http_addr: `127.0.0.1:${port}` },
    trust_service: { type: "local" },
    storage: { backend: "memory" },
    caching: { max_age: { current_metadata: 0, consistent_metadata: 31_536_000 } },
    "repositories.gun_prefixes": ["registry.example.com/"],
  };
  writeFileSync(config, JSON.stringify(settings));
  const publishAndLook = async (name: string) => {
    const notary = notaryClient({ url, authority: undefined, trustDirectory: directory.at(name) });
    await notary.ok("init", "-p", gun);
    return observe(url);
  };
  const seenThere = await (async () => {
    await using _theirs = await startProcess({
      name: "notary-server",
      command: needPeer("notary-server"),
      args: ["-config", config],
      cwd: directory.path,
      ready: async () => (await rawExchange(url, ["GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n"])).status === 200,
    });
    return await publishAndLook("trust-there");
  })();
  await using _ours = await startOurServer(directory, { config });
  assert.deepEqual(await publishAndLook("trust-here"), asWanted(seenThere));
});
