// Collections of many bins, of which a publish reads none that it does not touch: what somebody could slip past a server that does not look,
// and what must be there all the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeHex, parseRoleName, sha256 } from "../bytes/index.ts";
import { tuf1 } from "../dialects/index.ts";
import { generateSigner, type Signer } from "../keys/index.ts";
import { binFor, binNames } from "../publish/index.ts";
import type { Delegations, Document, Targets } from "../tuf/index.ts";
import { decodeBundle } from "../updater/index.ts";
import { openTestApp, type TestApp } from "./test-app.test.ts";
import type { TestPublisher } from "./test-publisher.ts";

const bitLength = 7;

function binsSignedBy(signers: readonly Signer[], threshold = 1): Delegations {
  const keys = signers.map(({ publicKey }) => tuf1.makeKey(publicKey));
  const keyIds = keys.map(({ id }) => id);
  const succinct = { keyIds, threshold, bitLength, namePrefix: "targets/files" };
  return { keys: new Map(keys.map((key) => [key.id, key])), roles: [], succinct };
}

function target(content: string) {
  return { length: content.length, hashes: new Map([["sha256", sha256(content)]]), custom: undefined };
}

/** Without it the server would know the whole collection from the publish before. */
const filling = Array.from({ length: 30 }, (_, index) => `filling-${index}`);

/** A collection in 128 bins; a file of each of these names. */
async function inBins(server: TestApp, names: readonly string[]): Promise<TestPublisher> {
  const publisher = await server.publisher();
  await publisher.init();
  const delegations = binsSignedBy([publisher.targetsSigner]);
  const top = await publisher.edit<Targets>("tuf1", "targets", (before) => ({ ...before, delegations }));
  const bins = await Promise.all(
    binNames(delegations).map((bin) => {
      const own = names.filter((name) => binFor(delegations, name) === bin);
      const targets = new Map([...own, ...filling].map((name) => [name, target(name)]));
      const signed = { ...top.signed, version: 1, delegations: undefined, targets };
      return publisher.sign<Targets>("tuf1", bin, signed, [publisher.targetsSigner]);
    }),
  );
  await accepted(publisher, [top, ...bins]);
  return publisher;
}

async function accepted(publisher: TestPublisher, documents: readonly Document[], blobs: readonly Uint8Array[] = []) {
  const response = await publisher.publish(documents, blobs);
  assert.equal(response.status, 200, await response.text());
  publisher.accepted(documents);
}

async function refused(publisher: TestPublisher, code: string, ...upload: Parameters<TestPublisher["publish"]>) {
  const text = await (await publisher.publish(...upload)).text();
  assert.match(text, new RegExp(`"code":"${code}"`), text);
}

/** How often the collection is read with the bytes of all of its bins from now on. */
function wholeReadings({ storage }: TestApp): { count: number } {
  const readings = { count: 0 };
  const collection = storage.collection.bind(storage);
  storage.collection = (gun, query) => {
    if (query?.sparesDelegations !== true) readings.count++;
    return collection(gun, query);
  };
  return readings;
}

function addTo(publisher: TestPublisher, name: string, signer = publisher.targetsSigner) {
  const { delegations } = publisher.document<Targets>("tuf1", "targets").signed;
  const bin = binFor(delegations, name) ?? "";
  const more = (before: Targets) => ({ ...before, targets: new Map([...before.targets, [name, target(name)]]) });
  return publisher.edit<Targets>("tuf1", bin, more, [signer]);
}

