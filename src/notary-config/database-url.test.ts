// Database addresses as Go programs take them, and that no password is left in what is shown.
import assert from "node:assert/strict";
import { test } from "node:test";
import { maskedDsn, maskedUrl, postgresUrl } from "./database-url.ts";

test("words and URLs mean the same; TLS is asked for unless said otherwise", () => {
  assert.equal(postgresUrl("postgres://u:p@h:1/d"), "postgres://u:p@h:1/d?sslmode=require");
  assert.equal(postgresUrl("postgresql://u@h/d?sslmode=disable"), "postgresql://u@h/d?sslmode=disable");
  assert.equal(
    postgresUrl(String.raw`host=db port=5433 user=a@b password='p\'q /' dbname=n connect_timeout=3 sslmode=disable`),
    "postgres://a%40b:p'q%20%2F@db:5433/n?connect_timeout=3&sslmode=disable",
  );
  assert.equal(
    postgresUrl("user=u dbname=d host=/run/postgresql sslmode=disable"),
    "postgres://u@localhost/d?host=%2Frun%2Fpostgresql&sslmode=disable",
  );
  for (const wrong of ["", "mysql://h/d", "user=u and more", "http://h", "postgres://["]) {
    assert.equal(postgresUrl(wrong), undefined, wrong);
  }
});

test("what is shown holds no password", () => {
  assert.equal(maskedUrl("postgres://u:top@h/d?password=top"), "postgres://u:xxxxx@h/d?password=xxxxx");
  assert.equal(maskedDsn("u:to@p:(x)/@tcp(h:3306)/d?parseTime=True"), "u:xxxxx@tcp(h:3306)/d?parseTime=True");
  assert.equal(maskedDsn("u@tcp(h:3306)/d"), "u@tcp(h:3306)/d");
  assert.doesNotMatch(maskedDsn("u:top"), /top/);
  assert.doesNotMatch(maskedUrl("nonsense top"), /top/);
});
