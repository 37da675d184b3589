// The trust server client against servers of both kinds, and ones that lie.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CountersignError,
  digestOf,
  type ErrorCode,
  encodeUtf8,
  parseGun,
  parseRoleName,
  parseTuf1RoleName,
  sha256,
} from "../bytes/index.ts";
import { createAuthorizedClient, createHttpClient, credentialFor } from "../http/index.ts";
import { fakeClock, type LoopbackHandler, type LoopbackServer, loopbackServer, testStart } from "../testing/index.ts";
import { createTrustServer } from "./http-trust-server.ts";
import { blobPart, documentPart } from "./publish-parts.ts";
import type { TrustServer } from "./trust-server.ts";

const gun = parseGun("localhost:5000/team/app");
const trust = "/v2/localhost:5000/team/app/_trust";
const limits = { maxBytes: 1000 };
const targets = parseRoleName("targets");
const releases = parseRoleName("targets/releases");

function open(server: LoopbackServer, prefix = ""): TrustServer {
  const client = createAuthorizedClient({
    client: createHttpClient({ sleep: async () => undefined }),
    credentials: credentialFor(server.host, { kind: "password", username: "u", password: "p" }),
    clock: fakeClock().now,
  });
  return createTrustServer({ url: new URL(`${server.origin}${prefix}`), gun, client, clock: fakeClock().now });
}

async function refused(work: Promise<unknown>, code: ErrorCode): Promise<CountersignError> {
  const error: unknown = await work.then(
    () => assert.fail(`expected ${code}`),
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof CountersignError, String(error));
  assert.equal(error.code, code, error.message);
  return error;
}

/** Answers the ping, and everything else as told. */
function pinged(handler: LoopbackHandler): Promise<LoopbackServer> {
  return loopbackServer((request, response, body) => {
    if (request.url === "/v2/") response.end("{}");
    else handler(request, response, body);
  });
}

const missing: LoopbackHandler = (_, response) =>
  response.writeHead(404).end('{"errors":[{"code":"METADATA_NOT_FOUND","message":"..."}]}');

test("notary1 asks by sha256, or by version without one, tuf1 by version, a delegation by the name its dialect gives it", async () => {
  await using server = await loopbackServer((_, response) => response.end("bytes"));
  const remote = open(server, "/prefix/");
  const digest = digestOf(encodeUtf8("x"));
  const hex = digest.slice(7);
  const [notary1, tuf1] = [remote.notary1Source(), remote.tuf1Source()];
  await notary1.fetchRoot(undefined, limits);
  await notary1.fetchRoot(3, limits);
  await notary1.fetchTimestamp(limits);
  await notary1.fetchSnapshot({ version: 2, digest }, limits);
  await notary1.fetchTargets(releases, { version: undefined, digest }, limits);
  await notary1.fetchTargets(releases, { version: undefined, digest: digestOf(encodeUtf8("x"), "sha512") }, limits);
  await notary1.fetchTargets(releases, { version: 4, digest: undefined }, limits);
  await tuf1.fetchRoot(2, limits);
  await tuf1.fetchTimestamp(limits);
  await tuf1.fetchSnapshot({ version: 7, digest: undefined }, limits);
  await tuf1.fetchTargets(targets, { version: 8, digest }, limits);
  await tuf1.fetchTargets(releases, { version: 9, digest }, limits);
  await tuf1.fetchTargets(parseTuf1RoleName("targets/../a b/%2e?#"), { version: undefined, digest }, limits);
  assert.deepEqual(server.requests, [
    `GET /prefix${trust}/tuf/root.json`,
    `GET /prefix${trust}/tuf/3.root.json`,
    `GET /prefix${trust}/tuf/timestamp.json`,
    `GET /prefix${trust}/tuf/snapshot.${hex}.json`,
    `GET /prefix${trust}/tuf/targets/releases.${hex}.json`,
    `GET /prefix${trust}/tuf/targets/releases.json`,
    `GET /prefix${trust}/tuf/4.targets/releases.json`,
    `GET /prefix${trust}/tuf1/metadata/2.root.json`,
    `GET /prefix${trust}/tuf1/metadata/timestamp.json`,
    `GET /prefix${trust}/tuf1/metadata/7.snapshot.json`,
    `GET /prefix${trust}/tuf1/metadata/8.targets.json`,
    `GET /prefix${trust}/tuf1/metadata/9.releases.json`,
    `GET /prefix${trust}/tuf1/metadata/..%2Fa%20b%2F%252e%3F%23.json`,
  ]);
});

test("404 is not there; 500, too long and a redirect are download errors", async () => {
  await using server = await loopbackServer(missing);
  assert.equal(await open(server).notary1Source().fetchTimestamp(limits), undefined);
  await using broken = await loopbackServer((_, response) => response.writeHead(500).end());
  await refused(open(broken).tuf1Source().fetchTimestamp(limits), "download.unavailable");
  await using long = await loopbackServer((_, response) => response.end("x".repeat(1001)));
  await refused(open(long).tuf1Source().fetchTimestamp(limits), "download.too_large");
  await using moved = await loopbackServer((request, response) => {
    if (request.url === "/x") response.end("from elsewhere");
    else response.writeHead(302, { location: "/x" }).end();
  });
  await refused(open(moved).tuf1Source().fetchTimestamp(limits), "download.redirected");
});

