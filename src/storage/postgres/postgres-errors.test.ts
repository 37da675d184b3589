// What a failure of PostgreSQL or of the line to it is called: an operator and a retrying client act on the difference.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CountersignError } from "../../bytes/index.ts";
import { isLostConnection, isPassingConflict, toPostgresError } from "./postgres-errors.ts";

function serverError(code: string): Error {
  return Object.assign(new Error("server says no"), { code, severity: "ERROR" });
}

function lineError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

test("each failure has the code that says who must act", () => {
  const cases: readonly (readonly [Error, string])[] = [
    [lineError("ECONNREFUSED"), "storage.unavailable"],
    [new Error("Connection terminated unexpectedly"), "storage.unavailable"],
    [new Error("Query read timeout"), "storage.unavailable"],
    [new Error("The server does not support SSL connections"), "storage.unavailable"],
    [lineError("DEPTH_ZERO_SELF_SIGNED_CERT"), "tls.untrusted"],
    [lineError("ERR_TLS_CERT_ALTNAME_INVALID"), "tls.untrusted"],
    [serverError("57P01"), "storage.unavailable"],
    [serverError("53300"), "storage.unavailable"],
    [serverError("53100"), "disk.full"],
    [serverError("25006"), "disk.read_only"],
    [serverError("40001"), "storage.unavailable"],
    [serverError("28P01"), "storage.unavailable"],
    [serverError("23505"), "storage.conflict"],
    [serverError("XX001"), "storage.corrupt"],
    [serverError("42P01"), "storage.corrupt"],
    [serverError("99999"), "storage.unavailable"],
  ];
  for (const [error, code] of cases) {
    const coded = toPostgresError(error, "db:5432/x");
    assert.equal(coded.code, code, error.message);
    assert.equal(coded.cause, error);
    assert.match(coded.message, /db:5432\/x/);
  }
});

test("an error that is coded already keeps its code", () => {
  const coded = new CountersignError("storage.conflict", "another was faster");
  assert.equal(toPostgresError(coded, "db"), coded);
});

test("only a broken line leaves open what happened; a refusal of the server does not", () => {
  for (const error of [
    lineError("ECONNRESET"),
    new Error("Query read timeout"),
    serverError("57P01"),
    serverError("08006"),
  ])
    assert.equal(isLostConnection(error), true, error.message);
  for (const error of [
    serverError("23505"),
    serverError("40P01"),
    serverError("53100"),
    new CountersignError("storage.conflict", ""),
  ])
    assert.equal(isLostConnection(error), false, error.message);
  assert.equal(isPassingConflict(serverError("40P01")), true);
  assert.equal(isPassingConflict(serverError("23505")), false);
});
