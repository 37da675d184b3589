// The search through delegations and what each delegated role has to stand up to. TUF 1.0.34, 4.5 and 5.6.7.
import assert from "node:assert/strict";
import { it } from "node:test";
import { encodeHex, sha256 } from "../bytes/index.ts";
import { dateAfter, rejectsWith, TufReader, TufTree } from "../testing/index.ts";

async function treeWith(...names: readonly string[]): Promise<{ tree: TufTree; reader: TufReader }> {
  const tree = await TufTree.create();
  const reader = await TufReader.of(tree);
  for (const name of names) await tree.delegate("targets", name);
  return { tree, reader };
}

it("roles are searched depth first in the order written, also when their names look like numbers", async () => {
  const { tree, reader } = await treeWith("zeta", "2", "1");
  await tree.delegate("2", "below");
  await tree.publishAll("zeta", "2", "1", "below", "targets");
  assert.equal(await reader.open().lookup("nothing"), undefined);
  const order = ["1.zeta.json", "1.2.json", "1.below.json", "1.1.json"].map((file) => `metadata/${file}`);
  assert.deepEqual(tree.takeRequests().slice(4), order);
});

it("a terminating delegation ends the search among the roles after it", async () => {
  const { tree, reader } = await treeWith();
  await tree.delegate("targets", "first", { terminating: true });
  await tree.delegate("targets", "second");
  tree.addTarget("second", "app", "from the second");
  await tree.publishAll("first", "second", "targets");
  assert.equal(await reader.open().lookup("app"), undefined);
});

it("the role of higher priority decides", async () => {
  const { tree, reader } = await treeWith("first", "second");
  tree.addTarget("second", "app", "from the second");
  tree.addTarget("first", "app", "from the first");
  await tree.publishAll("first", "second", "targets");
  assert.deepEqual((await reader.open().lookup("app"))?.chain, ["targets", "first"]);
});

it("a wildcard does not cross a slash, and matching tells upper from lower case", async () => {
  const { tree, reader } = await treeWith();
  await tree.delegate("targets", "images", { paths: ["images/*.img", "Case"] });
  for (const path of ["images/a.img", "images/deep/a.img", "case", "Case"]) tree.addTarget("images", path, path);
  await tree.publishAll("images", "targets");
  const repository = reader.open();
  const found = await Promise.all(
    ["images/a.img", "images/deep/a.img", "case", "Case"].map(
      async (path) => (await repository.lookup(path)) !== undefined,
    ),
  );
  assert.deepEqual(found, [true, false, false, true]);
});

it("a path must be allowed at every step of the way, not only at the last", async () => {
  const { tree, reader } = await treeWith();
  await tree.delegate("targets", "team", { paths: ["team/*"] });
  await tree.delegate("team", "everything", { paths: ["*", "*/*"] });
  tree.addTarget("everything", "other/app", "stolen");
  tree.addTarget("everything", "team/app", "theirs");
  await tree.publishAll("team", "everything", "targets");
  const repository = reader.open();
  assert.equal(await repository.lookup("other/app"), undefined);
  assert.deepEqual((await repository.lookup("team/app"))?.chain, ["targets", "team", "everything"]);
});

it("a role reached through two delegators is checked with the keys of each, from the store too", async () => {
  const { tree, reader } = await treeWith();
  await tree.delegate("targets", "a", { paths: ["a/*"] });
  await tree.delegate("targets", "b", { paths: ["b/*"] });
  await tree.delegate("a", "release", { paths: ["a/*"] });
  await tree.delegate("b", "release", { paths: ["b/*"] });
  tree.signers.get("release")?.pop(); // only the key that a lists
  for (const path of ["a/app", "b/app"]) tree.addTarget("release", path, path);
  await tree.publishAll("release", "a", "b", "targets");
  const repository = reader.open();
  assert.notEqual(await repository.lookup("a/app"), undefined);
  await rejectsWith(repository.lookup("b/app"), "threshold.unmet");
  await rejectsWith(reader.open().lookup("b/app"), "threshold.unmet");
});

