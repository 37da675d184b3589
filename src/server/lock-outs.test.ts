// The lock-outs of notary-v1, section 14, tried on this server: what would brick readers is refused, what is broken heals for whoever
// holds the right keys, and what only waits for its owner stops nobody else.
import assert from "node:assert/strict";
import { createSecretKey, randomBytes } from "node:crypto";
import { test } from "node:test";
import { CountersignError, parseRoleName, sha256 } from "../bytes/index.ts";
import { notary1 } from "../dialects/index.ts";
import { buildSelfSignedCertificate, generateSigner, type Signer } from "../keys/index.ts";
import { openSqliteStorage } from "../storage/index.ts";
import { day, temporaryDirectory } from "../testing/index.ts";
import {
  type Document,
  type Key,
  type MetaEntry,
  type Root,
  type Snapshot,
  signDocument,
  type Targets,
} from "../tuf/index.ts";
import { verifyBundle } from "../updater/index.ts";
import { createApp } from "./app.ts";
import { localRoleSigner } from "./local-role-signer.ts";
import type { RoleSigner } from "./role-signer.ts";
import { openTestApp, type TestApp } from "./test-app.test.ts";
import { sendTo, type TestPublisher } from "./test-publisher.ts";

const releases = parseRoleName("targets/releases");
const year = 365 * day;
const until = (at: number) => notary1.formatExpiry(at);

/** A collection that only Notary's clients know, as after a migration. */
async function ready(): Promise<{ world: TestApp; publisher: TestPublisher }> {
  const world = await openTestApp();
  const publisher = await world.publisher();
  const initial = (await publisher.initial()).filter((document) => document.dialect === "notary1");
  await accepted(publisher, initial);
  return { world, publisher };
}

async function accepted(publisher: TestPublisher, documents: readonly Document[]): Promise<void> {
  const response = await publisher.publishNotary(documents);
  assert.equal(response.status, 200, await response.text());
  publisher.accepted(documents);
}

async function refused(publisher: TestPublisher, documents: readonly Document[], expected: RegExp): Promise<void> {
  const response = await publisher.publishNotary(documents);
  assert.equal(response.status, 400);
  assert.match(await response.text(), expected);
}

/** Fails unless somebody who has nothing reads the collection now. */
async function readable({ clock }: TestApp, publisher: TestPublisher): Promise<void> {
  const bytes = new Uint8Array(await (await publisher.get("bundle?dialect=notary1")).arrayBuffer());
  await verifyBundle(bytes, { gun: publisher.gun, pins: [], now: clock.now(), trustOnFirstUse: true });
}

const root = (publisher: TestPublisher, change: (before: Root) => Root) =>
  publisher.edit<Root>("notary1", "root", change);
const targets = (publisher: TestPublisher, change: (before: Targets) => Targets) =>
  publisher.edit<Targets>("notary1", "targets", change);
const giving = (role: "targets" | "snapshot" | "timestamp", key: Key) => (before: Root) => ({
  ...before,
  keys: new Map([...before.keys, [key.id, key]]),
  roles: { ...before.roles, [role]: { keyIds: [key.id], threshold: 1 } },
});
const keyOf = (signer: Pick<Signer, "publicKey">) => notary1.makeKey(signer.publicKey);

test("B, C: root and targets expired long ago are renewed one by one, each by its own keys", async () => {
  const { world, publisher } = await ready();
  await using _ = world;
  world.clock.set(world.clock.now() + 11 * year);
  const later = until(world.clock.now() + year);
  await accepted(publisher, [await targets(publisher, (before) => ({ ...before, expires: later }))]);
  await accepted(publisher, [await root(publisher, (before) => ({ ...before, expires: later }))]);
  await readable(world, publisher);
});