test("one more file: no other bin is read, and every other bin is served and told of", async () => {
  await using server = await openTestApp();
  const publisher = await inBins(server, ["a", "b", "c"]);
  const readings = wholeReadings(server);
  const bin = await addTo(publisher, "d");
  await accepted(publisher, [bin]);
  const status: unknown = await (await publisher.get("status")).json();
  const listed = JSON.stringify(status).match(/"targets\/files-[0-9a-f]{2}":\{"version":[12],"expires":"20/g);
  assert.equal(listed?.length, 128);
  const other = publisher.document<Targets>("tuf1", "targets/files-00");
  const name = other.role === bin.role ? "targets/files-01" : other.role;
  const served = await publisher.get(`tuf1/metadata/1.${name.slice("targets/".length)}.json`);
  assert.deepEqual(Buffer.from(await served.arrayBuffer()), Buffer.from(publisher.document("tuf1", name).bytes));
  const bundle = decodeBundle(new Uint8Array(await (await publisher.get("bundle?dialect=tuf1")).arrayBuffer()));
  assert.deepEqual(
    bundle.documents.map(({ role }) => role),
    ["root", "timestamp", "snapshot", "targets"],
  );
  assert.equal(readings.count, 0);
});

test("other keys, or another threshold, for bins that are not signed anew would lock every reader out", async () => {
  await using server = await openTestApp();
  const publisher = await inBins(server, ["a"]);
  const stranger = await generateSigner();
  for (const delegations of [binsSignedBy([stranger]), binsSignedBy([publisher.targetsSigner, stranger], 2)]) {
    const top = await publisher.edit<Targets>("tuf1", "targets", (before) => ({ ...before, delegations }));
    await refused(publisher, "preflight.would_lock_out", [top]);
  }
});

test("the list of targets changed beside the same bins: they are not read", async () => {
  await using server = await openTestApp();
  const publisher = await inBins(server, ["a"]);
  const readings = wholeReadings(server);
  await accepted(publisher, await publisher.nextTargets("tag", "image"));
  assert.equal(readings.count, 0);
  await accepted(publisher, [await addTo(publisher, "b")]);
});

test("bins that are taken away are retired, though nobody had read them", async () => {
  await using server = await openTestApp();
  const publisher = await inBins(server, ["a"]);
  const top = await publisher.edit<Targets>("tuf1", "targets", (before) => ({ ...before, delegations: undefined }));
  await accepted(publisher, [top]);
  const state = await server.storage.collection(publisher.gun);
  assert.ok(!state?.current.some(({ role }) => role.includes("/")));
});

test("a bin by a stranger, and one that is older than the unread one, are refused", async () => {
  await using server = await openTestApp();
  const publisher = await inBins(server, ["a"]);
  await refused(publisher, "threshold.unmet", [await addTo(publisher, "b", await generateSigner())]);
  const stale = await addTo(publisher, "b");
  await accepted(publisher, [stale]);
  await accepted(publisher, [await addTo(publisher, "b")]);
  await refused(publisher, "conflict.lost_race", [stale]);
});

test("a content that an unread bin lists is kept, one that nothing lists is not", async () => {
  await using server = await openTestApp();
  const publisher = await inBins(server, ["a", "b"]);
  const [first, last] = ["a", "b"].map((name) => Buffer.from(name));
  assert.ok(first !== undefined && last !== undefined);
  await accepted(publisher, [await addTo(publisher, "c")], [first, last]);
  assert.ok(await server.storage.blob(publisher.gun, encodeHex(sha256(first))));
  await refused(publisher, "request.invalid", [await addTo(publisher, "d")], [Buffer.from("nothing lists this")]);
});

test("many delegations that are no bins are read as ever", async () => {
  await using server = await openTestApp();
  const publisher = await server.publisher();
  await publisher.init();
  const key = tuf1.makeKey(publisher.targetsSigner.publicKey);
  const names = Array.from({ length: 70 }, (_, index) => parseRoleName(`targets/d${index}`));
  const paths = { kind: "patterns", patterns: ["d/*"] } as const;
  const roles = names.map((name) => ({ name, keyIds: [key.id], threshold: 1, paths, terminating: false }));
  const delegations = { keys: new Map([[key.id, key]]), roles, succinct: undefined };
  const top = await publisher.edit<Targets>("tuf1", "targets", (before) => ({ ...before, delegations }));
  const signed = { ...top.signed, version: 1, delegations: undefined, targets: new Map() };
  const below = names.map((name) => publisher.sign<Targets>("tuf1", name, signed, [publisher.targetsSigner]));
  await accepted(publisher, [top, ...(await Promise.all(below))]);
  const bundle = decodeBundle(new Uint8Array(await (await publisher.get("bundle?dialect=tuf1")).arrayBuffer()));
  assert.equal(bundle.documents.length, 74);
  await accepted(publisher, await publisher.nextTargets("tag", "image", ["tuf1"]));
});
