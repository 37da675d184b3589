// The rules of a batch, without a database: of writers who saw the same state one wins, a stale version stops its whole commit and nobody else's.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isCountersignError, parseGun, parseRoleName } from "../../bytes/index.ts";
import type { Commit, NewDocument } from "../storage.ts";
import { type Outcome, planBatch, roleKey } from "./commit-plan.ts";

const [a, b] = [parseGun("example.com/a"), parseGun("example.com/b")];
const targets = parseRoleName("targets");

function document(version: number): NewDocument {
  return { dialect: "tuf1", role: targets, version, bytes: Buffer.from(`v${version}`) };
}

function commit(gun: typeof a, expectedGeneration: number, ...documents: readonly NewDocument[]): Commit {
  const nothing = { retired: [], forgotten: [], blobs: [], behind: [], changes: [], usedKeys: [] };
  return { gun, expectedGeneration, documents, ...nothing, renewAt: undefined, at: 1.5 };
}

const locked = {
  collections: new Map([
    [a, { id: 1, generation: 4 }],
    [b, { id: 2, generation: 0 }],
  ]),
  newest: new Map([[roleKey(1, document(0)), 7]]),
};

function told(outcomes: readonly Outcome[]): readonly (string | number)[] {
  return outcomes.map((outcome) => (isCountersignError(outcome) ? outcome.code : String(outcome)));
}

test("of two commits on the same state the first goes in; one that builds on it waits for the next transaction", () => {
  const commits = [commit(a, 4, document(8)), commit(a, 4, document(8)), commit(a, 5, document(9)), commit(b, 0)];
  const plan = planBatch(commits, locked);
  assert.deepEqual(told(plan.outcomes), ["5", "storage.conflict", "later", "1"]);
  assert.deepEqual(plan.documents.version, [8]);
  assert.deepEqual(plan.documents.at, [1]);
  assert.deepEqual(plan.collections.generation, [5, 1]);
  assert.deepEqual(plan.guns, [a, b]);
});

test("a version that is not above what is stored, or not above its neighbour, stops its commit whole", () => {
  const commits = [
    commit(a, 4, document(8), document(8)),
    commit(a, 4, document(7)),
    commit(a, 4, document(8), document(9)),
  ];
  const plan = planBatch(commits, locked);
  assert.deepEqual(told(plan.outcomes), ["storage.conflict", "storage.conflict", "5"]);
  assert.deepEqual(plan.documents.version, [8, 9]);
  assert.equal(Buffer.from(plan.bytes).toString(), "v8v9");
});

test("a collection that was never seen has generation 0", () => {
  const elsewhere = commit(parseGun("example.com/new"), 3);
  assert.deepEqual(told(planBatch([elsewhere], locked).outcomes), ["storage.conflict"]);
});
