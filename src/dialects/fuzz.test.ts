// Fuzz: mutated documents, real ones and made ones, through every decoder and through a trusted set. Only coded errors may come out,
// none of them a bug of ours, and a set that refused is as it was. Seeded; FUZZ_RUNS raises the number of mutations.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { isCountersignError, parseRoleName } from "../bytes/index.ts";
import { inBothDialects, Simulator } from "../testing/index.ts";
import { type DialectName, TrustedSet } from "../tuf/index.ts";
import { dialectNamed } from "./index.ts";

const runs = Number(process.env.FUZZ_RUNS ?? 1500);
const targets = parseRoleName("targets");

/** A small generator of the same numbers every time (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const fragments = [
  "null",
  "{}",
  "[]",
  '"',
  "\\u0000",
  "-1",
  "1e9",
  '"__proto__":',
  '"threshold":0',
  ",",
  "9".repeat(20),
  '"signed":',
  "\u2028",
  "\ud800",
];

/** Flips, cuts, repeats and splices, at one to three places. */
function mutate(bytes: Uint8Array, next: (below: number) => number): Uint8Array {
  let buffer = Buffer.from(bytes);
  for (let times = 1 + next(3); times > 0; times--) {
    const at = next(buffer.length + 1);
    switch (next(5)) {
      case 0:
        if (at < buffer.length) buffer[at] = next(256);
        break;
      case 1:
        buffer = Buffer.concat([buffer.subarray(0, at), buffer.subarray(at + 1 + next(40))]);
        break;
      case 2:
        buffer = Buffer.concat([
          buffer.subarray(0, at),
          Buffer.from(fragments[next(fragments.length)] ?? ""),
          buffer.subarray(at),
        ]);
        break;
      case 3: // swap two JSON tokens' worth of text
        buffer = Buffer.concat([
          buffer.subarray(0, at),
          buffer.subarray(next(buffer.length + 1)).subarray(0, next(60)),
          buffer.subarray(at),
        ]);
        break;
      default:
        buffer = Buffer.from(buffer.toString("latin1").replace(/\d+/, String(next(3))), "latin1");
    }
  }
  return new Uint8Array(buffer);
}

function coded(action: () => unknown, what: string): void {
  try {
    action();
  } catch (error) {
    assert.ok(isCountersignError(error) && error.kind !== "bug", `${what}: ${String(error)}`);
    assert.ok(error.message.length < 2000, `${what}: an error of ${error.message.length} characters`);
  }
}

function vectors(name: DialectName): readonly Uint8Array[] {
  const folder = new URL(`../../vectors/${name === "notary1" ? "notary1/metadata" : "tuf1"}/`, import.meta.url);
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".json") && path.includes("/"))
    .map((path) => new Uint8Array(readFileSync(new URL(path, folder))));
}

inBothDialects("mutated vectors give coded errors in every decoder", async (name) => {
  const dialect = dialectNamed(name);
  const next = random(name === "notary1" ? 1 : 2);
  const seeds = vectors(name);
  for (let run = 0; run < runs; run++) {
    const seed = seeds[next(seeds.length)] ?? new Uint8Array();
    const bytes = mutate(seed, next);
    for (const decode of [dialect.decodeRoot, dialect.decodeSnapshot, dialect.decodeTimestamp])
      coded(() => decode(bytes), `run ${run}`);
    coded(() => {
      // What decodes can also be looked at and written again.
      const { signed } = dialect.decodeTargets(targets, bytes);
      for (const [, target] of signed.targets) assert.ok(target.hashes.size > 0);
      dialect.encodeSigned(signed);
    }, `run ${run}`);
  }
});

inBothDialects("mutated documents never move a trusted set", async (name) => {
  const simulator = await Simulator.create();
  await simulator.delegate("targets", "targets/releases");
  await simulator.publishRoot();
  await simulator.publish("targets", "targets/releases");
  const { stored } = simulator.source(name);
  const options = { dialect: dialectNamed(name), gun: simulator.gun, now: simulator.clock() };
  const [root, second] = [stored.roots.get(1), stored.roots.get(2)];
  const newest = [stored.timestamps, stored.snapshots, stored.targets].map((list) => list.at(-1)?.bytes);
  const [timestamp, snapshot] = newest;
  const top = stored.targets.findLast((document) => document.role === targets)?.bytes;
  assert.ok(root && second && timestamp && snapshot && top);
  const next = random(3);
  const rootSet = TrustedSet.fromRoot(root, options);
  const set = TrustedSet.fromRoot(second, options);
  set.finishRoots();
  const other = (bytes: Uint8Array) => {
    for (;;) {
      const mutant = mutate(bytes, next);
      if (!Buffer.from(mutant).equals(Buffer.from(bytes))) return mutant;
    }
  };
  for (let run = 0; run < runs / 10; run++) {
    coded(() => rootSet.updateRoot(other(root)), `root ${run}`);
    coded(() => TrustedSet.fromRoot(other(root), options), `first root ${run}`);
    coded(() => set.updateTimestamp(other(timestamp)), `timestamp ${run}`);
    set.loadCachedTimestamp(other(timestamp));
  }
  // A mutation may leave what is signed alone (a space, a signature nobody counts): the content is then the true one.
  assert.deepEqual(rootSet.root.signed.version, 1);
  set.updateTimestamp(timestamp);
  for (let run = 0; run < runs / 10; run++) {
    const mutant = other(snapshot);
    assert.throws(
      () => set.updateSnapshot(mutant),
      (error) => isCountersignError(error) && error.kind !== "bug",
    );
    set.loadCachedSnapshot(mutant);
  }
  set.updateSnapshot(snapshot);
  for (let run = 0; run < runs / 10; run++) {
    const mutant = other(top);
    set.loadCachedTargets(targets, mutant);
    assert.throws(
      () => set.updateTargets(targets, mutant, parseRoleName("root")),
      (error) => isCountersignError(error) && error.kind !== "bug",
    );
  }
  assert.equal(set.updateTargets(targets, top, parseRoleName("root")).signed.targets.size, 1);
});

test("a hundred thousand brackets, a huge number of members and an empty file are coded errors", () => {
  const hostile = [
    "",
    "{",
    "[".repeat(100_000),
    `{"signed":${"[".repeat(50_000)}`,
    '{"signed":{},"signatures":[]}',
    "null",
    "[]",
    '{"signed":null,"signatures":null}',
  ];
  for (const text of hostile) {
    for (const name of ["notary1", "tuf1"] as const) {
      const bytes = new TextEncoder().encode(text);
      const { decodeRoot, decodeTargets, decodeSnapshot, decodeTimestamp } = dialectNamed(name);
      for (const decode of [
        decodeRoot,
        decodeSnapshot,
        decodeTimestamp,
        (b: Uint8Array) => decodeTargets(targets, b),
      ]) {
        assert.throws(
          () => decode(bytes),
          (error) => isCountersignError(error) && error.kind !== "bug",
          text.slice(0, 30),
        );
      }
    }
  }
});
