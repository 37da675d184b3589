// notary-server's configuration: what people run is taken over, overrides win as viper's do, and what is wrong is named and not guessed.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { isCountersignError } from "../bytes/index.ts";
import { temporaryDirectory } from "../testing/index.ts";
import type { Environment } from "./config-values.ts";
import { composeServer, registryServer } from "./sample-configs.ts";
import { readNotaryServerConfig } from "./server-config.ts";

const directory = await temporaryDirectory();
test.after(() => directory[Symbol.asyncDispose]());
let count = 0;

function write(content: object | string): string {
  count += 1;
  const path = join(directory.path, String(count), "server-config.json");
  mkdirSync(dirname(path));
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

const read = (content: object | string, env: Environment = {}) => readNotaryServerConfig(write(content), env);
const local = {
  server: { http_addr: ":4443" },
  trust_service: { type: "local" },
  storage: { backend: "memory" },
};

function refuses(content: object | string, expected: RegExp, env: Environment = {}): void {
  const path = write(content);
  assert.throws(
    () => readNotaryServerConfig(path, env),
    (error) => {
      assert.ok(isCountersignError(error, "config.invalid"), String(error));
      assert.match(error.message, expected);
      return true;
    },
  );
}

test("the configuration of Notary's own compose file, paths beside the file", () => {
  const path = write(composeServer);
  const { settings, taken, ignored } = readNotaryServerConfig(path, {});
  const beside = (name: string) => join(dirname(path), name);
  assert.deepEqual(settings, {
    configPath: path,
    listen: { host: undefined, port: 4443 },
    tls: { certificatePath: beside("notary-server.crt"), keyPath: beside("notary-server.key") },
    clientCaPath: undefined,
    trustService: {
      kind: "remote",
      host: "notarysigner",
      port: 7899,
      algorithm: "ecdsa",
      caPath: beside("root-ca.crt"),
      certificatePath: beside("notary-server.crt"),
      keyPath: beside("notary-server.key"),
    },
    storage: { kind: "mysql", dsn: "server@tcp(mysql:3306)/notaryserver?parseTime=True" },
    tokenAuth: undefined,
    caching: { currentSeconds: 300, consistentSeconds: 2_592_000 },
    gunPrefixes: [],
    logLevel: "debug",
  });
  assert.deepEqual(ignored, []);
  assert.equal(taken.length, 13);
  assert.deepEqual(taken[0], {
    key: "server.http_addr",
    value: ":4443",
    as: "listens on every address, port 4443",
    from: "file",
  });
});

test("a registry's configuration: tokens, prefixes, caching; the error reporter is told to be without effect", () => {
  const { settings, taken, ignored } = read(registryServer);
  assert.deepEqual(settings.tokenAuth, {
    realm: "https://registry.example.com/service/token",
    service: "registry-notary",
    issuer: "registry-token-issuer",
    rootCertBundlePath: "/etc/ssl/notary/root.crt",
  });
  assert.deepEqual(settings.caching, { currentSeconds: 60, consistentSeconds: 31_536_000 });
  assert.deepEqual(settings.gunPrefixes, ["docker.io/", "my-own-registry.com/"]);
  assert.deepEqual(settings.listen, { host: "0.0.0.0", port: 4443 });
  assert.equal(settings.tls, undefined);
  assert.equal(settings.logLevel, "warning");
  assert.deepEqual(
    ignored.map(({ key }) => key),
    ["auth.options.autoredirect", "reporting.bugsnag.api_key", "reporting.bugsnag.release_stage"],
  );
  assert.doesNotMatch(JSON.stringify([taken, ignored]), /s3cret|0123456789abcdef/, "a secret in the report");
  assert.deepEqual(settings.storage, {
    kind: "postgres",
    url: "postgres://server:s3cret@postgresql:5432/notaryserver?sslmode=disable",
  });
});

test("environment variables override members, add missing ones, and count for nothing when empty", () => {
  const env = {
    NOTARY_SERVER_SERVER_HTTP_ADDR: "127.0.0.1:5443",
    NOTARY_SERVER_SERVER_TLS_CERT_FILE: "",
    NOTARY_SERVER_STORAGE_BACKEND: "postgres",
    NOTARY_SERVER_STORAGE_DB_URL: "postgres://other@db/notary",
    NOTARY_SERVER_CACHING_MAX_AGE_CURRENT_METADATA: "0",
    NOTARY_SERVER_REPOSITORIES_GUN_PREFIXES: "a/ b/c/",
    NOTARY_SERVER_AUTH_OPTIONS_ISSUER: "another",
    // What Kubernetes sets in every container beside a service of that name.
    NOTARY_SERVER_SERVICE_HOST: "10.0.0.7",
    NOTARY_SIGNER_SERVER_GRPC_ADDR: ":1",
  };
  const { settings, taken, ignored } = read(registryServer, env);
  assert.deepEqual(settings.listen, { host: "127.0.0.1", port: 5443 });
  assert.equal(settings.tls, undefined);
  // What lib/pq does without sslmode is said in words.
  assert.deepEqual(settings.storage, { kind: "postgres", url: "postgres://other@db/notary?sslmode=require" });
  assert.equal(settings.caching.currentSeconds, 0);
  assert.deepEqual(settings.gunPrefixes, ["a/", "b/c/"]);
  assert.equal(settings.tokenAuth?.issuer, "another");
  assert.equal(taken.find(({ key }) => key === "storage.db_url")?.from, "NOTARY_SERVER_STORAGE_DB_URL");
  assert.ok(ignored.some(({ key }) => key === "NOTARY_SERVER_SERVICE_HOST"));
  assert.ok(!JSON.stringify(ignored).includes("NOTARY_SIGNER"));
});

test("capitals and dotted names are the same members, null is absent, unknown members are told", () => {
  const { settings, ignored } = read({
    "server.http_addr": "[::1]:4443",
    Trust_Service: { TYPE: "local", key_algorithm: "rsa" },
    storage: { backend: "memory", db_url: null },
    auth: null,
    reporting: { bugsnag: null },
    __proto__x: { constructor: 1 },
    surprise: [1],
    logging: "debug",
    caching: { max_age: 60 },
  });
  assert.deepEqual(settings.listen, { host: "::1", port: 4443 });
  assert.deepEqual(settings.trustService, { kind: "local" });
  assert.deepEqual(
    ignored.map(({ key }) => key),
    ["trust_service.key_algorithm", "__proto__x.constructor", "surprise", "logging", "caching.max_age"],
  );
  const why = new Map(ignored.map((each) => [each.key, each.why]));
  assert.match(why.get("logging") ?? "", /an object is expected here/);
  assert.match(why.get("surprise") ?? "", /no setting of that name/);
});

test("a misspelt auth.type is an error; the real server would be open to everybody", () => {
  for (const type of ["Token", "tokens", "htpasswd", "none"]) {
    refuses({ ...registryServer, auth: { ...registryServer.auth, type } }, /auth\.type: expected token/);
  }
  for (const auth of ["token", [], 1, true]) refuses({ ...local, auth }, /: auth: expected an object with type/);
  refuses(registryServer, /NOTARY_SERVER_AUTH_TYPE: expected token/, { NOTARY_SERVER_AUTH_TYPE: "none" });
  refuses({ ...local, auth: { type: "token" } }, /auth\.options\.realm: it is missing/);
  refuses({ ...local, auth: { type: "token", options: [] } }, /auth\.options\.realm: it is missing/);
  refuses({ ...local, auth: { type: {} } }, /auth\.options|auth\.type/, { NOTARY_SERVER_AUTH_TYPE: "token" });
  const { rootcertbundle: _, ...options } = registryServer.auth.options;
  refuses({ ...local, auth: { type: "token", options } }, /rootcertbundle: it is missing/);
  refuses({ ...local, auth: { type: "token", options: { ...registryServer.auth.options, realm: "x" } } }, /realm/);
});

test("a client authority without a certificate, and half a certificate, would be an open server", () => {
  refuses({ ...local, server: { http_addr: ":1", client_ca_file: "ca.crt" } }, /tls_cert_file: it is missing/);
  refuses({ ...local, server: { http_addr: ":1", tls_cert_file: "a.crt" } }, /tls_key_file: it is missing/);
  refuses(local, /TLS_KEY_FILE|tls_cert_file: it is missing/, { NOTARY_SERVER_SERVER_TLS_KEY_FILE: "a.key" });
});

test("malformed values name the file, the member and what is expected", () => {
  for (const http_addr of ["4443", ":99999", "a b:1", "[::1]", "http://x:1", ":", `${"x".repeat(9_000)}`]) {
    refuses({ ...local, server: { http_addr } }, /server-config\.json: server\.http_addr: expected an address/);
  }
  refuses({ ...local, server: {} }, /server\.http_addr: it is missing/);
  refuses({ ...local, server: { http_addr: [":1"] } }, /http_addr: expected text, got a list/);
  refuses({ ...local, server: { http_addr: { port: 1 } } }, /http_addr: expected a value, got an object/);
  refuses({ ...local, trust_service: { type: "Local" } }, /trust_service\.type: expected local or remote/);
  const remote = { type: "remote", hostname: "h", port: 7899, key_algorithm: "ecdsa" };
  refuses({ ...local, trust_service: { ...remote, port: "70000" } }, /trust_service\.port: expected a port/);
  refuses({ ...local, trust_service: { ...remote, key_algorithm: "rsa" } }, /key_algorithm: expected ecdsa/);
  refuses({ ...local, trust_service: { ...remote, tls_client_key: "k" } }, /tls_client_cert: it is missing/);
  refuses({ ...local, storage: { backend: "oracle" } }, /storage\.backend: expected memory, postgres/);
  refuses({ ...local, storage: { backend: "postgres" } }, /storage\.db_url: it is missing/);
  refuses({ ...local, storage: { backend: "postgres", db_url: "mysql://s3cret" } }, /expected postgres:\/\//);
  for (const current_metadata of [-1, 31_536_001, "1.5", "soon", true]) {
    refuses({ ...local, caching: { max_age: { current_metadata } } }, /current_metadata: expected seconds/);
  }
  for (const prefix of ["a", "/a/", "../a/", "a//", "/", "a/../b/", " a/"]) {
    refuses({ ...local, repositories: { gun_prefixes: [prefix] } }, /gun_prefixes: expected prefixes/);
  }
  refuses({ ...local, repositories: { gun_prefixes: [1] } }, /expected a list of texts/);
  refuses({ ...local, logging: { level: "loud" } }, /logging\.level: expected debug/);
  refuses('{"server":', /is not JSON/);
  refuses('{"a":1}{"b":2}', /is not JSON/);
  refuses('{"server":{"http_addr":":1","http_addr":":2"}}', /is not JSON|twice/);
  refuses('{"server":{"http_addr":":1"},"server.http_addr":":2"}', /http_addr: it is given twice/);
  refuses("[1]", /expected one JSON object/);
});

test("a secret in a malformed value is not repeated", () => {
  const path = write({ ...local, storage: { backend: "postgres", db_url: "password=s3cret nonsense" } });
  assert.throws(
    () => readNotaryServerConfig(path, {}),
    (error) => isCountersignError(error, "config.invalid") && !String(error.stack).includes("s3cret"),
  );
});

test("a file that is not there, and one of another format", () => {
  const missing = join(directory.path, "nothing.json");
  assert.throws(
    () => readNotaryServerConfig(missing, {}),
    (e) => isCountersignError(e, "disk.unreadable"),
  );
  assert.throws(() => readNotaryServerConfig("server.toml", {}), /not a \.json file/);
});
