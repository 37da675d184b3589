// The server end to end without sockets: what is published is read back and verified by the readers' own code in both dialects.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CountersignError, isCountersignError, parseGun, sha256 } from "../bytes/index.ts";
import type { DialectName } from "../tuf/index.ts";
import { verifyBundle } from "../updater/index.ts";
import { openTestApp } from "./test-app.test.ts";
import { dialects, type TestPublisher } from "./test-publisher.ts";

async function readBack(publisher: TestPublisher, dialect: DialectName, now: number) {
  const response = await publisher.get(`bundle?dialect=${dialect}`);
  assert.equal(response.status, 200, await response.clone().text());
  const bytes = new Uint8Array(await response.arrayBuffer());
  return verifyBundle(bytes, { gun: publisher.gun, pins: [], now, trustOnFirstUse: true });
}

test("one publish is seen by fresh readers of both dialects", async () => {
  await using world = await openTestApp();
  const publisher = await world.publisher();
  await publisher.init();
  const next = await publisher.nextTargets("1.0", "content");
  const response = await publisher.publish(next, [Buffer.from("content")]);
  assert.equal(response.status, 200);
  const body = (await response.json()) as { documents: { role: string }[]; behind: string[] };
  assert.deepEqual(body.behind, []);
  assert.equal(body.documents.length, 6);
  for (const dialect of dialects) {
    const collection = await readBack(publisher, dialect, world.clock.now());
    assert.equal((await collection.lookup("1.0"))?.length, 7);
  }
  const hex = Buffer.from(sha256("content")).toString("hex");
  const blob = await publisher.get(`tuf1/targets/${hex}.1.0`);
  assert.equal(await blob.text(), "content");
  // Where the path has a directory, tough alone puts the hash before all of it.
  for (const path of [`dist/linux/${hex}.app`, `${hex}.dist/linux/app`]) {
    assert.equal(await (await publisher.get(`tuf1/targets/${path}`)).text(), "content", path);
  }
  for (const path of [`${hex}./`, `${hex}.dist/`, `dist/${hex}.linux/app`, hex]) {
    assert.equal((await publisher.get(`tuf1/targets/${path}`)).status, 404, path);
  }
});

test("Notary's routes answer as notary-server does", async () => {
  await using world = await openTestApp();
  const publisher = await world.publisher();
  const missing = await publisher.get("tuf/root.json");
  assert.equal(missing.status, 404);
  const text =
    '{"errors":[{"code":"METADATA_NOT_FOUND","message":"You have requested metadata that does not exist.","detail":{}}]}\n';
  assert.equal(await missing.text(), text);
  assert.equal(missing.headers.get("content-type"), "application/json; charset=utf-8");
  await publisher.init();
  const root = await publisher.get("tuf/root.json");
  assert.equal(root.headers.get("cache-control"), "public, max-age=300, s-maxage=300, must-revalidate");
  assert.match(root.headers.get("last-modified") ?? "", /^Sun, 01 Nov 2026 \d\d:\d\d:\d\d \+0000$/);
  assert.equal(root.headers.get("content-type"), "text/plain; charset=utf-8");
  const bytes = Buffer.from(await root.arrayBuffer());
  assert.deepEqual(bytes, Buffer.from(publisher.document("notary1", "root").bytes));
  const hex = Buffer.from(sha256(bytes)).toString("hex");
  for (const path of [`tuf/root.${hex}.json`, "tuf/1.root.json"]) {
    const fixed = await publisher.get(path);
    assert.equal(fixed.headers.get("cache-control"), "public, max-age=2592000, s-maxage=2592000");
    assert.deepEqual(Buffer.from(await fixed.arrayBuffer()), bytes);
  }
  const absent = [
    "tuf/0.root.json",
    "tuf/2.root.json",
    `tuf/root.${hex.toUpperCase()}.json`,
    "tuf/targets/nope.json",
    `tuf/root.${"ab".repeat(64)}.json`,
  ];
  for (const path of absent) assert.equal((await publisher.get(path)).status, 404, path);
  for (const method of ["HEAD", "PUT"]) assert.equal((await publisher.send(method, "tuf/root.json")).status, 404);
  assert.equal((await publisher.send("OPTIONS", "tuf/root.json")).status, 405);
  assert.equal(await (await world.get("/v2/")).text(), "{}");
  assert.equal(await (await world.get("/_notary_server/health")).text(), "{}");
  assert.match(
    await (await world.get("/metrics")).text(),
    /notary_server_http_requests_total\{code="200",method="get",operation="GetRole"\} 1/,
  );
});

test("the plain TUF 1.0 tree has the names that TUF clients ask for", async () => {
  await using world = await openTestApp();
  const publisher = await world.publisher();
  await publisher.init();
  for (const file of ["root.json", "1.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"]) {
    assert.equal((await publisher.get(`tuf1/metadata/${file}`)).status, 200, file);
  }
  const missing = await publisher.get("tuf1/metadata/2.root.json");
  assert.equal(missing.status, 404);
  assert.equal(missing.headers.get("cache-control"), "no-store");
  assert.equal((await publisher.send("HEAD", "tuf1/metadata/timestamp.json")).status, 200);
});

