// Reading of database URLs: the line to another machine is verified unless the operator says otherwise, and no message shows the password.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isCountersignError } from "../../bytes/index.ts";
import { parsePostgresUrl } from "./postgres-url.ts";

test("a URL names host, port, database, user and password", () => {
  const address = parsePostgresUrl("postgresql://server:p%40ss@127.0.0.1:5433/notary%20one");
  assert.deepEqual(address, {
    host: "127.0.0.1",
    port: 5433,
    database: "notary one",
    user: "server",
    password: "p@ss",
    ssl: false,
    shown: "127.0.0.1:5433/notary one",
  });
});

test("a unix socket is named by its directory", () => {
  for (const url of ["postgres:///db?host=/run/postgresql&user=me", "postgres://me@%2Frun%2Fpostgresql/db"]) {
    const { host, port, user, ssl } = parsePostgresUrl(url);
    assert.deepEqual([host, port, user, ssl], ["/run/postgresql", 5432, "me", false]);
  }
});

test("another machine is spoken to over verified TLS unless the URL says otherwise", () => {
  assert.deepEqual(parsePostgresUrl("postgres://me@db.example.com/x").ssl, {});
  assert.deepEqual(parsePostgresUrl("postgres://me@127.0.0.1.example.com/x").ssl, {});
  assert.equal(parsePostgresUrl("postgres://me@db.example.com/x?sslmode=disable").ssl, false);
  const required = parsePostgresUrl("postgres://me@db.example.com/x?sslmode=require").ssl;
  assert.deepEqual(required, { rejectUnauthorized: false });
});

test("what cannot be meant is refused, without a word of the password", () => {
  const bad = [
    "host=db password=hunter2",
    "mysql://me:hunter2@db/x",
    "postgres://me:hunter2@db",
    "postgres://:hunter2@db/x",
    "postgres://me:hunter2@/x",
    "postgres://me:hunter2%zz@db/x",
    "postgres://me:hunter2@db/x?port=0",
    "postgres://me:hunter2@db/x?sslmode=prefer",
    "postgres://me:hunter2@db/x?sslmode=verify-ca",
    "postgres://me:hunter2@db/x?options=-csynchronous_commit%3Doff",
  ];
  for (const url of bad) {
    assert.throws(
      () => parsePostgresUrl(url),
      (error) =>
        isCountersignError(error, "usage.invalid") && !JSON.stringify([error.message, error.hints]).includes("hunter2"),
      url,
    );
  }
});

test("a certificate file that is not there is named", () => {
  assert.throws(
    () => parsePostgresUrl("postgres://me@db/x?sslmode=verify-full&sslrootcert=/nowhere/ca.pem"),
    (error) => isCountersignError(error, "disk.unreadable") && error.message.includes("/nowhere/ca.pem"),
  );
});
