// References as docker reads them, and the errors of those it would not.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CountersignError } from "../bytes/index.ts";
import { formatReference, parseReference, withDefaultTag } from "./reference.ts";

const digest = `sha256:${"ab".repeat(32)}`;

test("familiar names are docker's", () => {
  const table: readonly (readonly [string, string])[] = [
    ["alpine", "docker.io/library/alpine"],
    ["alpine:3.20", "docker.io/library/alpine:3.20"],
    ["team/app", "docker.io/team/app"],
    ["docker.io/alpine", "docker.io/library/alpine"],
    ["index.docker.io/team/app:1", "docker.io/team/app:1"],
    ["localhost/app", "localhost/app"],
    ["localhost:5000/app:1", "localhost:5000/app:1"],
    ["127.0.0.1:5000/a/b/c:v1", "127.0.0.1:5000/a/b/c:v1"],
    ["[::1]:5000/app:1", "[::1]:5000/app:1"],
    ["registry.example.com/app", "registry.example.com/app"],
    ["HOST/app", "HOST/app"],
    [`r.example/a:1@${digest}`, `r.example/a:1@${digest}`],
    [`a@${digest}`, `docker.io/library/a@${digest}`],
    ["oci:dir:1.0", "oci:dir:1.0"],
    ["oci:/a/b.c:x/dir", "oci:/a/b.c:x/dir"],
    [`oci:./dir@${digest}`, `oci:./dir@${digest}`],
    ["oci:dir", "oci:dir"],
  ];
  for (const [text, full] of table) assert.equal(formatReference(parseReference(text)), full, text);
});

test("the parts are apart: host with port, repository, collection name", () => {
  const reference = parseReference("localhost:5000/team/app:1");
  assert.deepEqual(
    { ...reference },
    {
      kind: "registry",
      gun: "localhost:5000/team/app",
      host: "localhost:5000",
      repository: "team/app",
      tag: "1",
      digest: undefined,
    },
  );
  assert.equal(withDefaultTag(parseReference("alpine")).tag, "latest");
  assert.equal(withDefaultTag(parseReference(`alpine@${digest}`)).tag, undefined);
});

test("what no registry would take is reference.invalid, bounded, and names the fault", () => {
  const table: readonly (readonly [string, RegExp])[] = [
    ["", /names no repository/],
    ["r.example/", /names no repository/],
    [":1", /names no repository/],
    ["https://r.example/app", /web address/],
    ["team/App", /upper-case/],
    ["app:", /not a tag/],
    ["app:-x", /not a tag/],
    [`app:${"x".repeat(129)}`, /not a tag/],
    [`app:${"x".repeat(10_000)}`, /not a tag/],
    ["app:ä", /not a tag/],
    ["app@sha256:12", /not a digest/],
    [`app@${digest.toUpperCase()}`, /not a digest/],
    ["r.example/../x", /not a collection name/],
    ["r.example/a//b", /not a collection name/],
    ["r.example/a b", /not a collection name/],
    ["r.example/%2e%2e", /not a collection name/],
    ["r.example/__proto__", /not a collection name/],
    ["ab".repeat(32), /bare image id/],
    ["oci:", /names no directory/],
    ["oci::tag", /names no directory/],
    ["oci:dir:", /not a tag/],
    ["r.example/app?x=1", /not a collection name/],
    ["user@host/app", /not a digest/],
  ];
  for (const [text, fault] of table) {
    assert.throws(
      () => parseReference(text),
      (error) => {
        assert.ok(error instanceof CountersignError);
        assert.equal(error.code, "reference.invalid", text);
        assert.match(error.message, fault);
        return error.message.length < 600;
      },
    );
  }
});
