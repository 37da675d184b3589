// A server whose signer is elsewhere: which keys it asks for and remembers, and what publishers and readers see while the signer is
// away, lies, or has lost its database.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CountersignError, encodeUtf8, isCountersignError, parseGun } from "../bytes/index.ts";
import { generateSigner, type Signer, verifySignature } from "../keys/index.ts";
import type { SignerClient } from "../notary-signer/index.ts";
import { openSqliteStorage, type Storage } from "../storage/index.ts";
import { fakeClock, temporaryDirectory } from "../testing/index.ts";
import { createApp } from "./app.ts";
import { rememberedRemoteKey, remoteRoleSigner } from "./remote-role-signer.ts";
import { baseUrl, sendTo, TestPublisher } from "./test-publisher.ts";

const gun = parseGun("registry.example.com/team/app");

/** A signer in memory that repeats unused keys, and can be made to fail. */
class FakeSigner implements SignerClient {
  readonly keys = new Map<string, { readonly signer: Signer; readonly use: string; isUsed: boolean }>();
  isAway = false;
  healthChecks = 0;

  async createKey(name: string, role: string, algorithm: "ecdsa" | "ed25519") {
    this.#requireHere();
    const use = `${name} ${role} ${algorithm}`;
    for (const key of this.keys.values()) if (key.use === use && !key.isUsed) return key.signer.publicKey;
    const signer = await generateSigner(algorithm === "ecdsa" ? "ecdsa-p256" : "ed25519");
    this.keys.set(signer.publicKey.id, { signer, use, isUsed: false });
    return signer.publicKey;
  }

  async sign(key: Signer["publicKey"], content: Uint8Array) {
    this.#requireHere();
    const found = this.keys.get(key.id);
    if (found === undefined) throw new CountersignError("server.signing_unavailable", "no such key");
    found.isUsed = true;
    return found.signer.sign(content, key.algorithm === "ed25519" ? "ed25519" : "ecdsa-sha256-raw");
  }

  async keyInfo(keyId: string) {
    this.#requireHere();
    const found = this.keys.get(keyId);
    return found === undefined ? undefined : { publicKey: found.signer.publicKey, role: "snapshot" };
  }

  async deleteKey(keyId: string) {
    this.keys.delete(keyId);
  }

  async healthy() {
    this.healthChecks++;
    return this.isAway
      ? ({ serving: false, reason: "the signer at 10.0.0.1 is away" } as const)
      : ({ serving: true } as const);
  }

  close() {}
  [Symbol.dispose]() {}

  #requireHere() {
    if (this.isAway) throw new CountersignError("server.signing_unavailable", "the signer at 10.0.0.1 is away");
  }
}

async function openWorld(algorithm: "ecdsa" | "ed25519" = "ecdsa") {
  const dir = await temporaryDirectory();
  const storage: Storage = openSqliteStorage(dir.path);
  const clock = fakeClock();
  const client = new FakeSigner();
  const signer = remoteRoleSigner({ client, storage, clock: clock.now, algorithm });
  const app = createApp({ storage, signer, clock: clock.now });
  return {
    storage,
    client,
    signer,
    clock,
    get: (path: string) => app.handle(new Request(`${baseUrl}${path}`)),
    publisher: () => TestPublisher.create(gun, sendTo(app), clock.now),
    async [Symbol.asyncDispose]() {
      await storage.close();
      await dir[Symbol.asyncDispose]();
    },
  };
}

test("one key for a role of a new collection, however many ask at once, and the same one after a restart", async () => {
  await using world = await openWorld();
  const asked = await Promise.all(Array.from({ length: 8 }, () => world.signer.pending(gun, "snapshot")));
  assert.equal(new Set(asked.map((key) => key.id)).size, 1);
  assert.equal((await world.storage.serverKeys(gun, "snapshot")).length, 1);
  const { client, storage, clock } = world;
  const restarted = remoteRoleSigner({ client, storage, clock: clock.now, algorithm: "ecdsa" });
  assert.equal((await restarted.pending(gun, "snapshot")).id, asked[0]?.id);
  assert.deepEqual(
    (await restarted.held(gun, "snapshot")).map(({ publicKey }) => publicKey.id),
    [asked[0]?.id],
  );
});

test("a key that the signer has lost is not offered to publishers", async () => {
  await using world = await openWorld();
  const lost = await world.signer.pending(gun, "timestamp");
  world.client.keys.clear();
  const found = await world.signer.pending(gun, "timestamp");
  assert.notEqual(found.id, lost.id);
  assert.equal((await world.signer.pending(gun, "timestamp")).id, found.id);
});

test("signatures come in the form of either dialect", async () => {
  const content = encodeUtf8('{"_type":"Snapshot"}');
  for (const [algorithm, schemes] of [
    ["ecdsa", ["ecdsa-sha256-raw", "ecdsa-sha256-der"]],
    ["ed25519", ["ed25519"]],
  ] as const) {
    await using world = await openWorld(algorithm);
    const key = await world.signer.pending(gun, "snapshot");
    const [signer] = await world.signer.held(gun, "snapshot");
    assert.ok(signer !== undefined);
    for (const scheme of schemes) {
      for (let times = 0; times < 30; times++) {
        assert.ok(verifySignature(key, scheme, content, await signer.sign(content, scheme)), scheme);
      }
    }
    const other = algorithm === "ecdsa" ? "ed25519" : "ecdsa-sha256-der";
    await assert.rejects(signer.sign(content, other), (error) => isCountersignError(error, "key.unsupported"));
  }
});

test("keys of the server's own from before are left out; a row that is another key's is told", async () => {
  await using world = await openWorld();
  const own = { gun, role: "snapshot", keyId: "a".repeat(64), createdAt: 1, usedAt: undefined } as const;
  await world.storage.addServerKey({ ...own, sealed: Uint8Array.of(1, 2, 3) });
  assert.deepEqual(await world.signer.held(gun, "snapshot"), []);
  assert.equal((await world.signer.pending(gun, "snapshot")).algorithm, "ecdsa-p256");
  const { publicKey } = await generateSigner();
  await world.storage.addServerKey({ ...own, role: "timestamp", sealed: rememberedRemoteKey(publicKey) });
  await assert.rejects(world.signer.held(gun, "timestamp"), (error) => isCountersignError(error, "storage.corrupt"));
});

test("while the signer is away nothing new is signed, what is signed is served, and then everything goes on", async () => {
  await using world = await openWorld();
  const publisher = await world.publisher();
  await publisher.init();
  const next = await publisher.nextTargets("1.0", "hello");
  world.client.isAway = true;
  const refused = await publisher.publish(next);
  assert.equal(refused.status, 503);
  assert.match(await refused.text(), /"server\.signing_unavailable"/);
  const key = await world.get("/v2/registry.example.com/team/new/_trust/tuf/snapshot.key");
  assert.equal(key.status, 503);
  assert.doesNotMatch(await key.text(), /10\.0\.0\.1/);
  assert.equal((await world.get(`/v2/${gun}/_trust/tuf/timestamp.json`)).status, 200);
  world.client.isAway = false;
  assert.equal((await publisher.publish(next)).status, 200);
});

test("health says that trust is not operational, in Notary's words and without addresses; many probes are one question", async () => {
  await using world = await openWorld();
  world.client.isAway = true;
  const answers = await Promise.all(Array.from({ length: 20 }, () => world.get("/_notary_server/health")));
  assert.equal(world.client.healthChecks, 1);
  for (const answer of answers) {
    assert.equal(answer.status, 503);
    assert.deepEqual(await answer.json(), { "Trust operational": "server.signing_unavailable" });
  }
});
