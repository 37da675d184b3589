// Notary's own directories, as its programs left them (vectors/notary1), and changelists under accidents: what we write they read.
import assert from "node:assert/strict";
import { cp, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { decodeUtf8, type ErrorCode, encodeUtf8, isCountersignError, parseGun, parseRoleName } from "../bytes/index.ts";
import { temporaryDirectory } from "../testing/index.ts";
import { openChangeList, type StagedEntry } from "./change-list.ts";
import { openNotaryTrustDirectory } from "./notary-directory.ts";

const vectors = join(import.meta.dirname, "../../vectors/notary1");
const gun = parseGun("docker.example.com/team/app");
const clock = () => Date.UTC(2026, 10, 22, 12);

function coded(...codes: ErrorCode[]) {
  return (error: unknown) => isCountersignError(error, ...codes) || assert.fail(String(error));
}

function entry(path: string, more: Partial<StagedEntry> = {}): StagedEntry {
  return { action: "create", scope: "targets", kind: "target", path, data: encodeUtf8("{}"), ...more };
}

test("what notary and docker left is found: collections, cached documents, a staged change, byte for byte", async () => {
  const directory = openNotaryTrustDirectory(join(vectors, "notary-trust-dir"), clock);
  assert.deepEqual(await directory.collections(), [gun]);
  const root = await directory.cache(gun).read(parseRoleName("root"));
  assert.ok(root !== undefined && decodeUtf8(root).startsWith('{"signed":'));
  const [staged] = await directory.changes(gun).list();
  assert.deepEqual(
    [staged?.entry.action, staged?.entry.scope, staged?.entry.kind, staged?.entry.path],
    ["create", "targets", "target", "staged"],
  );
  const docker = openNotaryTrustDirectory(join(vectors, "docker-trust-dir"), clock);
  assert.ok((await docker.collections()).length > 0);
  const releases = await docker.cache(parseGun("127.0.0.1:14440/team/app")).read(parseRoleName("targets/releases"));
  assert.ok(releases !== undefined);
});

test("a change written again is the very file Notary writes", async () => {
  await using temporary = await temporaryDirectory();
  const source = join(vectors, "notary-trust-dir/tuf", gun, "changelist");
  const [name = ""] = await readdir(source);
  const [staged] = await openChangeList(source, clock).list();
  assert.ok(staged !== undefined);
  const [id = ""] = await openChangeList(temporary.path, clock).add([staged.entry]);
  assert.match(id, /^\d{20}_[0-9a-f-]{36}\.change$/);
  assert.deepEqual(await readFile(join(temporary.path, id)), await readFile(join(source, name)));
  assert.equal((await stat(join(temporary.path, id))).mode & 0o777, 0o600);
});

test("changes keep their order, also when the clock goes back", async () => {
  await using temporary = await temporaryDirectory();
  let now = clock();
  const list = openChangeList(join(temporary.path, "list"), () => now);
  assert.deepEqual(await list.list(), []);
  await list.add([entry("a"), entry("b")]);
  now -= 3_600_000;
  await list.add([entry("c")]);
  const staged = await list.list();
  assert.deepEqual(
    staged.map((one) => one.entry.path),
    ["a", "b", "c"],
  );
  await list.remove([staged[1]?.id ?? "", staged[1]?.id ?? ""]);
  assert.deepEqual(
    (await list.list()).map((one) => one.entry.path),
    ["a", "c"],
  );
  await assert.rejects(list.remove(["../../precious.change"]), coded("usage.invalid"));
});

test("a file that is no change stops the list with its name, and clear drops it", async () => {
  for (const text of ["", "null", "[]", "{}", '{"action":"explode","role":"targets","type":"target"}', '{"action":']) {
    await using temporary = await temporaryDirectory();
    const list = openChangeList(temporary.path, clock);
    await list.add([entry("a")]);
    await writeFile(join(temporary.path, "00000000000000000001_x.change"), text);
    await assert.rejects(list.list(), coded("config.invalid"));
    assert.equal(await list.clear(), 2);
    assert.deepEqual(await list.list(), []);
  }
});

test("forgetting a collection leaves its keys and the collections below its name", async () => {
  await using temporary = await temporaryDirectory();
  await cp(join(vectors, "notary-trust-dir"), temporary.path, { recursive: true });
  const below = parseGun(`${gun}/below`);
  const directory = openNotaryTrustDirectory(temporary.path, clock);
  await directory.cache(below).write(parseRoleName("root"), encodeUtf8("{}"));
  assert.deepEqual(await directory.collections(), [gun, below]);
  await directory.forget(gun);
  assert.deepEqual(await directory.collections(), [below]);
  assert.equal((await readdir(directory.keys)).length, 3);
  await directory.forget(gun);
});

test("folders with names no collection has are passed over", async () => {
  await using temporary = await temporaryDirectory();
  await mkdir(join(temporary.path, "tuf", "UPPER case", "metadata"), { recursive: true });
  await mkdir(join(temporary.path, "tuf", "metadata"), { recursive: true });
  assert.deepEqual(await openNotaryTrustDirectory(temporary.path, clock).collections(), []);
});
