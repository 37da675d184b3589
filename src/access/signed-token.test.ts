// Reading tokens and their claims, without any key: one spelling for one token, and each claim's rule alone.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { makeToken, newEcKey, testStart } from "../testing/index.ts";
import { checkClaims, isSignedBy, readToken } from "./signed-token.ts";

test("a token has one spelling: padding, blanks, the other alphabet and loose bits are other texts, and none of them a token", () => {
  const token = makeToken({ claims: { a: "??>>~~" }, key: newEcKey() });
  assert.ok(readToken(token) !== undefined);
  const [header = "", claims = "", signature = ""] = token.split(".");
  const loose = (part: string) => `${part.slice(0, -1)}${String.fromCharCode(part.charCodeAt(part.length - 1) + 1)}`;
  const oneLeft = Buffer.from('{"a":1}').toString("base64url");
  for (const text of [
    `${header}=.${claims}.${signature}`,
    `${header}.${claims} .${signature}`,
    `${header}.${claims}\n.${signature}`,
    `${header}.${claims.replaceAll("_", "/").replaceAll("-", "+")}.${signature}`,
    `${header}.${loose(oneLeft)}.${signature}`,
    `${header}..${signature}`,
    `.${claims}.${signature}`,
  ]) {
    assert.equal(readToken(text), undefined, JSON.stringify(text.slice(0, 80)));
  }
  assert.ok(readToken(`${header}.${oneLeft}.${signature}`) !== undefined);
});

test("members given twice, lists and texts in the place of header or claims are no token", () => {
  const part = (text: string) => Buffer.from(text).toString("base64url");
  const header = part('{"alg":"ES256"}');
  for (const claims of ['{"aud":"a","aud":"b"}', "[]", '"x"', "null", '{"exp":1e400}']) {
    assert.equal(readToken(`${header}.${part(claims)}.eA`), undefined, claims);
  }
  for (const other of ['{"alg":"none","alg":"ES256"}', "{}", '{"alg":null}', '{"alg":["ES256"]}']) {
    assert.equal(readToken(`${part(other)}.${part("{}")}.eA`), undefined, other);
  }
});

test("a key is used with the algorithms that are its own, whichever the token names", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const token = readToken(makeToken({ claims: {}, key: privateKey }));
  assert.ok(token !== undefined);
  assert.equal(await isSignedBy(token, { key: publicKey, algorithms: ["RS256"] }), true);
  assert.equal(await isSignedBy(token, { key: publicKey, algorithms: ["PS256"] }), false);
});

test("issuer, audience and end are each asked for, whoever chose the verifier", () => {
  const seconds = testStart / 1_000;
  const good = { iss: "i", aud: "a", exp: seconds + 60 };
  const verdict = (claims: Parameters<typeof checkClaims>[0]) =>
    checkClaims(claims, { issuer: "i", audiences: ["a"], now: testStart }).isGood;
  assert.ok(verdict(good));
  assert.ok(!verdict({ ...good, iss: "j" }));
  assert.ok(!verdict({ aud: "a", exp: seconds + 60 }));
  assert.ok(!verdict({ ...good, aud: "b" }));
  assert.ok(!verdict({ ...good, exp: seconds - 60 }));
  assert.ok(verdict({ ...good, exp: seconds - 59 }));
});
