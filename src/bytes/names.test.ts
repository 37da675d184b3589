// Names that Notary's users have and names that attackers try.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isCountersignError } from "./errors.ts";
import { parseGun, parseImageName } from "./names.ts";

const refused = (parse: (text: string) => unknown, text: string) =>
  assert.throws(
    () => parse(text),
    (error) => isCountersignError(error, "gun.invalid"),
    JSON.stringify(text.slice(0, 60)),
  );

test("collection names that no registry would give are served, because notary-server served them", () => {
  const names = [
    "a",
    "ACME/App",
    "library/Alpine",
    "linuxkit/kernel",
    "com.example.Product_2",
    "a..b/c-",
    "x/y~z+1",
    "__proto__",
    "constructor",
    "localhost:5000/x",
    "[::1]:5000/a",
    `h/${"x".repeat(253)}`,
  ];
  for (const name of names) assert.equal(parseGun(name), name);
});

test("path tricks, our own route word, shell and URL characters are no collection names", () => {
  const tricks = [
    "",
    "/",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "a/..",
    "a/../b",
    "../a",
    "a/./b",
    ".hidden",
    "-x",
    "a/-x",
    "_trust",
    "a/_trust",
    "a/_trust/b",
    "_trust/tuf",
    "a%2fb",
    "a%00",
    "a\u0000",
    "a\nb",
    "a\r\nX: y",
    "a b",
    "a*b",
    "a?b",
    "a#b",
    "a\\b",
    "a;b",
    "a$b",
    "a'b",
    'a"b',
    "a&b",
    "<a>",
    "a@b",
    "a|b",
    "é",
    "x:y:z",
    "host:99999999/a",
    `h/${"x".repeat(254)}`,
    "x".repeat(10_000),
  ];
  for (const name of tricks) refused(parseGun, name);
});

test("an image is named as its registry names it", () => {
  for (const name of ["alpine", "registry.example.com/team/app", "HOST:5000/a_b/c--d", "[::1]:5000/a"])
    assert.equal(parseImageName(name), name);
  for (const name of ["host/UPPER", "a..b", "a/b-", "x/y~z", "__proto__", "a/_trust", "a//b", "../a"])
    refused(parseImageName, name);
});
