// docker trust's rules where they protect somebody: removal that removes, revocation that revokes, an endorsement that is none of anything
// new, and no role that docker could not verify.
import assert from "node:assert/strict";
import { it } from "node:test";
import {
  addSigner,
  planRemoval,
  type Repository,
  readTrustData,
  removeSigner,
  revokeTags,
  signImage,
} from "../../docker-trust/index.ts";
import { openTrustedCollection } from "../../flows/index.ts";
import type { Signer } from "../../keys/index.ts";
import { code, gun } from "../publishing-world.ts";
import { alice, bob, generateSigner, openTrustWorld, releases, type TrustWorld } from "./trust-world.ts";

interface Cast {
  readonly world: TrustWorld;
  readonly aliceKey: Signer;
  readonly bobKey: Signer;
  readonly owner: Repository;
}

/** alice and bob may sign. */
async function twoSigners(): Promise<Cast & AsyncDisposable> {
  const world = await openTrustWorld();
  const [aliceKey, bobKey] = [await generateSigner(), await generateSigner()];
  const owner = world.repository("v1", [], true);
  await owner.publish({ changes: () => addSigner(alice, [aliceKey.publicKey]) });
  await owner.publish({ changes: () => addSigner(bob, [bobKey.publicKey]) });
  return { world, aliceKey, bobKey, owner, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() };
}

async function dataOf(repository: Repository, tag?: string) {
  const collection = await repository.read({ offline: false });
  assert.ok(collection !== undefined);
  return readTrustData(collection, tag);
}

async function signTag(repository: Repository, tag: string, overwrites = false): Promise<void> {
  const [existing] = (await dataOf(repository, tag)).tags;
  await (await signImage(repository, { tag, existing, overwrites })).publish();
}

async function remove(repository: Repository, name: string) {
  const collection = await repository.read({ offline: false });
  assert.ok(collection !== undefined);
  const ring = await repository.ring();
  const removal = await planRemoval(collection, { name, repository: gun }, ring.ids());
  await removeSigner(repository, removal);
  return removal;
}

it("a tag is released and signed by whoever's key is at hand; a second signer joins the first", async () => {
  await using cast = await twoSigners();
  const { world, aliceKey, bobKey, owner } = cast;
  world.registry.set("v1", "image one");
  await signTag(world.repository("v1", [aliceKey]), "v1");
  await signTag(world.repository("v1", [bobKey]), "v1");
  const data = await dataOf(owner);
  assert.deepEqual(
    data.tags.map(({ name, signers }) => [name, signers]),
    [["v1", ["alice", "bob"]]],
  );
  assert.deepEqual(
    data.signers.map(({ name, keys }) => [name, keys]),
    [
      ["alice", [aliceKey.publicKey.id]],
      ["bob", [bobKey.publicKey.id]],
    ],
  );
});

it("nobody signs without a signer's key, even with the repository key", async () => {
  await using cast = await twoSigners();
  cast.world.registry.set("v1", "image one");
  await assert.rejects(signTag(cast.owner, "v1"), code("key.missing"));
});

it("a registry that moves a tag does not turn an endorsement into a release of something else", async () => {
  await using cast = await twoSigners();
  const { world, aliceKey, bobKey, owner } = cast;
  world.registry.set("v1", "image one");
  await signTag(world.repository("v1", [aliceKey]), "v1");
  const [before] = (await dataOf(owner)).tags;
  world.registry.set("v1", "an attacker's image");
  await assert.rejects(signTag(world.repository("v1", [bobKey]), "v1"), code("publish.refused"));
  assert.equal((await dataOf(owner)).tags[0]?.digest, before?.digest);
  // Asked for, it is done; and what only oneself has signed is one's own to replace.
  await signTag(world.repository("v1", [bobKey]), "v1", true);
  assert.notEqual((await dataOf(owner)).tags[0]?.digest, before?.digest);
  world.registry.set("v1", "bob's next");
  await signTag(world.repository("v1", [bobKey]), "v1");
  assert.deepEqual(
    (await dataOf(owner)).tags.map(({ signers }) => signers),
    [["bob"]],
  );
});

it("what is signed can be endorsed while the registry does not show it, what is not signed cannot", async () => {
  await using cast = await twoSigners();
  const { world, aliceKey, bobKey, owner } = cast;
  world.registry.set("v1", "image one");
  await signTag(world.repository("v1", [aliceKey]), "v1");
  world.registry.clear();
  await signTag(world.repository("v1", [bobKey]), "v1");
  assert.deepEqual((await dataOf(owner)).tags[0]?.signers, ["alice", "bob"]);
  assert.equal(world.notes.length, 1);
  await assert.rejects(signTag(world.repository("v2", [bobKey]), "v2"), code("image.missing"));
  await assert.rejects(signTag(world.repository("v1", [bobKey]), "v1", true), code("image.missing"));
});

