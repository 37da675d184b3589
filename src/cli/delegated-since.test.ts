// Since when a delegated key may sign, against the real server as a function: said with its day where that is known, and never asked for
// by those who do not show it.
import assert from "node:assert/strict";
import { it } from "node:test";
import { parseRoleName, parseTargetName, sha256 } from "../bytes/index.ts";
import { collectionStatus, findKeys, openKeyRing, publishChanges } from "../flows/index.ts";
import { generateSigner } from "../keys/index.ts";
import type { Change } from "../publish/index.ts";
import type { DialectName } from "../tuf/index.ts";
import type { MetadataSource } from "../updater/index.ts";
import { gun, type Machine, openWorld, passphrases, sign, start } from "./publishing-world.ts";

const dayMs = 24 * 60 * 60 * 1000;
const alices = parseRoleName("targets/alice");
const bobs = parseRoleName("targets/bob");

async function change(machine: Machine, ...changes: readonly Change[]) {
  const ring = await openKeyRing(machine.places, passphrases);
  const how = { gun, pins: [], blobs: new Map(), publisher: undefined, ring };
  return publishChanges(machine.ports, { ...how, changes: () => changes });
}

async function delegateTo(role: typeof alices): Promise<Change> {
  const { publicKey } = await generateSigner();
  return { kind: "delegate", role, addKeys: [publicKey], addPaths: [""] };
}

/** A target of `targets` itself, signed with whatever else changes. */
function added(name: string): Change {
  return { kind: "add", name: parseTargetName(name), length: 1, hashes: new Map([["sha256", sha256(name)]]) };
}

async function statusOf(machine: Machine, dialect: DialectName, tellsSince: boolean) {
  const request = { gun, dialect, pins: [], trustOnFirstUse: false, offline: "never" } as const;
  const found = await collectionStatus(machine.ports, request, await findKeys(machine.places), { tellsSince });
  return (role: string) => found.roles.find((each) => each.role === role)?.keys[0];
}

it("what was signed in the very publish that gave the key tells the day; an older target does not", async () => {
  await using world = await openWorld();
  const owner = world.machine("owner");
  await start(world, owner);
  await sign(owner, "1.0");
  world.clock.advance(dayMs);
  const granted = world.clock.now();
  await change(owner, await delegateTo(alices), added("2.0"));
  world.clock.advance(dayMs);
  await change(owner, await delegateTo(bobs));
  for (const dialect of ["notary1", "tuf1"] as const) {
    const keyOf = await statusOf(owner, dialect, true);
    assert.deepEqual(keyOf("targets/alice")?.since, { role: "targets", version: 3, isExact: true, signedAt: granted });
    assert.deepEqual(keyOf("targets/bob")?.since, { role: "targets", version: 4, isExact: true, signedAt: undefined });
    assert.deepEqual([keyOf("targets")?.since, keyOf("targets")?.sinceRoot], [undefined, 1]);
  }
});

it("who does not show it does not make the server look for older documents", async () => {
  await using world = await openWorld();
  const owner = world.machine("owner");
  await start(world, owner);
  await change(owner, await delegateTo(alices));
  await change(owner, added("2.0"));
  let asked = 0;
  const source = world.server.tuf1Source();
  const fetchTargets: MetadataSource["fetchTargets"] = (...wanted) => {
    asked++;
    return source.fetchTargets(...wanted);
  };
  const watched = world.machine("owner", { tuf1Source: () => ({ ...source, fetchTargets }) });
  assert.equal((await statusOf(watched, "tuf1", false))("targets/alice")?.since, undefined);
  assert.equal(asked, 0);
  assert.equal((await statusOf(watched, "tuf1", true))("targets/alice")?.since?.version, 2);
  assert.ok(asked > 0);
});
