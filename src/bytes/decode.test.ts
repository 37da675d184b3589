// Decoders name the place of what is wrong, and names from outside are only names.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  decodeAny,
  decodeArray,
  decodeBoolean,
  decodeInteger,
  decodeMap,
  decodeMember,
  decodeNullable,
  decodeObject,
  decodeOptionalMember,
  decodeString,
  extraMembers,
  jsonPath,
} from "./decode.ts";
import { parseJson } from "./json.ts";
import type { JsonObject } from "./json-value.ts";
import { encodeUtf8 } from "./text.ts";

const path = jsonPath("signed");
const object = (text: string) => decodeObject(parseJson(encodeUtf8(text)), path);

test("says where and what", () => {
  const keyIds = decodeArray(decodeString);
  const roles = decodeMap((value, at) => decodeMember(decodeObject(value, at), "keyids", keyIds, at));
  const decode = (text: string) => () => decodeMember(object(text), "roles", roles, path);
  const at = (place: string) => ({ code: "metadata.invalid", message: place });
  assert.throws(decode("{}"), at("signed.roles: missing"));
  assert.throws(decode('{"roles":null}'), at("signed.roles: expected an object, got null"));
  assert.throws(decode('{"roles":{"a":[]}}'), at("signed.roles.a: expected an object, got a list"));
  assert.throws(decode('{"roles":{"a b":{}}}'), at('signed.roles["a b"].keyids: missing'));
  assert.throws(
    decode('{"roles":{"root":{"keyids":["a",2]}}}'),
    at("signed.roles.root.keyids[1]: expected a string, got 2"),
  );
  assert.deepEqual([...decode('{"roles":{"root":{"keyids":["a"]}}}')()], [["root", ["a"]]]);
});

test("integers have a range, and true is not 1", () => {
  const decode = decodeInteger(1, 10);
  assert.equal(decode(10, path), 10);
  for (const bad of [0, 11, 1.5, "1", true, null]) assert.throws(() => decode(bad, path), { code: "metadata.invalid" });
  assert.throws(() => decodeBoolean(1, path), { code: "metadata.invalid" });
  assert.equal(decodeNullable(decodeBoolean)(null, path), null);
});

test("a member inherited from Object is missing, and __proto__ is data", () => {
  for (const name of ["toString", "constructor", "__proto__", "hasOwnProperty"]) {
    assert.equal(decodeOptionalMember({}, name, decodeString, path), undefined);
    assert.throws(() => decodeMember({}, name, decodeAny, path), { code: "metadata.invalid", message: /: missing$/ });
  }
  const map = decodeMap(decodeString)(object('{"__proto__":"x","toString":"y"}'), path);
  assert.deepEqual(
    [...map],
    [
      ["__proto__", "x"],
      ["toString", "y"],
    ],
  );
  const extra = extraMembers(object('{"__proto__":{"a":1},"version":1,"x":2}'), ["version"]);
  assert.deepEqual(Object.keys(extra), ["__proto__", "x"]);
  assert.equal(Object.getPrototypeOf(extra), Object.prototype);
});

test("lists and maps over their limit are refused before their items are looked at", () => {
  const never = () => assert.fail();
  assert.throws(() => decodeArray(never, 1)([1, 2], path), { code: "limit.exceeded" });
  assert.throws(() => decodeMap(never, 1)({ a: 1, b: 2 }, path), { code: "limit.exceeded" });
});

test("a name of 10 kB is cut in the error", () => {
  const big: JsonObject = { ["n".repeat(10_000)]: 1 };
  assert.throws(
    () => decodeMap(decodeString)(big, path),
    (error: Error) => error.message.length < 200,
  );
});
