// Who decides about a target: order, terminating delegations, restriction along the chain, limits, roles that cannot be used.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isCountersignError, parseTuf1RoleName, type RoleName, sha256 } from "../bytes/index.ts";
import { allDelegations, delegationsFor, findDelegation } from "./delegations.ts";
import type { DelegatedRole, Delegations, DialectName, SuccinctRoles, Target, Targets } from "./index.ts";
import { listTargets, type SearchOptions, searchTarget, walkRoles } from "./index.ts";

interface Draft {
  readonly targets?: readonly string[];
  readonly roles?: readonly (readonly [name: string, paths: readonly string[], terminating?: boolean])[];
  readonly succinct?: SuccinctRoles;
}

type World = Readonly<Record<string, Draft | undefined>>;

/** Targets documents of a world of drafts; the target's length is the role's place, to tell whose it is. */
function contentOf(dialect: DialectName, world: World, role: string): Targets | undefined {
  const draft = Object.hasOwn(world, role) ? world[role] : undefined;
  if (draft === undefined) return undefined;
  const roles = (draft.roles ?? []).map(([name, paths, terminating = false]): DelegatedRole => {
    const said = dialect === "notary1" ? { kind: "prefixes", prefixes: paths } : { kind: "patterns", patterns: paths };
    return { name: named(name), keyIds: [], threshold: 1, terminating, paths: said as DelegatedRole["paths"] };
  });
  const target: Target = { length: Object.keys(world).indexOf(role), hashes: new Map(), custom: undefined };
  return {
    type: "targets",
    version: 1,
    expires: { text: "", at: 0 },
    extra: {},
    targets: new Map((draft.targets ?? []).map((name) => [name, target])),
    delegations: { keys: new Map(), roles, succinct: draft.succinct },
  };
}

function named(name: string): RoleName {
  return name === "targets" ? (name as RoleName) : parseTuf1RoleName(name);
}

function search(dialect: DialectName, world: World, name: string, options: SearchOptions = {}) {
  const steps = searchTarget(dialect, name, options);
  const visited: string[] = [];
  let step = steps.next();
  while (step.done !== true) {
    visited.push(step.value.role);
    step = steps.next(contentOf(dialect, world, step.value.role));
  }
  return { result: step.value, visited };
}

function deciding(dialect: DialectName, world: World, name: string): string {
  const { result } = search(dialect, world, name);
  return result.kind === "found" ? result.role : result.kind;
}

test("tuf1 walks depth first in the order listed, whatever the names look like", () => {
  const world: World = {
    targets: {
      roles: [
        ["targets/zeta", ["*"]],
        ["targets/2", ["*"]],
        ["targets/1", ["*"]],
      ],
    },
    "targets/zeta": { roles: [["targets/deep", ["*"]]] },
    "targets/deep": {},
    "targets/2": {},
    "targets/1": { targets: ["x"] },
  };
  const { result, visited } = search("tuf1", world, "x");
  assert.deepEqual(visited, ["targets", "targets/zeta", "targets/deep", "targets/2", "targets/1"]);
  assert.deepEqual(result.kind === "found" && result.chain, ["targets", "targets/1"]);
});

test("notary1 walks breadth first in the order listed", () => {
  const world: World = {
    targets: {
      roles: [
        ["targets/b", [""]],
        ["targets/a", [""]],
      ],
    },
    "targets/b": { roles: [["targets/b/deep", [""]]] },
    "targets/b/deep": { targets: ["x"] },
    "targets/a": { targets: ["x"] },
  };
  assert.deepEqual(search("notary1", world, "x").visited, ["targets", "targets/b", "targets/a"]);
});

test("a terminating delegation ends what lies behind it, at every level", () => {
  const world: World = {
    targets: {
      roles: [
        ["targets/a", ["*"]],
        ["targets/z", ["*"]],
      ],
    },
    "targets/a": {
      roles: [
        ["targets/b", ["x"], true],
        ["targets/c", ["*"]],
      ],
    },
    "targets/b": {},
    "targets/c": { targets: ["x", "y"] },
    "targets/z": { targets: ["x"] },
  };
  assert.deepEqual(search("tuf1", world, "x").visited, ["targets", "targets/a", "targets/b"]);
  assert.equal(deciding("tuf1", world, "x"), "absent");
  assert.equal(deciding("tuf1", world, "y"), "targets/c"); // not one of the terminating role's paths
});

test("a delegated role cannot speak for a target outside its paths, at any hop", () => {
  const world: World = {
    targets: {
      roles: [
        ["targets/a", ["a/*"]],
        ["targets/b", ["b/*"]],
      ],
    },
    "targets/a": { targets: ["b/1"], roles: [["targets/c", ["*/*"]]] },
    "targets/b": { roles: [["targets/c", ["a/*"]]] },
    "targets/c": { targets: ["b/1", "a/1"] },
  };
  assert.equal(deciding("tuf1", world, "b/1"), "absent");
  assert.equal(deciding("tuf1", world, "a/1"), "targets/c");
});