test("an old client's upload leaves tuf1 behind, and says so", async () => {
  await using world = await openTestApp();
  const publisher = await world.publisher();
  await publisher.init();
  const old = await publisher.nextTargets("old", "x", ["notary1"]);
  const response = await publisher.publishNotary(old);
  assert.equal(response.status, 200);
  assert.equal(await response.text(), "");
  publisher.accepted(old);
  const status = (await (await publisher.get("status")).json()) as { behind: string[] };
  assert.deepEqual(status.behind, ["tuf1"]);
  assert.match(await (await publisher.get("bundle")).text(), /^\{"bundle":1,"gun":"[^"]+","dialect":"notary1"/);
  const level = await publisher.nextTargets("old", "x", ["tuf1"]);
  assert.equal((await publisher.publish(level)).status, 200);
  assert.deepEqual(((await (await publisher.get("status")).json()) as { behind: string[] }).behind, []);
});

test("of two publishers at once one wins, and the other is told on both routes", async () => {
  await using world = await openTestApp();
  const publisher = await world.publisher();
  await publisher.init();
  const mine = await publisher.nextTargets("mine", "1");
  const theirs = await publisher.nextTargets("theirs", "2");
  const answers = await Promise.all([publisher.publish(mine), publisher.publish(theirs)]);
  assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, 409]);
  const lost = answers.find((answer) => answer.status === 409);
  assert.match((await lost?.text()) ?? "", /"conflict.lost_race"/);
  const late = await publisher.publishNotary(theirs.filter((document) => document.dialect === "notary1"));
  assert.equal(late.status, 400);
  assert.match(await late.text(), /"VERSION"/);
  const collection = await readBack(publisher, "tuf1", world.clock.now());
  assert.ok(await collection.lookup("mine"));
  assert.equal(await collection.lookup("theirs"), undefined);
});

test("a GUN with path tricks or beyond the length that databases hold is refused before anything is stored", async () => {
  await using world = await openTestApp();
  for (const name of ["team/-UPPER", "a@b", "a//b", "a%2F..%2Fb", "a%00", "x".repeat(300)]) {
    assert.equal((await world.get(`/v2/${name}/_trust/tuf/root.json`)).status, 404, name);
    assert.equal((await world.get(`/v2/${name}/_trust/status`)).status, 400, name);
    assert.equal((await world.send("POST", `/v2/${name}/_trust/tuf/`)).status, 400, name);
    assert.equal((await world.send("OPTIONS", `/v2/${name}/_trust/tuf/`)).status, 405, name);
  }
  assert.deepEqual(await world.storage.listCollections({ limit: 10 }), []);
  assert.throws(() => parseGun("team/../UPPER"), isCountersignError);
});

test("health says which part fails, and a flood of probes is one question to the database", async () => {
  await using world = await openTestApp();
  let pings = 0;
  let failure: unknown;
  world.storage.ping = async () => {
    pings++;
    await new Promise((resolve) => setImmediate(resolve));
    if (failure !== undefined) throw failure;
  };
  const ask = () => world.get("/_notary_server/health");
  const answers = await Promise.all(Array.from({ length: 50 }, ask));
  assert.deepEqual([pings, new Set(answers.map(({ status }) => status))], [1, new Set([200])]);
  failure = new CountersignError("storage.unavailable", "postgres://user:secret@db is gone");
  const failing = await ask();
  assert.equal(failing.status, 503);
  assert.equal(await failing.text(), '{"DB operational":"storage.unavailable"}');
  failure = undefined;
  assert.equal((await ask()).status, 200);
});

test("the changefeed has a row per new timestamp and one for the deletion", async () => {
  await using world = await openTestApp();
  const publisher = await world.publisher();
  await publisher.init();
  assert.equal((await publisher.send("DELETE", "tuf/")).status, 200);
  assert.equal((await publisher.send("DELETE", "tuf/")).status, 200);
  const feed = async (query: string) => (await world.get(`/v2/_trust/changefeed?${query}`)).json();
  const all = (await feed("records=0")) as { count: number; records: Record<string, unknown>[] };
  assert.equal(all.count, 2);
  assert.deepEqual(
    all.records.map((row) => [row.ID, row.GUN, row.Version, row.Category]),
    [
      ["1", publisher.gun, 1, "update"],
      ["2", publisher.gun, 0, "deletion"],
    ],
  );
  for (const query of ["records=-1", "records=5&change_id=1", "records=1&change_id=-1"]) {
    assert.deepEqual(await feed(query), { count: 1, records: [all.records[1]] }, query);
  }
  const lowest = -(2 ** 31);
  assert.deepEqual(await feed(`records=${lowest}`), all, "the lowest that Go's parser takes");
  for (const query of ["", "records=x", "records=1&change_id=abc", `records=${lowest - 1}`, `records=${2 ** 31}`]) {
    assert.match(JSON.stringify(await feed(query)), /INVALID_PARAMETERS/, query);
  }
  assert.equal((await publisher.get("tuf/root.json")).status, 404);
});
