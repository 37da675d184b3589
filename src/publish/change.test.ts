// Ordinary publishes: what changed is signed, in both dialects at one version, and everything else stays as it was.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTargetName } from "../bytes/index.ts";
import { provenanceOf } from "./custom.ts";
import {
  add,
  coded,
  day,
  keys,
  newCollection,
  now,
  publish,
  role,
  targetsOf,
  versionsOf,
} from "./sample-collection.ts";

test("adding a tag signs targets alone, at the same next version in both dialects", async () => {
  const { state } = await newCollection();
  const { prepared, state: next } = await publish(state, [add("1.0", "one")], [keys.targets]);
  assert.deepEqual(versionsOf(prepared.publication), ["notary1 targets 2", "tuf1 targets 2"]);
  assert.deepEqual(prepared.findings, []);
  for (const dialect of ["notary1", "tuf1"] as const) {
    assert.equal(targetsOf(next, dialect).signed.targets.get("1.0")?.length, 3);
    assert.ok(targetsOf(next, dialect).signed.expires.at > now + 2 * 365 * day);
  }
});

test("several tags of one go share one publish, and the last of one name wins", async () => {
  const { state } = await newCollection();
  const changes = [add("1.0", "one"), add("1.1", "two"), add("1.0", "other")];
  const { state: next } = await publish(state, changes, [keys.targets]);
  const { targets } = targetsOf(next, "tuf1").signed;
  assert.deepEqual([...targets].map(([name, { length }]) => [name, length]).sort(), [
    ["1.0", 5],
    ["1.1", 3],
  ]);
});

test("removing a tag that is not there is an error, not a publish", async () => {
  const { state } = await newCollection();
  const remove = { kind: "remove", name: parseTargetName("9.9") } as const;
  await assert.rejects(publish(state, [remove], [keys.targets]), coded("target.missing"));
  const { state: with1 } = await publish(state, [add("9.9", "x")], [keys.targets]);
  const { state: without } = await publish(with1, [remove], [keys.targets]);
  assert.equal(targetsOf(without, "notary1").signed.targets.size, 0);
  assert.equal(targetsOf(without, "tuf1").signed.version, 3);
});

test("a target without a usable hash or with a silly length is refused", async () => {
  const { state } = await newCollection();
  for (const bad of [
    { hashes: new Map() },
    { hashes: new Map([["md5", new Uint8Array(16)]]) },
    { hashes: new Map([["sha256", new Uint8Array(31)]]) },
    { length: -1 },
    { length: 1.5 },
    { length: 2 ** 60 },
  ]) {
    await assert.rejects(publish(state, [add("1.0", "x", bad)], [keys.targets]), coded("target.invalid"));
  }
});

test("a tag carries who signed it and when, beside the publisher's own data", async () => {
  const { state } = await newCollection();
  const change = add("1.0", "one", { custom: { build: 7 } });
  const { state: next, prepared } = await publish(state, [change], [keys.targets], {
    publisher: "Ann <ann@example.com>",
  });
  const custom = targetsOf(next, "notary1").signed.targets.get("1.0")?.custom;
  assert.deepEqual(custom, {
    build: 7,
    countersign: { publisher: "Ann (ann@example.com)", signed: "2026-11-22T12:00:00Z" },
  });
  assert.deepEqual(provenanceOf(custom), { publisher: "Ann (ann@example.com)", signedAt: now });
  assert.deepEqual(prepared.findings, [], "no character that Notary's client could not sign again");
});

test("a publisher's name that would break a line is refused; foreign custom data is nobody", async () => {
  const { state } = await newCollection();
  for (const publisher of ["", "a\nb", "x".repeat(257), "\ud800"]) {
    await assert.rejects(publish(state, [add("1", "x")], [keys.targets], { publisher }), coded("name.invalid"));
  }
  for (const custom of [
    undefined,
    null,
    7,
    "x",
    [],
    {},
    { countersign: 1 },
    { countersign: { signed: "yesterday" } },
  ]) {
    assert.deepEqual(provenanceOf(custom), { publisher: undefined, signedAt: undefined });
  }
});

test("renewing signs content unchanged with a fresh expiry", async () => {
  const { state } = await newCollection();
  const later = now + 400 * day;
  const { prepared, state: next } = await publish(state, [{ kind: "renew", role: role("targets") }], [keys.targets], {
    now: later,
  });
  assert.deepEqual(versionsOf(prepared.publication), ["notary1 targets 2", "tuf1 targets 2"]);
  assert.equal(targetsOf(next, "tuf1").signed.expires.at, later + 3 * 365 * day);
});

