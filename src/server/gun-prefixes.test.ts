// What an operator who restricts names and caches relies on: nothing outside the prefixes is written or read, and "0 seconds" reaches
// the caches in Notary's words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseGun } from "../bytes/index.ts";
import { notaryDocument, tuf1Target } from "./answers.ts";
import { refusedByPrefix } from "./gun-prefixes.ts";
import { routeOf } from "./routes.ts";

const ask = (method: string, path: string) => refusedByPrefix(["good.example/", "also/"], routeOf(path), method);

test("an update outside the prefixes is INVALID_GUN, everything else about such a name does not exist", async () => {
  const post = ask("POST", "/v2/evil.example/app/_trust/tuf/");
  assert.equal(post?.status, 400);
  assert.deepEqual(await post?.json(), {
    errors: [
      {
        code: "INVALID_GUN",
        message: "The server does not support actions on images of this name.",
        detail: "Require GUNs with prefix: [good.example/ also/]",
      },
    ],
  });
  for (const [method, path] of [
    ["GET", "/v2/evil.example/app/_trust/tuf/root.json"],
    ["GET", "/v2/evil.example/app/_trust/tuf/timestamp.key"],
    ["POST", "/v2/evil.example/app/_trust/tuf/snapshot.key"],
    ["DELETE", "/v2/evil.example/app/_trust/tuf/"],
    ["POST", "/v2/evil.example/app/_trust/publish"],
    ["GET", "/v2/evil.example/app/_trust/bundle"],
    ["GET", "/v2/evil.example/app/_trust/tuf1/metadata/root.json"],
  ] as const) {
    assert.equal(ask(method, path)?.status, 404, `${method} ${path}`);
  }
});

test("a name is inside when it begins with a prefix, and without prefixes all are", () => {
  assert.equal(ask("POST", "/v2/good.example/app/_trust/tuf/"), undefined);
  assert.equal(ask("GET", "/v2/also/app/_trust/bundle"), undefined);
  assert.equal(ask("POST", "/v2/good.example.evil/app/_trust/tuf/")?.status, 400);
  assert.equal(refusedByPrefix(undefined, routeOf("/v2/evil.example/app/_trust/tuf/"), "POST"), undefined);
  assert.equal(ask("GET", "/_notary_server/health"), undefined);
});

test("cache lifetimes are the operator's, and 0 forbids keeping anything", () => {
  const document = {
    gun: parseGun("good.example/app"),
    dialect: "notary1",
    role: "root",
    version: 1,
    sha256: "",
    bytes: new Uint8Array(),
    storedAt: 0,
  } as never;
  const answer = (isCurrent: boolean, currentSeconds: number, consistentSeconds: number) =>
    notaryDocument(document, {
      isCurrent,
      operation: "GetRole",
      freshUntil: 0,
      caching: { currentSeconds, consistentSeconds },
    }).headers;
  assert.ok(answer(true, 10, 20).includes("public, max-age=10, s-maxage=10, must-revalidate"));
  assert.ok(answer(false, 10, 20).includes("public, max-age=20, s-maxage=20"));
  for (const headers of [
    answer(true, 0, 20),
    answer(false, 10, 0),
    tuf1Target(new Uint8Array(), { currentSeconds: 10, consistentSeconds: 0 }).headers,
  ]) {
    assert.deepEqual(headers.slice(0, 4), ["Cache-Control", "max-age=0, no-cache, no-store", "Pragma", "no-cache"]);
  }
});
