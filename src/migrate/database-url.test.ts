// Addresses of databases as Notary's configuration files and people write them; no password leaves its place.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isCountersignError } from "../bytes/index.ts";
import { describeAddress, parseDatabaseAddress } from "./database-url.ts";

test("Go's MySQL addresses, with every part that may be missing", () => {
  const full = parseDatabaseAddress("server:p@ss:w/o@tcp(db.example.com:3307)/notaryserver?parseTime=True&tls=true");
  const expected = { kind: "mysql", host: "db.example.com", port: 3307, user: "server", password: "p@ss:w/o" };
  assert.deepEqual(full, { ...expected, database: "notaryserver", socketPath: undefined, tls: "verify" });
  const short = parseDatabaseAddress("server@tcp(mysql)/notaryserver");
  assert.ok(short.kind === "mysql" && short.port === 3306 && short.password === undefined && short.tls === "off");
  const socket = parseDatabaseAddress("root@unix(/run/mysqld.sock)/db", "from a file");
  assert.ok(socket.kind === "mysql" && socket.socketPath === "/run/mysqld.sock" && socket.password === "from a file");
  const six = parseDatabaseAddress("a@tcp([::1]:3306)/db");
  assert.ok(six.kind === "mysql" && six.host === "::1");
  const none = parseDatabaseAddress("/db");
  assert.ok(none.kind === "mysql" && none.host === "127.0.0.1" && none.user === "root");
});

test("URLs; a password of the URL goes before one from elsewhere", () => {
  const mysql = parseDatabaseAddress("mysql://u%40x:p%3Aq@db:3307/notary", "other");
  assert.ok(mysql.kind === "mysql" && mysql.user === "u@x" && mysql.password === "p:q" && mysql.database === "notary");
  const postgres = parseDatabaseAddress("postgres://u@db/notary?sslmode=disable", "other");
  assert.ok(postgres.kind === "postgres" && postgres.password === "other");
  const inQuery = parseDatabaseAddress("postgres://u@db/notary?password=here", "other");
  assert.equal(inQuery.password, "here");
});

test("neither a description nor an error holds the password", () => {
  for (const text of ["u:secret@tcp(db:1)/x", "mysql://u:secret@db/x", "postgres://u:secret@db/x"]) {
    assert.doesNotMatch(describeAddress(parseDatabaseAddress(text)), /secret/);
  }
  for (const text of ["u:secret@tcp(db:1)/", "postgres://u:secret@[", "secret", "u:secret@tcp(a:b:c)/x", ""]) {
    assert.throws(
      () => parseDatabaseAddress(text),
      (error) =>
        isCountersignError(error, "usage.invalid") && !JSON.stringify([error.message, error.hints]).includes("secret"),
      text,
    );
  }
});
