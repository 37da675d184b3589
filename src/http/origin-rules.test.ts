// Where a redirect may lead.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CountersignError } from "../bytes/index.ts";
import { isLoopback, redirectTarget } from "./origin-rules.ts";

const rules = { insecureHosts: new Set(["insecure.example"]) };

test("a redirect never leads from https to plain http, not even where plain http is allowed", () => {
  const from = new URL("https://registry.example.com/v2/");
  for (const location of ["http://127.0.0.1:8080/x", "http://insecure.example/x", "http://registry.example.com/x"]) {
    assert.throws(
      () => redirectTarget(from, location, rules),
      (error) => error instanceof CountersignError && error.code === "download.redirected",
    );
  }
  assert.equal(redirectTarget(from, "../blob?x=1#y", rules).href, "https://registry.example.com/blob?x=1");
  const plain = new URL("http://insecure.example/");
  assert.equal(redirectTarget(plain, "http://127.0.0.1:8080/x", rules).host, "127.0.0.1:8080");
});

test("names that only look like loopback are not", () => {
  for (const name of ["localhost", "a.localhost", "LOCALHOST.", "127.0.0.1", "127.255.1.2", "[::1]"]) {
    assert.equal(isLoopback(name), true, name);
  }
  for (const name of ["localhost.example.com", "127.0.0.1.nip.io", "notlocalhost", "128.0.0.1", "[::2]", ""]) {
    assert.equal(isLoopback(name), false, name);
  }
});
