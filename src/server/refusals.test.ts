// Uploads that would hurt: each is refused with a reason that old clients can show, and leaves nothing behind.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "../bytes/index.ts";
import { dialectNamed } from "../dialects/index.ts";
import { generateSigner } from "../keys/index.ts";
import type { Document, Root, Snapshot, Targets } from "../tuf/index.ts";
import { openTestApp, type TestApp } from "./test-app.test.ts";
import { dialects, type TestPublisher } from "./test-publisher.ts";

async function refused(world: TestApp, publisher: TestPublisher, documents: readonly Document[], expected: RegExp) {
  const before = (await world.storage.collection(publisher.gun))?.generation;
  const response = await publisher.publish(documents);
  const text = await response.text();
  assert.equal(response.status, 422, text);
  assert.match(text, expected);
  const notary1 = documents.filter((document) => document.dialect === "notary1");
  if (notary1.length > 0) {
    const old = await publisher.publishNotary(notary1);
    const body = await old.text();
    assert.equal(old.status, 400);
    assert.ok(Buffer.byteLength(body) < 1_024);
    assert.match(
      body,
      /^\{"errors":\[\{"code":"INVALID_UPDATE","message":"[^"]+","detail":\{"Name":"Err\w+","Error":\{/,
    );
  }
  assert.equal((await world.storage.collection(publisher.gun))?.generation, before);
}

async function ready(): Promise<{ world: TestApp; publisher: TestPublisher }> {
  const world = await openTestApp();
  const publisher = await world.publisher();
  await publisher.init();
  return { world, publisher };
}

test("a root that takes the targets key away without targets signed anew would brick every reader", async () => {
  const { world, publisher } = await ready();
  await using _ = world;
  const other = await generateSigner();
  for (const dialect of dialects) {
    const root = await publisher.edit<Root>(dialect, "root", (before) => {
      const key = publisher.keyOf(dialectNamed(dialect), "targets", other);
      return {
        ...before,
        keys: new Map([...before.keys, [key.id, key]]),
        roles: { ...before.roles, targets: { keyIds: [key.id], threshold: 1 } },
      };
    });
    await refused(world, publisher, [root], /targets version 1 is signed by 0 of the 1 keys|carries no/);
  }
});

test("a root that raises the targets threshold above the signatures is refused", async () => {
  const { world, publisher } = await ready();
  await using _ = world;
  const other = await generateSigner();
  const root = await publisher.edit<Root>("notary1", "root", (before) => {
    const key = publisher.keyOf(dialectNamed("notary1"), "targets", other);
    const keyIds = [...before.roles.targets.keyIds, key.id];
    return {
      ...before,
      keys: new Map([...before.keys, [key.id, key]]),
      roles: { ...before.roles, targets: { keyIds, threshold: 2 } },
    };
  });
  await refused(world, publisher, [root], /threshold.unmet/);
});

test("targets by a stranger's key, expired targets, and a root that skips a version are refused", async () => {
  const { world, publisher } = await ready();
  await using _ = world;
  const stranger = await generateSigner();
  for (const dialect of dialects) {
    const same = (before: Targets) => before;
    await refused(world, publisher, [await publisher.edit(dialect, "targets", same, [stranger])], /threshold.unmet/);
    const stale = (before: Targets) => ({
      ...before,
      expires: dialectNamed(dialect).formatExpiry(world.clock.now() - 1_000),
    });
    await refused(world, publisher, [await publisher.edit(dialect, "targets", stale)], /metadata.expired/);
    const skip = (before: Root) => ({ ...before, version: 5 });
    await refused(world, publisher, [await publisher.edit(dialect, "root", skip)], /metadata.version_mismatch/);
    const bare = await publisher.edit<Root>(dialect, "root", (before) => before, [stranger]);
    await refused(world, publisher, [bare], /threshold.unmet/);
  }
});

test("renewing targets works while the root waits for its owner, but not with targets that have expired", async () => {
  const { world, publisher } = await ready();
  await using _ = world;
  const expired = publisher.document<Root>("notary1", "root").signed.expires.at + 10 * 86_400_000;
  world.clock.set(expired);
  const until = (at: number) => (before: Targets) => ({ ...before, expires: dialectNamed("notary1").formatExpiry(at) });
  await refused(
    world,
    publisher,
    [await publisher.edit("notary1", "targets", until(expired - 1_000))],
    /metadata.expired/,
  );
  const renewed = await publisher.edit("notary1", "targets", until(expired + 86_400_000));
  assert.equal((await publisher.publish([renewed])).status, 200);
});

test("a snapshot that the publisher signs is taken as it is, and must list exactly what is uploaded", async () => {
  const world = await openTestApp();
  await using _ = world;
  const publisher = await world.publisher();
  const held = await generateSigner();
  const [root, targets] = (await publisher.initial()).filter((document) => document.dialect === "notary1");
  assert.ok(root?.signed.type === "root" && targets !== undefined);
  const key = dialectNamed("notary1").makeKey(held.publicKey);
  const own: Root = {
    ...root.signed,
    keys: new Map([...root.signed.keys, [key.id, key]]),
    roles: { ...root.signed.roles, snapshot: { keyIds: [key.id], threshold: 1 } },
  };
  const ownRoot = await publisher.sign("notary1", "root", own, [publisher.rootSigner]);
  const listing = (document: Document) => ({
    version: undefined,
    length: document.bytes.length,
    hashes: new Map([["sha256", sha256(document.bytes)]]),
  });
  const snapshotOf = (listed: Document) =>
    publisher.sign<Snapshot>(
      "notary1",
      "snapshot",
      {
        type: "snapshot",
        version: 2,
        expires: root.signed.expires,
        meta: new Map([
          [ownRoot.role, listing(ownRoot)],
          [targets.role, listing(listed)],
        ]),
        extra: {},
      },
      [held],
    );
  const without = await publisher.publishNotary([ownRoot, targets]);
  assert.match(await without.text(), /"ErrBadHierarchy","Error":\{"Missing":"snapshot"/);
  const wrong = await publisher.publishNotary([ownRoot, targets, await snapshotOf(ownRoot)]);
  assert.equal(wrong.status, 400);
  assert.match(await wrong.text(), /"ErrBadSnapshot"/, "the snapshot lists other targets than were sent");
  const right = await publisher.publishNotary([ownRoot, targets, await snapshotOf(targets)]);
  assert.equal(right.status, 200, await right.text());
  assert.equal((await publisher.get("tuf/2.snapshot.json")).status, 200);
});

test("a delegated role that nothing delegates to is refused", async () => {
  const { world, publisher } = await ready();
  await using _ = world;
  const before = publisher.document<Targets>("notary1", "targets").signed;
  const orphan = await publisher.sign("notary1", "targets/releases", before, [publisher.targetsSigner]);
  await refused(world, publisher, [orphan], /metadata.unlisted/);
});

test("a root naming another server's keys is refused before the name is taken", async () => {
  await using world = await openTestApp();
  await using elsewhere = await openTestApp();
  const publisher = await elsewhere.publisher();
  const documents = await publisher.initial();
  const here = await world.publisher();
  const answer = await here.publish(documents);
  assert.equal(answer.status, 422);
  assert.match(await answer.text(), /server.key_missing/);
  assert.equal(await world.storage.collection(here.gun), undefined);
  const old = await (await here.publishNotary(documents.filter((each) => each.dialect === "notary1"))).text();
  assert.match(old, /"Name":"ErrBadHierarchy","Error":\{"Missing":"snapshot","Msg":"no snapshot was included/);
});

test("when one dialect is bad the other is not stored either", async () => {
  const { world, publisher } = await ready();
  await using _ = world;
  const good = await publisher.nextTargets("1.0", "x", ["notary1"]);
  const bad = await publisher.edit<Targets>("tuf1", "targets", (before) => before, [await generateSigner()]);
  const response = await publisher.publish([...good, bad]);
  assert.equal(response.status, 422);
  assert.equal((await (await publisher.get("tuf/2.targets.json")).text()).includes("METADATA_NOT_FOUND"), true);
});

test("bytes with a trailing newline are hashed as they are and read back as they are", async () => {
  const { world, publisher } = await ready();
  await using _ = world;
  const [document] = await publisher.nextTargets("1.0", "x", ["notary1"]);
  assert.ok(document);
  const padded = Buffer.concat([document.bytes, Buffer.from("\n")]);
  const response = await publisher.post("tuf/", [{ filename: "targets", bytes: padded }]);
  assert.equal(response.status, 200, await response.text());
  const snapshot = (await (await publisher.get("tuf/snapshot.json")).json()) as {
    signed: { meta: { targets: { hashes: { sha256: string } } } };
  };
  const hex = Buffer.from(snapshot.signed.meta.targets.hashes.sha256, "base64").toString("hex");
  const stored = await publisher.get(`tuf/targets.${hex}.json`);
  assert.deepEqual(Buffer.from(await stored.arrayBuffer()), padded);
  assert.equal((await publisher.get("bundle?dialect=notary1")).status, 200);
});

test("old clients are told in notary-server's own sentences", async () => {
  const { world, publisher } = await ready();
  await using _ = world;
  const stranger = await generateSigner();
  const told = async (documents: readonly Document[]) => {
    const body = (await (await publisher.publishNotary(documents)).json()) as {
      errors: { code: string; detail: { Name: string; Error: { Msg: string } } }[];
    };
    const [error] = body.errors;
    return `${error?.code} ${error?.detail.Name} ${error?.detail.Error?.Msg}`;
  };
  const root = (change: (before: Root) => Root, signers = [publisher.rootSigner]) =>
    publisher.edit<Root>("notary1", "root", change, signers);
  const targets = (change: (before: Targets) => Targets, signers = [publisher.targetsSigner]) =>
    publisher.edit<Targets>("notary1", "targets", change, signers);
  const same = <T>(before: T) => before;
  const invalid = "INVALID_UPDATE";
  assert.equal(
    await told([await targets(same, [stranger])]),
    `${invalid} ErrBadTargets valid signatures did not meet threshold for targets`,
  );
  assert.equal(await told([await targets(same, [])]), `${invalid} ErrBadTargets tuf: data has no signatures`);
  const expires = dialectNamed("notary1").formatExpiry(Date.UTC(2026, 6, 4, 9, 8, 7));
  assert.equal(
    await told([await targets((before) => ({ ...before, expires }))]),
    `${invalid} ErrBadTargets targets expired at Sat Jul  4 09:08:07 UTC 2026`,
  );
  const notRotated =
    "could not rotate trust to a new trusted root: failed to validate data with current trusted certificates";
  assert.equal(await told([await root(same, [stranger])]), `${invalid} ErrBadRoot ${notRotated}`);
  assert.equal(await told([await root(same, [])]), `${invalid} ErrBadRoot ${notRotated}`);
  const twoKeys = (before: Root) => ({
    ...before,
    roles: { ...before.roles, root: { ...before.roles.root, threshold: 2 } },
  });
  assert.equal(
    await told([await root(twoKeys)]),
    `${invalid} ErrBadRoot could not validate the path to a trusted root: failed to validate integrity of roots`,
  );
  assert.equal(
    await told([await root((before) => ({ ...before, version: 7 }))]),
    `${invalid} ErrBadRoot Root modifications must increment the version. Current 1, new 7`,
  );
  const second = await root(same);
  assert.equal((await publisher.publishNotary([second])).status, 200);
  assert.equal(
    await told([publisher.document("notary1", "root")]),
    `${invalid} ErrBadRoot Root modifications must increment the version. Current 2, new 1`,
  );
  assert.equal(await (await publisher.publishNotary([second])).text(), version);
  const other = await world.publisher("registry.example.com/team/other");
  assert.equal(
    await (await other.publishNotary([second, publisher.document("notary1", "targets")])).text(),
    `{"errors":[{"code":"INVALID_UPDATE","message":"Update sent by the client is invalid.","detail":{"Name":"ErrBadRoot","Error":{"Msg":"could not validate the path to a trusted root: unable to retrieve valid leaf certificates"}}}]}\n`,
  );
});

test("nothing to update is no update, and for a name nobody took it lacks a root", async () => {
  const { world, publisher } = await ready();
  await using _ = world;
  const before = (await world.storage.collection(publisher.gun))?.generation;
  const timestamp = { filename: "timestamp.json", bytes: Buffer.from('{"signed":{},"signatures":[]}') };
  assert.equal((await publisher.post("tuf/", [timestamp])).status, 200, "Notary drops a client's timestamp");
  assert.equal((await world.storage.collection(publisher.gun))?.generation, before);
  const nobody = await world.publisher("registry.example.com/team/nobody");
  assert.match(await (await nobody.post("tuf/", [timestamp])).text(), /no pre-existing root and no root provided/);
  const bad = { filename: "timestamp", bytes: Buffer.from("{bad") };
  assert.match(await (await publisher.post("tuf/", [bad])).text(), /"MALFORMED_JSON"/);
  const unknown = { filename: "roots", bytes: Buffer.from("{}") };
  assert.match(await (await publisher.post("tuf/", [bad, unknown])).text(), /"MALFORMED_JSON"/);
  assert.match(await (await publisher.post("tuf/", [unknown, bad])).text(), /"INVALID_ROLE".*"detail":"roots"/);
});

const version =
  '{"errors":[{"code":"VERSION","message":"A newer version of metadata is already available.","detail":{}}]}\n';

test("malformed uploads have Notary's codes on its route and ours on ours", async () => {
  const { world, publisher } = await ready();
  await using _ = world;
  const old = async (parts: { filename: string; bytes: Uint8Array }[]) => (await publisher.post("tuf/", parts)).text();
  const ours = async (parts: { filename: string; bytes: Uint8Array }[]) =>
    (await publisher.post("publish", parts)).text();
  const bytes = Buffer.from("{}");
  assert.match(await old([{ filename: "nonsense", bytes }]), /"INVALID_ROLE"/);
  for (const text of ["{bad", "", "[]", "7", "{} {}"]) {
    const malformed = await old([{ filename: "targets", bytes: Buffer.from(text) }]);
    assert.match(malformed, /^\{"errors":\[\{"code":"MALFORMED_JSON","message":"[^"]+"\}\]\}\n$/, text);
  }
  assert.match(await old([{ filename: "targets", bytes }]), /"INVALID_UPDATE".*"ErrBadTargets"/);
  assert.match(await (await publisher.send("POST", "tuf/")).text(), /"MALFORMED_UPLOAD"/);
  assert.match(await ours([{ filename: "notary1/__proto__", bytes }]), /"role.invalid"/);
  assert.match(await ours([{ filename: "pgp/root", bytes }]), /"request.invalid"/);
  assert.match(await ours([{ filename: "tuf1/targets", bytes }]), /"(?:metadata|json)\.\w+"/);
  assert.match(await ours([{ filename: `blob/${"0".repeat(64)}`, bytes }]), /"request.invalid"/);
  const twice = { filename: "tuf1/targets", bytes };
  assert.match(await ours([twice, twice]), /comes twice/);
});

test("content that no target names is not stored", async () => {
  const { world, publisher } = await ready();
  await using _ = world;
  const response = await publisher.publish(await publisher.nextTargets("1.0", "x"), [Buffer.from("something else")]);
  assert.equal(response.status, 400);
  assert.match(await response.text(), /no tuf1 target has the content/);
});

test("a full disk is 503 on both routes, and reading goes on", async () => {
  await using world = await openTestApp({ testOnlyMaxPages: 40 });
  const publisher = await world.publisher();
  await publisher.init();
  const grow = (before: Targets): Targets => ({
    ...before,
    targets: new Map(
      Array.from({ length: 3_000 }, (_, index) => [
        `t${index}`,
        { length: 1, hashes: new Map([["sha256", Buffer.alloc(32, index)]]), custom: undefined },
      ]),
    ),
  });
  const documents = await Promise.all(dialects.map((dialect) => publisher.edit(dialect, "targets", grow)));
  const response = await publisher.publish(documents);
  assert.equal(response.status, 503);
  assert.doesNotMatch(await response.text(), /tmp|countersign-test/);
  const old = await publisher.publishNotary(documents.filter((each) => each.dialect === "notary1"));
  assert.equal(old.status, 503);
  assert.equal((await publisher.get("tuf/timestamp.json")).status, 200);
  assert.ok(world.log.some(({ fields }) => fields.code === "disk.full"));
});