it("where a tag is released as two things, what docker pulls is what counts as signed", async () => {
  const world = await openTrustWorld();
  try {
    const key = await generateSigner();
    const owner = world.repository("v1", [], true);
    world.registry.set("v1", "an old image");
    await signTag(owner, "v1");
    await owner.publish({ changes: () => addSigner(alice, [key.publicKey]) });
    world.registry.set("v1", "the new image");
    await signTag(world.repository("v1", [key]), "v1");
    const [first, second] = (await dataOf(owner)).tags;
    assert.deepEqual([first?.signers, second?.signers], [["alice"], []]);
    world.registry.clear();
    await signTag(world.repository("v1", [key]), "v1");
    assert.equal((await dataOf(owner)).tags[0]?.digest, first?.digest);
  } finally {
    await world[Symbol.asyncDispose]();
  }
});

it("a role whose threshold the keys at hand do not reach is left to those who can", async () => {
  await using cast = await twoSigners();
  const { world, aliceKey, bobKey, owner } = cast;
  await owner.publish({
    changes: () => [{ kind: "delegate", role: bob, addKeys: [aliceKey.publicKey], threshold: 2 }],
  });
  world.registry.set("v1", "image one");
  const published = await (
    await signImage(world.repository("v1", [aliceKey]), { tag: "v1", existing: undefined, overwrites: false })
  ).publish();
  assert.deepEqual([...published].sort(), [alice, releases]);
  assert.ok(bobKey.publicKey.id !== aliceKey.publicKey.id);
});

it("a removed signer is gone: its delegation, and its key in releases (14-Y)", async () => {
  await using cast = await twoSigners();
  const { world, aliceKey, bobKey, owner } = cast;
  world.registry.set("v1", "image one");
  await signTag(world.repository("v1", [aliceKey]), "v1");
  const removal = await remove(owner, "bob");
  assert.equal(removal.isLastSigner, false);
  const data = await dataOf(owner);
  assert.deepEqual(
    data.signers.map(({ name }) => name),
    ["alice"],
  );
  assert.deepEqual(
    data.tags.map(({ name }) => name),
    ["v1"],
    "what alice released stays",
  );
  await assert.rejects(signTag(world.repository("v1", [bobKey]), "v1"), code("key.missing"));
});

it("releases that only the removed signer had signed are signed again by somebody at hand", async () => {
  await using cast = await twoSigners();
  const { world, aliceKey, bobKey } = cast;
  world.registry.set("v1", "image one");
  await signTag(world.repository("v1", [bobKey]), "v1");
  const owner = world.repository("v1", [aliceKey], true);
  const removal = await remove(owner, "bob");
  assert.deepEqual([removal.isLastSigner, removal.renewsReleases], [false, true]);
  assert.deepEqual(
    (await dataOf(owner)).tags.map(({ name }) => name),
    ["v1"],
  );
});

it("the last signer's removal is announced, and leaves no releases role that fails for every reader (14-N)", async () => {
  await using cast = await twoSigners();
  const { world, bobKey, owner, aliceKey } = cast;
  world.registry.set("v1", "image one");
  await signTag(world.repository("v1", [bobKey]), "v1");
  const removal = await remove(owner, "bob");
  assert.deepEqual([removal.isLastSigner, removal.renewsReleases], [true, false]);
  const collection = await owner.read({ offline: false });
  const roles = (await collection?.roles()) ?? [];
  assert.deepEqual(
    roles.filter(({ state }) => state.kind === "unusable"),
    [],
  );
  assert.deepEqual((await dataOf(owner)).tags, [], "what bob alone vouched for is trusted no more");
  // Whoever stays a signer can go on at once.
  await signTag(world.repository("v1", [aliceKey]), "v1");
  assert.deepEqual(
    (await dataOf(owner)).tags.map(({ name }) => name),
    ["v1"],
  );
});

it("after every signer has gone, new ones can be named and sign, for readers of both dialects", async () => {
  await using cast = await twoSigners();
  const { world, aliceKey, bobKey, owner } = cast;
  world.registry.set("v1", "image one");
  await signTag(world.repository("v1", [bobKey]), "v1");
  await remove(owner, "bob");
  await remove(owner, "alice");
  assert.deepEqual((await dataOf(owner)).signers, []);
  await owner.publish({ changes: () => addSigner(alice, [aliceKey.publicKey]) });
  await signTag(world.repository("v1", [aliceKey]), "v1");
  await foundInBoth(owner, "v1");
});

