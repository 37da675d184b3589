// notary-signer's configuration, and the passphrases that must stand in no report.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { isCountersignError } from "../bytes/index.ts";
import { temporaryDirectory } from "../testing/index.ts";
import { signer } from "./sample-configs.ts";
import { readNotarySignerConfig } from "./signer-config.ts";

const directory = await temporaryDirectory();
test.after(() => directory[Symbol.asyncDispose]());
const path = join(directory.path, "signer-config.json");

function read(content: object, env: Readonly<Record<string, string>> = {}) {
  writeFileSync(path, JSON.stringify(content));
  return readNotarySignerConfig(path, env);
}

test("a signer with passphrases for two aliases, none of which is shown", () => {
  const env = {
    NOTARY_SIGNER_ALIAS1: "first passphrase",
    NOTARY_SIGNER_ALIAS2: "second passphrase",
    NOTARY_SIGNER_EMPTY: "",
    NOTARY_SIGNER_SERVER_GRPC_ADDR: "127.0.0.1:7000",
    NOTARY_SIGNER_PORT: "tcp://10.0.0.9:7899",
    NOTARY_SIGNER_PORT_7899_TCP_ADDR: "10.0.0.9",
  };
  const { settings, taken, ignored } = read(signer, env);
  assert.deepEqual(settings.listen, { host: "127.0.0.1", port: 7000 });
  assert.equal(settings.tls.certificatePath, join(dirname(path), "notary-signer.crt"));
  assert.equal(settings.clientCaPath, "/certs/notary-server.crt");
  assert.deepEqual(settings.storage, {
    kind: "postgres",
    url: "postgres://signer:s3%20cret@postgresql/notarysigner?sslmode=disable",
  });
  assert.equal(settings.defaultAlias, "alias1");
  assert.equal(settings.passphraseOf("alias1"), "first passphrase");
  assert.equal(settings.passphraseOf("Alias2"), "second passphrase");
  assert.equal(settings.passphraseOf("empty"), undefined);
  assert.equal(settings.passphraseOf("__proto__"), undefined);
  assert.doesNotMatch(JSON.stringify([taken, ignored]), /first pass|second pass|s3/);
  assert.ok(!taken.some(({ key }) => key === "NOTARY_SIGNER_EMPTY"));
  assert.ok(taken.some(({ key, as }) => key === "NOTARY_SIGNER_ALIAS2" && as === "the passphrase of alias alias2"));
  assert.deepEqual(
    ignored.map(({ key }) => key),
    ["NOTARY_SIGNER_PORT", "NOTARY_SIGNER_PORT_7899_TCP_ADDR"],
  );
});

test("the default alias may come from the old variable; without one a database is refused", () => {
  const { default_alias: _, ...storage } = signer.storage;
  const without = { ...signer, storage };
  assert.equal(read(without, { NOTARY_SIGNER_DEFAULT_ALIAS: "old" }).settings.defaultAlias, "old");
  const invalid = (error: unknown) =>
    isCountersignError(error, "config.invalid") && /default_alias/.test(error.message);
  assert.throws(() => read(without), invalid);
  assert.equal(read({ ...signer, storage: { backend: "memory" } }).settings.defaultAlias, undefined);
});

test("a signer without TLS is refused", () => {
  const server = { grpc_addr: ":7899" };
  assert.throws(() => read({ ...signer, server }), /tls_cert_file: it is missing/);
});