test("E3: a publisher's own snapshot that expired is still served, and a root that hands snapshot to the server heals it", async () => {
  const world = await openTestApp();
  await using _ = world;
  const publisher = await world.publisher();
  const owner = await generateSigner();
  const [first, list] = (await publisher.initial()).filter((document) => document.dialect === "notary1");
  assert.ok(first?.signed.type === "root" && list !== undefined);
  const own = await publisher.sign("notary1", "root", giving("snapshot", keyOf(owner))(first.signed), [
    publisher.rootSigner,
  ]);
  await accepted(publisher, [own, list, await snapshotOf(publisher, [own, list], owner, world.clock.now() + 10 * day)]);
  world.clock.set(world.clock.now() + 30 * day);
  for (const file of ["timestamp.json", "snapshot.json"]) {
    const response = await publisher.get(`tuf/${file}`);
    assert.equal(response.status, 200, `${file}: ${await response.text()}`);
  }
  const key = notary1.makeKey(await publisher.serverKey("snapshot", "POST"));
  await accepted(publisher, [await root(publisher, giving("snapshot", key))]);
  await readable(world, publisher);
});

async function snapshotOf(publisher: TestPublisher, documents: readonly Document[], signer: Signer, expiresAt: number) {
  const listing = ({ bytes }: Document): MetaEntry => ({
    version: undefined,
    length: bytes.length,
    hashes: new Map([["sha256", sha256(bytes)]]),
  });
  const meta = new Map(documents.map((document) => [document.role, listing(document)]));
  const signed: Snapshot = { type: "snapshot", version: 1, expires: until(expiresAt), meta, extra: {} };
  return publisher.sign<Snapshot>("notary1", "snapshot", signed, [signer]);
}

test("T: when the certificate of the only root key has expired, the key's owner brings a new certificate", async () => {
  const { world, publisher } = await ready();
  await using _ = world;
  world.clock.set(world.clock.now() + 51 * year);
  const now = world.clock.now();
  const lists = await targets(publisher, (before) => ({ ...before, expires: until(now + year) }));
  const sameCertificate = await root(publisher, (before) => ({ ...before, expires: until(now + year) }));
  await refused(publisher, [sameCertificate, lists], /unable to retrieve valid leaf certificates/);
  const { rootSigner, gun } = publisher;
  const certificate = await buildSelfSignedCertificate({
    signer: rootSigner,
    commonName: gun,
    notBefore: now - day,
    notAfter: now + 10 * year,
    usage: { kind: "root-of-trust" },
  });
  const renewed = notary1.makeKey(rootSigner.publicKey, certificate);
  const before = publisher.document<Root>("notary1", "root").signed;
  const old = publisher.keyOf(notary1, "root", rootSigner);
  const next: Root = {
    ...before,
    version: before.version + 1,
    expires: until(now + 5 * year),
    keys: new Map([...before.keys, [renewed.id, renewed]]),
    roles: { ...before.roles, root: { keyIds: [renewed.id], threshold: 1 } },
  };
  // Under both ids: the old one for those who know the old root, the new one for the root itself.
  const both = [renewed, old].map((key) => ({ signer: rootSigner, key }));
  await accepted(publisher, [await signDocument(notary1, sameCertificate.role, next, both), lists]);
  await readable(world, publisher);
});

test("H: when the server has lost its keys, one root that names two new ones heals it", async () => {
  const { world, publisher } = await ready();
  await using _ = world;
  await using elsewhere = await temporaryDirectory();
  const keys = openSqliteStorage(elsewhere.path);
  const signer = localRoleSigner(keys, createSecretKey(randomBytes(32)), world.clock.now);
  const app = createApp({ storage: world.storage, signer, clock: world.clock.now });
  const answer = await publisherOn(app, publisher, [await targets(publisher, (before) => before)]);
  assert.match(await answer.text(), /no snapshot was included in update and server does not hold current snapshot key/);
  const [snapshot, timestamp] = await Promise.all(
    (["snapshot", "timestamp"] as const).map((role) => signer.pending(publisher.gun, role)),
  );
  assert.ok(snapshot !== undefined && timestamp !== undefined);
  const rekeyed = await root(publisher, (before) =>
    giving("timestamp", notary1.makeKey(timestamp))(giving("snapshot", notary1.makeKey(snapshot))(before)),
  );
  assert.equal((await publisherOn(app, publisher, [rekeyed])).status, 200);
  await keys.close();
});

async function publisherOn(
  app: ReturnType<typeof createApp>,
  publisher: TestPublisher,
  documents: readonly Document[],
) {
  const form = new FormData();
  for (const { role, bytes } of documents) form.append("files", new Blob([Buffer.from(bytes)]), role);
  return sendTo(app)(new Request(`${publisher.url}/tuf/`, { method: "POST", body: form }));
}