test("notary1: a child has only those of its prefixes that lie within its parent's", () => {
  const world: World = {
    targets: { roles: [["targets/a", ["v1."]]] },
    "targets/a": {
      roles: [
        ["targets/a/all", [""]],
        ["targets/a/x", ["v1.2", "v2."]],
      ],
    },
    "targets/a/all": { targets: ["v1.2.0", "v2.0"] },
    "targets/a/x": { targets: ["v1.2.0", "v2.0"] },
  };
  assert.equal(deciding("notary1", world, "v1.2.0"), "targets/a/x");
  assert.equal(deciding("notary1", world, "v2.0"), "absent");
});

test("notary1: a role without paths can publish nothing", () => {
  const world: World = { targets: { roles: [["targets/a", []]] }, "targets/a": { targets: ["x", ""] } };
  assert.equal(deciding("notary1", world, "x"), "absent");
  assert.equal(deciding("notary1", world, ""), "absent");
});

test("tuf1: whoever withholds a role's file does not get a lower role's answer", () => {
  const world: World = {
    targets: {
      roles: [
        ["targets/a", ["*"]],
        ["targets/b", ["*"]],
      ],
    },
    "targets/b": { targets: ["x"] },
  };
  assert.deepEqual(search("tuf1", world, "x").result, { kind: "blocked", role: "targets/a" });
});

test("notary1: a role that cannot be used is passed over, and the answer says so", () => {
  const world: World = {
    targets: {
      roles: [
        ["targets/a", [""]],
        ["targets/b", [""]],
      ],
    },
    "targets/b": { targets: ["x"] },
  };
  const { result } = search("notary1", world, "x");
  assert.deepEqual(result.kind === "found" && [result.role, result.passedOver], ["targets/b", ["targets/a"]]);
});

test("delegations in a circle end", () => {
  const world: World = {
    targets: { roles: [["targets/a", ["*"]]] },
    "targets/a": {
      roles: [
        ["targets/b", ["*"]],
        ["targets/a", ["*"]],
      ],
    },
    "targets/b": { roles: [["targets/a", ["*"]]] },
  };
  assert.equal(deciding("tuf1", world, "x"), "absent");
});

test("a reader of tuf1 visits 32 roles and no more", () => {
  const many = Array.from({ length: 40 }, (_, index): readonly [string, readonly string[]] => [
    `targets/r${index}`,
    ["*"],
  ]);
  const world: World = { targets: { roles: many }, ...Object.fromEntries(many.map(([name]) => [name, {}])) };
  const { result, visited } = search("tuf1", world, "x");
  assert.deepEqual(result, { kind: "exhausted", maxRoles: 32 });
  assert.equal(visited.length, 32);
});

const bins: SuccinctRoles = { keyIds: [], threshold: 1, bitLength: 3, namePrefix: "targets/bin" };
const binned: Delegations = { keys: new Map(), roles: [], succinct: bins };

test("a target has one bin, the one its hash begins with", () => {
  for (let index = 0; index < 200; index++) {
    const name = `target-${index}`;
    const [only, ...others] = delegationsFor(binned, name);
    assert.equal(others.length, 0);
    assert.equal(only?.name, `targets/bin-${((sha256(name)[0] ?? 0) >> 5).toString(16)}`);
    assert.deepEqual(findDelegation(binned, only.name), only);
  }
  const wide = { ...binned, succinct: { ...bins, bitLength: 32 } };
  const digest = Buffer.from(sha256("x")).toString("hex");
  assert.equal(delegationsFor(wide, "x")[0]?.name, `targets/bin-${digest.slice(0, 8)}`);
});

test("names that are no bin are not delegated to", () => {
  for (const name of [
    "targets/bin-8",
    "targets/bin-00",
    "targets/bin-",
    "targets/bin-F",
    "targets/bin-1 ",
    "targets/bin1",
  ]) {
    assert.equal(findDelegation(binned, parseTuf1RoleName(name)), undefined, name);
  }
  assert.deepEqual(
    [...allDelegations(binned)].map(({ name }) => name),
    Array.from({ length: 8 }, (_, bin) => `targets/bin-${bin}`),
  );
});

test("a walk through thousands of millions of bins is refused before it begins", () => {
  const walk = walkRoles("tuf1");
  walk.next();
  const content = contentOf("tuf1", { targets: { succinct: { ...bins, bitLength: 32 } } }, "targets");
  assert.throws(
    () => walk.next(content),
    (error) => isCountersignError(error, "limit.exceeded"),
  );
});

for (const dialect of ["notary1", "tuf1"] as const) {
  test(`the list shows each name once, from the role a search would choose (${dialect})`, () => {
    const all = dialect === "tuf1" ? "*" : "";
    const world: World = {
      targets: {
        targets: ["t"],
        roles: [
          ["targets/a", [all]],
          ["targets/b", [all]],
        ],
      },
      "targets/a": { targets: ["t", "a"], roles: [["targets/a/c", dialect === "tuf1" ? ["c*"] : ["c"]]] },
      "targets/b": { targets: ["a", "b", "t"] },
      "targets/a/c": { targets: ["c", "elsewhere"] },
    };
    const walk = walkRoles(dialect);
    let step = walk.next();
    while (step.done !== true) step = walk.next(contentOf(dialect, world, step.value.role));
    const listed = listTargets(dialect, step.value).map(({ name, role }) => [name, role]);
    const expected = { t: "targets", a: "targets/a", b: "targets/b", c: "targets/a/c" };
    assert.deepEqual(Object.fromEntries(listed), expected);
    assert.equal(listed.length, 4);
  });
}
