// Challenges as real servers write them, and as nobody should.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseChallenges } from "./challenge.ts";

function parsed(header: string): unknown {
  return parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
}

test("docker's token challenge, with a comma inside a quoted scope", () => {
  const header =
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push",error="invalid_token"';
  assert.deepEqual(parsed(header), [
    [
      "bearer",
      {
        realm: "https://auth.docker.io/token",
        service: "registry.docker.io",
        scope: "repository:a/b:pull,push",
        error: "invalid_token",
      },
    ],
  ]);
});

test("several challenges in one header, escapes, spaces, a bare token68", () => {
  assert.deepEqual(parsed('Negotiate abc==, Basic realm = "a \\"b\\", c" , BEARER realm=x'), [
    ["negotiate", {}],
    ["basic", { realm: 'a "b", c' }],
    ["bearer", { realm: "x" }],
  ]);
  assert.deepEqual(parsed("Basic"), [["basic", {}]]);
});

test("the first of a repeated parameter counts, __proto__ is a name like any other", () => {
  const [challenge] = parseChallenges('Bearer realm="a", realm="b", __proto__="c"');
  assert.equal(challenge?.parameters.get("realm"), "a");
  assert.equal(challenge?.parameters.get("__proto__"), "c");
});

test("rubbish and endless headers give what could be read, quickly", () => {
  assert.deepEqual(parsed('Bearer realm="unclosed'), [["bearer", {}]]);
  assert.deepEqual(parsed("\u0000\u0000"), []);
  assert.deepEqual(parsed(`Bearer ${",".repeat(9000)}`), []);
  assert.deepEqual(parsed(`Bearer realm="${"\\".repeat(8000)}`), [["bearer", {}]]);
  assert.deepEqual(parsed(""), []);
});
