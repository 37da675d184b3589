// Repositories that others made (vectors/README files say who): Notary's own history and python-tuf's, read as a first reader would have
// read them at the time.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { digestOf, parseGun } from "../bytes/index.ts";
import { notary1, roleInTuf1, tuf1 } from "../dialects/index.ts";
import { hour, rejectsWith } from "../testing/index.ts";
import { openCollection } from "./open-collection.ts";
import type { MetadataSource, Wanted } from "./ports.ts";
import { noCache } from "./verify-bundle.ts";

/** Captured documents `ROLE.vN.json`; the reader comes an hour before timestamp `at` expired. */
function readNotary(name: string, gun: string, at: number) {
  const base = new URL(`../../vectors/notary1/metadata/${name}/`, import.meta.url);
  const files = readdirSync(base, { recursive: true, encoding: "utf8" });
  const versions = (role: string) =>
    files
      .map((file) => /^(.+)\.v(\d+)\.json$/.exec(file.replaceAll("\\", "/")))
      .filter((match) => match?.[1] === role)
      .map((match) => Number(match?.[2]))
      .sort((a, b) => a - b);
  const load = (role: string, version: number) =>
    new Uint8Array(readFileSync(new URL(`${role}.v${version}.json`, base)));
  const byDigest = async (role: string, wanted: Wanted) =>
    versions(role)
      .map((version) => load(role, version))
      .find((bytes) => digestOf(bytes) === wanted.digest);
  const source: MetadataSource = {
    fetchRoot: async (version = versions("root").at(-1) ?? 1) =>
      versions("root").includes(version) ? load("root", version) : undefined,
    fetchTimestamp: async () => load("timestamp", at),
    fetchSnapshot: (wanted) => byDigest("snapshot", wanted),
    fetchTargets: byDigest,
  };
  const now = notary1.decodeTimestamp(load("timestamp", at)).signed.expires.at - hour;
  const common = { gun: parseGun(gun), cache: noCache, pins: [], trustOnFirstUse: true };
  return openCollection({ ...common, dialect: "notary1", source, now });
}

function commonNameIn(name: string): string {
  const base = new URL(`../../vectors/notary1/metadata/${name}/root.v1.json`, import.meta.url);
  const root = notary1.decodeRoot(new Uint8Array(readFileSync(base)));
  return [...root.signed.keys.values()].flatMap((key) => key.certificates).at(0)?.commonName ?? "";
}

async function listed(name: string, at: number) {
  const collection = await readNotary(name, commonNameIn(name), at);
  const targets = await collection.listTargets();
  return {
    targets: targets.map((found) => `${found.name} ${found.role}`).sort(),
    warnings: collection.warnings.map((warning) => warning.code),
  };
}

test("notary: a history with rotated keys, delegations and odd names lists what Notary lists", async () => {
  const { targets, warnings } = await listed("notary-full-history", 11);
  assert.deepEqual(warnings, []);
  assert.deepEqual(targets, [
    "2.0 targets/releases",
    "dev-9 targets/rsa",
    "rel-<&>é targets/rsa",
    "rel-c4 targets/rsa",
    "v1.0 targets",
    "v1.1 targets",
  ]);
});

test("notary: an expired delegation is left out with a warning, and is back once it is witnessed", async () => {
  const name = "delegation-expired-then-witnessed";
  assert.deepEqual(await listed(name, 4), { targets: ["v1 targets"], warnings: ["metadata.expired"] });
  assert.deepEqual(await listed(name, 5), { targets: ["r1 targets/releases", "v1 targets"], warnings: [] });
});

test("notary: targets that a real server broke by hashing what it did not store cannot be found", async () => {
  await rejectsWith(listed("server-snapshot-broken-by-trailing-newline", 3), "metadata.missing");
});

for (const name of ["repository-compact", "repository-indented"]) {
  test(`python-tuf: ${name} is read through every kind of delegation`, async () => {
    const base = new URL(`../../vectors/tuf1/${name}/`, import.meta.url);
    const files = new Set(readdirSync(base));
    const load = async (file: string) =>
      files.has(file) ? new Uint8Array(readFileSync(new URL(file, base))) : undefined;
    const timestamp = await load("timestamp.json");
    assert.ok(timestamp);
    const source: MetadataSource = {
      fetchRoot: (version = 2) => load(`${version}.root.json`),
      fetchTimestamp: () => load("timestamp.json"),
      fetchSnapshot: (wanted) => load(`${wanted.version}.snapshot.json`),
      fetchTargets: (role, wanted) => load(`${wanted.version}.${role === "targets" ? role : roleInTuf1(role)}.json`),
    };
    const now = tuf1.decodeTimestamp(timestamp).signed.expires.at - hour;
    const common = { gun: parseGun("python-tuf"), cache: noCache, pins: [], trustOnFirstUse: true };
    const collection = await openCollection({ ...common, dialect: "tuf1", source, now });
    const targets = await collection.listTargets();
    const roles = await collection.roles();
    assert.ok(roles.every((report) => report.state.kind === "trusted"));
    assert.ok(roles.length >= 7, `${roles.length} roles`);
    assert.ok(targets.length > 0);
    for (const found of targets) assert.equal((await collection.lookup(found.name))?.role, found.role);
  });
}
