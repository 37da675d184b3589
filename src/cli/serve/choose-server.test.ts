// What wins: the command line over the environment over Notary's file; and nothing that the command line says opens what the file closes.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isCountersignError } from "../../bytes/index.ts";
import { temporaryDirectory } from "../../testing/index.ts";
import { parseArguments } from "../arguments.ts";
import { serve } from "../commands/serve.ts";
import { chooseServer } from "./choose-server.ts";

const directory = await temporaryDirectory();
test.after(() => directory[Symbol.asyncDispose]());
const at = (name: string) => join(directory.path, name);

const config = at("server-config.json");
const options = { realm: "https://r.example/token", service: "s", issuer: "i", rootcertbundle: "root.crt" };
writeFileSync(
  config,
  JSON.stringify({
    server: { http_addr: ":4443", tls_cert_file: "a.crt", tls_key_file: "a.key", client_ca_file: "ca.crt" },
    trust_service: { type: "remote", hostname: "signer", port: 7899, key_algorithm: "ed25519" },
    storage: { backend: "postgres", db_url: "postgres://u:secret@db/n?sslmode=disable" },
    auth: { type: "token", options },
    caching: { max_age: { current_metadata: 1, consistent_metadata: 2 } },
    repositories: { gun_prefixes: ["a/"] },
    logging: { level: "info" },
  }),
);

const choose = (argv: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  chooseServer(parseArguments(serve.spec, argv), { COUNTERSIGN_HOME: at("home"), ...env });

test("everything of the file reaches the server", async () => {
  const { options: chosen, logLevel, config: report } = await choose(["--config", config]);
  assert.deepEqual(chosen, {
    dataDir: at("home/state/server"),
    storage: { kind: "postgres", url: "postgres://u:secret@db/n?sslmode=disable" },
    signer: { kind: "remote", host: "signer", port: 7899, algorithm: "ed25519" },
    tls: { kind: "files", certificatePath: at("a.crt"), keyPath: at("a.key") },
    allowNonLoopback: false,
    host: "*",
    port: 4443,
    access: {
      policy: {
        anonymousPull: [],
        apiTokens: false,
        oidc: [],
        dockerTokens: { ...pick(options), rootCertBundlePath: at("root.crt") },
      },
    },
    clientCaPath: at("ca.crt"),
    gunPrefixes: ["a/"],
    caching: { currentSeconds: 1, consistentSeconds: 2 },
  });
  assert.equal(logLevel, "info");
  assert.doesNotMatch(JSON.stringify(report), /secret/);
});

test("each option wins over the file, and the report says so", async () => {
  const argv = ["--config", config, "--listen", "127.0.0.1:1", "--no-tls", "--signer", "other:1", "--cache-fixed", "9"];
  const more = ["--gun-prefix", "b/", "--log-level", "error", "--database", "postgres://v@elsewhere/m"];
  const { options: chosen, config: report, logLevel } = await choose([...argv, ...more]);
  assert.deepEqual(chosen.tls, { kind: "off" });
  assert.deepEqual([chosen.host, chosen.port], ["127.0.0.1", 1]);
  assert.deepEqual(chosen.signer, { kind: "remote", host: "other", port: 1, algorithm: "ecdsa" });
  assert.deepEqual(chosen.storage, { kind: "postgres", url: "postgres://v@elsewhere/m" });
  assert.deepEqual(chosen.caching, { currentSeconds: 1, consistentSeconds: 9 });
  assert.deepEqual(chosen.gunPrefixes, ["b/"]);
  assert.equal(logLevel, "error");
  // Nothing was said about these.
  assert.equal(chosen.access?.policy.dockerTokens?.issuer, "i");
  assert.equal(chosen.clientCaPath, at("ca.crt"));
  const ignored = new Map(report?.ignored.map(({ key, why }) => [key, why]));
  assert.equal(ignored.get("server.http_addr"), "--listen is given");
  assert.equal(ignored.get("storage.db_url"), "--database is given");
  assert.equal(ignored.get("trust_service.hostname"), "--signer is given");
  assert.ok(report?.taken.some(({ key }) => key === "caching.max_age.current_metadata"));
  assert.ok(!report?.taken.some(({ key }) => ignored.has(key)));
});

test("the database comes from the variable or a file, never with its password from the command line", async () => {
  const url = "postgres://u:secret@db/n";
  writeFileSync(at("database"), `${url}\n`);
  const stored = { kind: "postgres", url };
  assert.deepEqual((await choose([], { COUNTERSIGN_DATABASE: url })).options.storage, stored);
  assert.deepEqual((await choose(["--database-file", at("database")])).options.storage, stored);
  assert.deepEqual((await choose([], { COUNTERSIGN_DATABASE: "" })).options.storage, { kind: "sqlite" });
  for (const given of [url, "postgres://u@db/n?password=secret"]) {
    await assert.rejects(choose(["--database", given]), (error) => {
      assert.ok(isCountersignError(error, "usage.invalid"));
      return !JSON.stringify([error.message, error.hints]).includes("secret");
    });
  }
});

test("what does not go together, and what is half there, is refused", async () => {
  const wrong = [
    ["--signer-ca", "x"],
    ["--signer", "host"],
    ["--signer", "host:1", "--signer-cert", "x"],
    ["--tls-cert", "x"],
    ["--gun-prefix", "docker.io"],
    ["--gun-prefix", "/"],
    ["--cache-current", "-1"],
    ["--cache-current", "1e3"],
    ["--cache-fixed", "31536001"],
    ["--log", "xml"],
    ["--log-level", "loud"],
    ["--database", "postgres://u@db/n", "--database-file", "x"],
  ];
  for (const argv of wrong) {
    const refused = async () => choose(argv);
    await assert.rejects(refused, (error) => isCountersignError(error, "usage.invalid"), argv.join(" "));
  }
});

function pick({ realm, service, issuer }: typeof options) {
  return { realm, service, issuer };
}