test("a bundle names what is at hand; a server without the route is undefined, one without the collection an error", async () => {
  await using server = await loopbackServer((_, response) => response.end("bundle"));
  const have = [digestOf(encodeUtf8("a"))];
  const bytes = await open(server).fetchBundle({ dialect: "auto", root: 2, have, maxBytes: 100 });
  assert.equal(Buffer.from(bytes ?? []).toString(), "bundle");
  assert.deepEqual(server.requests, [`GET ${trust}/bundle?dialect=auto&root=2&have=${have[0]?.slice(7)}`]);
  await using notary = await loopbackServer(missing);
  assert.equal(await open(notary).fetchBundle({ dialect: "auto", maxBytes: 100 }), undefined);
  assert.equal(await open(notary).isCountersign(), false);
  await using ours = await loopbackServer((_, response) =>
    response.writeHead(404).end('{"error":{"code":"collection.missing","message":"no such collection"}}'),
  );
  await refused(open(ours).fetchBundle({ dialect: "auto", maxBytes: 100 }), "collection.missing");
  assert.equal(await open(ours).isCountersign(), true);
});

test("a notary-server with tokens asks for a right that nobody has where it has no route: that is no refusal", async () => {
  const needing = (Type: string, Name: string, Action: string) =>
    JSON.stringify({
      errors: [
        { code: "UNAUTHORIZED", message: "authentication required", detail: [{ Type, Class: "", Name, Action }] },
      ],
    });
  await using server = await loopbackServer((request, response) => {
    if (request.url?.startsWith("/token") === true) return void response.end('{"token":"t1"}');
    const isKnown = request.url?.startsWith(`${trust}/tuf/`) === true;
    const scope = isKnown ? `repository:${gun}:pull` : "registry:catalog:*";
    response.writeHead(401, {
      "www-authenticate": `Bearer realm="${server.origin}/token",service="svc",scope="${scope}"`,
    });
    response.end(isKnown ? needing("repository", gun, "pull") : needing("registry", "catalog", "*"));
  });
  const remote = open(server);
  assert.equal(await remote.fetchBundle({ dialect: "tuf1", maxBytes: 1000 }), undefined);
  assert.equal(await remote.isCountersign(), false);
  assert.equal(await remote.tuf1Source().fetchRoot(undefined, limits), undefined);
  await refused(remote.notary1Source().fetchRoot(undefined, limits), "download.denied");
});

test("a publish is multipart with the documents' exact bytes, and reports what the server took", async () => {
  let received = "";
  await using server = await pinged((_, response, body) => {
    received = body.toString("latin1");
    response.end('{"documents":[{"dialect":"tuf1","role":"targets","version":3,"sha256":"ab"}],"behind":["notary1"]}');
  });
  const bytes = Uint8Array.of(0, 255, 13, 10, 45, 45);
  const blob = encodeUtf8("manifest");
  const progress: [number, number][] = [];
  const result = await open(server).publish([documentPart("tuf1", releases, bytes), blobPart(blob)], {
    onProgress: (sent, total) => progress.push([sent, total]),
  });
  assert.deepEqual(result, {
    documents: [{ dialect: "tuf1", role: "targets", version: 3, sha256: "ab" }],
    behind: ["notary1"],
  });
  assert.match(
    received,
    /filename="tuf1\/targets\/releases"\r\nContent-Type: application\/octet-stream\r\n\r\n\0\xff\r\n--\r\n--/,
  );
  assert.match(received, new RegExp(`filename="blob/${Buffer.from(sha256(blob)).toString("hex")}"\r\n`));
  assert.deepEqual(progress.at(-1), [received.length, received.length]);
});

test("a publish learns what proof is wanted before its body travels, so the body travels once", async () => {
  const bodies: number[] = [];
  await using server = await loopbackServer((request, response, body) => {
    if (request.headers.authorization === undefined) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
    } else if (request.url === "/v2/") response.end("{}");
    else response.end('{"documents":[],"behind":[]}');
    if (request.method === "POST") bodies.push(body.length);
  });
  await open(server).publish([blobPart(encodeUtf8("x"))]);
  assert.equal(bodies.length, 1);
});