test("an expired targets role is healed by its key: Notary's own client never could (14-C)", async () => {
  const { state } = await newCollection();
  const later = now + 4 * 365 * day;
  const { prepared } = await publish(state, [], [keys.targets], { now: later });
  assert.deepEqual(versionsOf(prepared.publication), ["notary1 targets 2", "tuf1 targets 2"]);
});

test("an expired root is healed by a root key, together with targets (14-B)", async () => {
  const { state } = await newCollection();
  const later = now + 11 * 365 * day;
  const { prepared } = await publish(state, [], [keys.main, keys.targets], { now: later });
  assert.deepEqual(versionsOf(prepared.publication), [
    "notary1 root 2",
    "notary1 targets 2",
    "tuf1 root 2",
    "tuf1 targets 2",
  ]);
  assert.ok(prepared.findings.some(({ code }) => code === "root.not_signed_by_all"));
});

test("what is near expiry is renewed along the way when its key is at hand, and warned about when not", async () => {
  const { state } = await newCollection();
  const later = now + 9 * 365 * day;
  const fresh = await publish(state, [{ kind: "renew", role: role("targets") }], [keys.targets], { now: later });
  assert.deepEqual(versionsOf(fresh.prepared.publication), ["notary1 targets 2", "tuf1 targets 2"]);
  assert.deepEqual([...new Set(fresh.prepared.findings.map(({ code }) => code))], ["document.near_expiry"]);
  const all = await publish(state, [], [keys.main, keys.kit, keys.targets], { now: later });
  assert.equal(all.prepared.publication.documents.length, 4);
  assert.deepEqual(all.prepared.findings, []);
});

test("an unasked renewal whose key does not open leaves the publish alone", async () => {
  const { state } = await newCollection();
  const { CountersignError } = await import("../bytes/index.ts");
  const later = now + 9 * 365 * day;
  const ids = new Set([keys.main, keys.targets].map(({ publicKey }) => publicKey.id));
  const ring = {
    ids: () => ids,
    open: async (id: string) => {
      if (id === keys.targets.publicKey.id) return keys.targets;
      throw new CountersignError("key.passphrase_missing", "no passphrase");
    },
  };
  const { prepared } = await publish(state, [add("1.0", "one")], [], { now: later, keys: ring });
  assert.deepEqual(versionsOf(prepared.publication), ["notary1 targets 2", "tuf1 targets 2"]);
  const asked = publish(state, [{ kind: "renew", role: role("root") }], [], { now: later, keys: ring });
  await assert.rejects(asked, coded("key.passphrase_missing"));
});

test("a collaborator's publish does not fail because targets is due and its key does not open", async () => {
  const { state } = await newCollection();
  const alices = role("targets/alice");
  const delegate = { kind: "delegate", role: alices, addKeys: [keys.alice.publicKey], addPaths: [""] } as const;
  const { state: delegated } = await publish(state, [delegate], [keys.targets]);
  const { CountersignError } = await import("../bytes/index.ts");
  const ids = new Set([keys.alice, keys.targets].map(({ publicKey }) => publicKey.id));
  const ring = {
    ids: () => ids,
    open: async (id: string) => {
      if (id === keys.alice.publicKey.id) return keys.alice;
      throw new CountersignError("key.passphrase_missing", "no passphrase");
    },
  };
  const later = now + 2.5 * 365 * day;
  const { prepared } = await publish(delegated, [add("1.0", "x", { role: alices })], [], { now: later, keys: ring });
  assert.deepEqual(versionsOf(prepared.publication), ["notary1 targets/alice 1", "tuf1 targets/alice 1"]);
  assert.ok(prepared.findings.some((found) => found.severity === "warning" && found.role === "targets"));
});

test("no key is opened when the change is refused", async () => {
  const { state } = await newCollection();
  let opened = 0;
  const ring = {
    ids: () => new Set([keys.targets.publicKey.id]),
    open: async () => {
      opened++;
      return keys.targets;
    },
  };
  const bad = add("1.0", "x", { custom: { text: "a\tb" } });
  await assert.rejects(publish(state, [bad], [], { keys: ring }), coded("preflight.would_lock_out"));
  assert.equal(opened, 0);
});

test("names that mean something to JavaScript are just names", async () => {
  const { state } = await newCollection();
  const names = ["__proto__", "constructor", "toString", "hasOwnProperty"];
  const { state: next } = await publish(
    state,
    names.map((name) => add(name, name, { custom: { [name]: 1 } })),
    [keys.targets],
  );
  for (const dialect of ["notary1", "tuf1"] as const) {
    assert.deepEqual([...targetsOf(next, dialect).signed.targets.keys()].sort(), [...names].sort());
  }
});