it("a role that cannot be had or verified ends the search: nobody chooses the answer by withholding a file", async () => {
  const spoilers: readonly [string, (tree: TufTree) => void, Parameters<typeof rejectsWith>[1]][] = [
    ["missing", (tree) => tree.lies.set("metadata/2.first.json", { status: 404 }), "metadata.missing"],
    ["a broken server", (tree) => tree.lies.set("metadata/2.first.json", { status: 503 }), "download.unavailable"],
    ["endless", (tree) => tree.lies.set("metadata/2.first.json", { isEndless: true }), "download.too_large"],
    ["garbage", (tree) => tree.lies.set("metadata/2.first.json", { bytes: new Uint8Array([0]) }), "json.invalid"],
    [
      "an old version",
      (tree) => tree.lies.set("metadata/2.first.json", { bytes: tree.file("metadata/1.first.json") }),
      "metadata.version_mismatch",
    ],
  ];
  for (const [what, spoil, code] of spoilers) {
    const { tree, reader } = await treeWith("first", "second");
    tree.addTarget("second", "app", "of the second");
    await tree.publishAll("first", "second", "targets");
    await tree.publishAll("first");
    spoil(tree);
    await rejectsWith(reader.open().lookup("app"), code);
    assert.equal(await reader.version("first"), undefined, what);
  }
});

it("a delegated role is held to expiry, hash and length as the others are", async () => {
  const { tree, reader } = await treeWith("team");
  tree.listsHashes = true;
  tree.role("team").expires = dateAfter(-1);
  await tree.publishAll("team", "targets");
  await rejectsWith(reader.open().lookup("x"), "metadata.expired");
  tree.role("team").expires = dateAfter(9);
  await tree.publishAll("team");
  const entry = tree.role("snapshot").meta["team.json"];
  for (const [change, code] of [
    [{ length: entry.length - 1 }, "metadata.length_mismatch"],
    [{ hashes: { sha256: "0".repeat(64) } }, "metadata.hash_mismatch"],
    [{ hashes: { sha256: entry.hashes.sha256, sha512: "0".repeat(128) } }, "metadata.hash_mismatch"],
    [{ hashes: { "unknown-hash": "00" } }, "target.invalid"],
  ] as const) {
    tree.role("snapshot").meta["team.json"] = { ...entry, ...change };
    await tree.publish("snapshot", "timestamp");
    await rejectsWith(reader.open().lookup("x"), code);
    assert.equal(await reader.version("team"), undefined);
  }
});

it("a role that the snapshot does not list is not published: not asked for, and the search ends", async () => {
  const { tree, reader } = await treeWith("first", "second");
  tree.addTarget("second", "app", "x");
  await tree.publishAll("second", "targets");
  assert.equal(await reader.open().lookup("app"), undefined);
  assert.ok(!tree.requests.includes("metadata/1.first.json"));
});

it("delegations to root, timestamp, snapshot, targets, to nobody, or twice to one name are refused", async () => {
  for (const name of ["root", "timestamp", "snapshot", "targets", ""]) {
    const { tree, reader } = await treeWith(name);
    await tree.publishAll("targets");
    await rejectsWith(reader.open().refresh(), "metadata.invalid");
  }
  const { tree, reader } = await treeWith("twice", "twice");
  await tree.publishAll("targets");
  await rejectsWith(reader.open().refresh(), "metadata.invalid");
});

it("roles that delegate in a circle end, and no more than 32 are visited", async () => {
  const { tree, reader } = await treeWith("a");
  await tree.delegate("a", "b");
  await tree.delegate("b", "a");
  await tree.publishAll("a", "b", "targets");
  assert.equal(await reader.open().lookup("x"), undefined);
  const wide = await TufTree.create();
  const names = Array.from({ length: 40 }, (_, index) => `role-${index}`);
  for (const name of names) await wide.delegate("targets", name);
  await wide.publishAll(...names, "targets");
  const wideReader = await TufReader.of(wide);
  await rejectsWith(wideReader.open().lookup("x"), "limit.exceeded");
  assert.equal(wide.requests.filter((file) => file.includes("role-")).length, 31);
});