test("the server's refusals keep their code; Notary's are translated; neither can claim what it cannot know", async () => {
  const notary = (code: string, detail?: unknown): string =>
    JSON.stringify({ errors: [{ code, message: "m", detail }] });
  const ours = (code: string): string => JSON.stringify({ error: { code, message: "m\u001b[2J", hints: ["h", 7] } });
  const table: readonly (readonly [number, string, ErrorCode])[] = [
    [409, ours("conflict.lost_race"), "conflict.lost_race"],
    [422, ours("threshold.unmet"), "threshold.unmet"],
    [503, ours("server.signing_unavailable"), "server.signing_unavailable"],
    [500, ours("disk.full"), "download.unavailable"],
    [400, ours("key.passphrase_wrong"), "download.failed"],
    [400, ours("__proto__"), "download.failed"],
    [400, notary("VERSION"), "conflict.lost_race"],
    [400, notary("INVALID_UPDATE", { Name: "ErrBadRoot", Error: { Msg: "bad" } }), "publish.refused"],
    [400, notary("NEW_CODE"), "download.failed"],
    [404, notary("METADATA_NOT_FOUND"), "publish.refused"],
    [413, "<html>", "request.too_large"],
    [403, "", "download.denied"],
    [200, "<html>", "download.failed"],
    [200, '{"documents":[{}]}', "download.failed"],
  ];
  for (const [status, body, code] of table) {
    await using server = await pinged((_, response) => response.writeHead(status).end(body));
    const error = await refused(open(server).publish([blobPart(encodeUtf8("x"))]), code);
    assert.doesNotMatch(error.message, /\u001b/);
  }
});

test("Notary's upload goes to Notary's route under the roles' own names, and its reason is told", async () => {
  let received = "";
  await using server = await pinged((_, response, body) => {
    received = body.toString();
    if (received.includes("bad")) {
      response
        .writeHead(400)
        .end('{"errors":[{"code":"INVALID_UPDATE","detail":{"Name":"E","Error":{"Msg":"too old"}}}]}');
    } else response.end();
  });
  await open(server).publishNotary1([{ role: releases, bytes: encodeUtf8("{}") }]);
  assert.equal(server.requests.at(-1), `POST ${trust}/tuf/`);
  assert.match(received, /filename="targets\/releases"/);
  const error = await refused(
    open(server).publishNotary1([{ role: targets, bytes: encodeUtf8("bad") }]),
    "publish.refused",
  );
  assert.match(error.message, /too old/);
});

test("a role name that could end its quotes is not uploaded", async () => {
  await using server = await pinged((_, response) => response.end());
  const role = parseTuf1RoleName('a"; filename="root');
  await refused(open(server).publish([documentPart("tuf1", role, encodeUtf8("{}"))]), "request.invalid");
  assert.equal(server.requests.filter((line) => line.startsWith("POST")).length, 0);
});

test("server keys, status and ping; a 401 ping is an answer, silence is not", async () => {
  await using server = await loopbackServer((request, response) => {
    if (request.url === "/v2/") response.writeHead(401).end();
    else if (request.url?.endsWith("/status") === true) {
      response.end(
        '{"gun":"g","dialects":{"tuf1":{"root":{"version":1,"expires":"2030-01-01T00:00:00Z"}},"x":{}},"behind":["x","notary1"]}',
      );
    } else response.end(`${request.method} key`);
  });
  const remote = open(server);
  await remote.ping();
  assert.equal(Buffer.from(await remote.serverKey("timestamp")).toString(), "GET key");
  assert.equal(Buffer.from(await remote.rotateServerKey("snapshot")).toString(), "POST key");
  const status = await remote.status();
  assert.deepEqual([...(status?.dialects.keys() ?? [])], ["tuf1"]);
  assert.equal(status?.dialects.get("tuf1")?.get("root")?.version, 1);
  assert.deepEqual(status?.behind, ["notary1"]);
  await server[Symbol.asyncDispose]();
  await refused(remote.ping(), "download.unreachable");
});

test("the server's clock is compared with ours, a cache's age taken into account", async () => {
  let headers: Record<string, string> = { date: new Date(testStart + 3_600_000).toUTCString() };
  await using server = await loopbackServer((_, response) => response.writeHead(200, headers).end("{}"));
  const remote = open(server);
  assert.equal(remote.clockSkewMs(), undefined);
  await remote.ping();
  assert.equal(remote.clockSkewMs(), 3_600_500);
  headers = { date: new Date(testStart - 60_000).toUTCString(), age: "60" };
  await remote.ping();
  assert.equal(remote.clockSkewMs(), 500);
});

test("an address that is no server's is refused", () => {
  const client = createAuthorizedClient({ client: createHttpClient(), clock: fakeClock().now });
  for (const url of ["ftp://x.example", "https://x.example/?a=b", "https://x.example/#a"]) {
    assert.throws(
      () => createTrustServer({ url: new URL(url), gun, client, clock: fakeClock().now }),
      CountersignError,
    );
  }
});

test("deleting asks for the right to everything, and a refusal is told", async () => {
  const asked: string[] = [];
  await using server = await loopbackServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(asked.length === 1 ? 200 : 500).end();
  });
  const remote = open(server);
  await remote.deleteCollection();
  assert.deepEqual(asked, [`DELETE ${trust}/tuf/`]);
  await refused(remote.deleteCollection(), "download.unavailable");
});