test("K: a collection made again under a deleted name goes on above the versions its readers saw", async () => {
  const { world, publisher } = await ready();
  await using _ = world;
  await accepted(publisher, await publisher.nextTargets("1.0", "x", ["notary1"]));
  const version = async (file: string) =>
    ((await (await publisher.get(`tuf/${file}`)).json()) as { signed: { version: number } }).signed.version;
  const seen = [await version("timestamp.json"), await version("snapshot.json")];
  assert.equal((await publisher.send("DELETE", "tuf/")).status, 200);
  assert.equal((await publisher.get("tuf/timestamp.json")).status, 404);
  await accepted(publisher, await ownFirst(publisher));
  assert.ok((await version("timestamp.json")) > (seen[0] ?? 0));
  assert.ok((await version("snapshot.json")) > (seen[1] ?? 0));
});

/** The documents at hand, published as the first ones. */
async function ownFirst(publisher: TestPublisher): Promise<readonly Document[]> {
  return ["root", "targets"].map((role) => publisher.document("notary1", role));
}

test("W: after a deletion the publisher's documents are taken back whatever version the root had reached", async () => {
  const { world, publisher } = await ready();
  await using _ = world;
  for (let version = 2; version <= 5; version++) await accepted(publisher, [await root(publisher, (before) => before)]);
  await publisher.send("DELETE", "tuf/");
  await accepted(publisher, await ownFirst(publisher));
  assert.equal(publisher.document("notary1", "root").signed.version, 5);
  await readable(world, publisher);
});

test("N, P: a delegation without keys or past its date is dropped by readers and stops nobody; its new holder heals it", async () => {
  const { world, publisher } = await ready();
  await using _ = world;
  const holder = await generateSigner();
  const other = await generateSigner();
  const delegating =
    (...holders: readonly Signer[]) =>
    (before: Targets): Targets => {
      const keys = holders.map(keyOf);
      const role = {
        name: releases,
        keyIds: keys.map((key) => key.id),
        threshold: 1,
        paths: { kind: "prefixes", prefixes: [""] },
        terminating: false,
      } as const;
      const delegations = { keys: new Map(keys.map((key) => [key.id, key])), roles: [role], succinct: undefined };
      return { ...before, delegations };
    };
  const release = (version: number, signer: Signer, expiresAt: number) => {
    const { signed } = publisher.document<Targets>("notary1", "targets");
    const empty = { ...signed, delegations: undefined, targets: new Map(), version, expires: until(expiresAt) };
    return publisher.sign<Targets>("notary1", releases, empty, [signer]);
  };
  const now = world.clock.now();
  await accepted(publisher, [await targets(publisher, delegating(holder)), await release(1, holder, now + 10 * day)]);
  world.clock.set(now + 20 * day);
  await accepted(publisher, [await targets(publisher, (before) => before)]);
  await accepted(publisher, [await release(2, holder, now + year)]);
  await accepted(publisher, [await targets(publisher, delegating())]);
  await readable(world, publisher);
  await refused(
    publisher,
    [await release(3, holder, now + year)],
    /valid signatures did not meet threshold for targets\/releases/,
  );
  await accepted(publisher, [await targets(publisher, delegating(other)), await release(3, other, now + year)]);
  await readable(world, publisher);
});

test("H3: a signer that is away is an outage and not the publisher's mistake; reading goes on", async () => {
  const { world, publisher } = await ready();
  await using _ = world;
  const away = () => Promise.reject(new CountersignError("server.signing_unavailable", "connection refused"));
  const signer: RoleSigner = { held: away, pending: away };
  const app = createApp({ storage: world.storage, signer, clock: world.clock.now });
  const response = await publisherOn(app, publisher, await publisher.nextTargets("1.0", "x", ["notary1"]));
  assert.equal(response.status, 503);
  assert.equal(await response.text(), '{"errors":[{"code":"UNKNOWN","message":"unknown error","detail":{}}]}\n');
  for (const file of ["timestamp.json", "root.json"]) {
    assert.equal((await sendTo(app)(new Request(`${publisher.url}/tuf/${file}`))).status, 200, file);
  }
  assert.equal((await sendTo(app)(new Request(`${publisher.url}/tuf/snapshot.key`))).status, 503);
});