for (const [whose, again] of [
  ["the key bob had", (cast: Cast) => Promise.resolve(cast.bobKey)],
  ["a new key, since bob lost his", () => generateSigner()],
] as const) {
  it(`a removed signer is named again by ${whose}, which is not at hand, and signs on for both dialects`, async () => {
    await using cast = await twoSigners();
    const { world, aliceKey, bobKey } = cast;
    const owner = world.repository("v1", [aliceKey], true);
    world.registry.set("v1", "image one");
    for (const key of [aliceKey, bobKey]) await signTag(world.repository("v1", [key]), "v1");
    await remove(owner, "bob");
    const key = await again(cast);
    await owner.publish({ changes: () => addSigner(bob, [key.publicKey]) });
    await foundInBoth(owner, "v1");
    world.registry.set("v2", "image two");
    await signTag(world.repository("v2", [key]), "v2");
    for (const name of ["v1", "v2"]) await foundInBoth(owner, name);
    const [first, second] = (await dataOf(owner)).tags;
    const kept = key === bobKey ? ["alice", "bob"] : ["alice"];
    assert.deepEqual(
      [first?.signers, second?.signers],
      [kept, ["bob"]],
      "no new key vouches for what an old one signed",
    );
  });
}

async function foundInBoth(owner: Repository, name: string): Promise<void> {
  for (const dialect of ["notary1", "tuf1"] as const) {
    const request = { gun, dialect, pins: [], trustOnFirstUse: false, offline: "never" } as const;
    const found = await (await openTrustedCollection(owner.ports, request)).lookup(name);
    assert.ok(found !== undefined, `${name} in ${dialect}`);
  }
}

it("a key that is another signer's too stays in releases", async () => {
  await using cast = await twoSigners();
  const { world, aliceKey, owner } = cast;
  await owner.publish({ changes: () => addSigner(bob, [aliceKey.publicKey]) });
  await remove(owner, "bob");
  world.registry.set("v1", "image one");
  await signTag(world.repository("v1", [aliceKey]), "v1");
  assert.deepEqual((await dataOf(owner)).tags[0]?.signers, ["alice"]);
});

it("nobody removes releases, or a signer that is not there", async () => {
  await using cast = await twoSigners();
  await assert.rejects(remove(cast.owner, "releases"), code("usage.invalid"));
  await assert.rejects(remove(cast.owner, "nobody"), code("role.invalid"));
  await assert.rejects(remove(cast.owner, "__proto__"), code("role.invalid"));
});

it("a revoked tag is trusted by no docker; the entry of another signer is named", async () => {
  await using cast = await twoSigners();
  const { world, aliceKey, bobKey, owner } = cast;
  world.registry.set("v1", "image one");
  await signTag(world.repository("v1", [aliceKey]), "v1");
  await signTag(world.repository("v1", [bobKey]), "v1");
  const { left } = await revokeTags(world.repository("v1", [bobKey]), "v1");
  assert.deepEqual([...left], [["alice", ["v1"]]]);
  assert.deepEqual((await dataOf(owner)).tags, []);
  await assert.rejects(revokeTags(world.repository("v1", [bobKey]), "v1"), code("target.missing"));
  await assert.rejects(revokeTags(world.repository("v1", [bobKey]), undefined), code("target.missing"));
});

it("revoking says no while targets, whose key is elsewhere, would go on releasing the tag", async () => {
  const world = await openTrustWorld();
  try {
    const key = await generateSigner();
    const owner = world.repository("v1", [], true);
    world.registry.set("v1", "image one");
    await signTag(owner, "v1");
    await owner.publish({ changes: () => addSigner(alice, [key.publicKey]) });
    await signTag(world.repository("v1", [key]), "v1");
    await assert.rejects(revokeTags(world.repository("v1", [key]), "v1"), code("key.missing"));
    assert.equal((await dataOf(owner)).tags.length, 1);
    await revokeTags(world.repository("v1", [key], true), undefined);
    assert.deepEqual((await dataOf(owner)).tags, []);
  } finally {
    await world[Symbol.asyncDispose]();
  }
});

it("a signer is a delegation for every tag, threshold 1, beside releases", async () => {
  await using cast = await twoSigners();
  const collection = await cast.owner.read({ offline: false });
  const roles = (await collection?.roles()) ?? [];
  assert.deepEqual(
    roles.map(({ role, threshold, keys }) => [role, threshold, keys.length]),
    [
      ["targets", 1, 1],
      [alice, 1, 1],
      [releases, 1, 2],
      [bob, 1, 1],
    ],
  );
});