it("succinct bins of every width lead to the one bin that the hash names, and to no other", async () => {
  const digest = encodeHex(sha256("dist/app.tar"));
  for (let bits = 1; bits <= 32; bits++) {
    const { tree, reader } = await treeWith();
    const bin = Number.parseInt(digest.slice(0, 8), 16) >>> (32 - bits);
    const suffix = (number: number) => number.toString(16).padStart(Math.ceil(bits / 4), "0");
    const [name, neighbour] = [`bin-${suffix(bin)}`, `bin-${suffix(bits === 32 ? bin ^ 1 : (bin + 1) % 2 ** bits)}`];
    const { keyids } = await tree.delegate("targets", name);
    const { keys } = tree.role("targets").delegations;
    tree.role("targets").delegations = {
      keys,
      succinct_roles: { keyids, threshold: 1, bit_length: bits, name_prefix: "bin" },
    };
    tree.addTargetsRole(neighbour);
    tree.signers.set(neighbour, [tree.signer(name)]);
    tree.addTarget(neighbour, "dist/app.tar", "stolen");
    await tree.publishAll(name, neighbour, "targets");
    assert.equal(await reader.open().lookup("dist/app.tar"), undefined, `${bits} bits`);
    tree.addTarget(name, "dist/app.tar", "x");
    await tree.publishAll(name);
    assert.deepEqual((await reader.open().lookup("dist/app.tar"))?.chain, ["targets", name], `${bits} bits`);
  }
});

it("succinct bins of a width that is none are refused, and so are bins beside roles", async () => {
  for (const changes of [{ bit_length: 0 }, { bit_length: 33 }, { bit_length: "8" }, { name_prefix: "" }, {}]) {
    const { tree, reader } = await treeWith("bin-0");
    const { keys, roles } = tree.role("targets").delegations;
    const { keyids } = roles[0];
    const succinct = { keyids, threshold: 1, bit_length: 8, name_prefix: "bin", ...changes };
    tree.role("targets").delegations = {
      keys,
      succinct_roles: succinct,
      ...(Object.keys(changes).length === 0 ? { roles } : {}),
    };
    await tree.publishAll("targets");
    await rejectsWith(reader.open().refresh(), "metadata.invalid");
  }
});

it("hash prefixes of any length lead to a role; another prefix, and no path at all, lead nowhere", async () => {
  const digest = encodeHex(sha256("dist/app.tar"));
  for (const length of [1, 2, 3, 7, 8, 31, 63, 64]) {
    const { tree, reader } = await treeWith();
    const prefix = digest.slice(0, length);
    const near = prefix.slice(0, -1) + (prefix.endsWith("0") ? "1" : "0");
    await tree.delegate("targets", "near", { path_hash_prefixes: [near], terminating: true });
    await tree.delegate("targets", "empty", { path_hash_prefixes: [], terminating: true });
    await tree.delegate("targets", "nothing", { paths: [], terminating: true });
    await tree.delegate("targets", "right", { path_hash_prefixes: [near, prefix] });
    for (const role of ["near", "empty", "nothing", "right"]) tree.addTarget(role, "dist/app.tar", role);
    await tree.publishAll("near", "empty", "nothing", "right", "targets");
    assert.deepEqual((await reader.open().lookup("dist/app.tar"))?.chain, ["targets", "right"], `${length} digits`);
  }
});

it("names such as __proto__, constructor and toString are just names of roles, keys and targets", async () => {
  const names = ["__proto__", "constructor", "toString", "hasOwnProperty"];
  const { tree, reader } = await treeWith(...names);
  for (const name of names) tree.addTarget(name, `${name}/x`, name);
  const delegations = tree.role("targets").delegations.roles;
  for (const delegation of delegations) delegation.paths = ["*", `${delegation.name}/*`];
  for (const name of names) tree.addTarget("constructor", name, "own");
  await tree.publishAll(...names, "targets");
  const repository = reader.open();
  for (const name of names) {
    assert.deepEqual((await repository.lookup(`${name}/x`))?.chain, ["targets", name]);
    assert.deepEqual((await repository.lookup(name))?.chain, ["targets", "constructor"]);
  }
  assert.equal(await repository.lookup("valueOf"), undefined);
});
