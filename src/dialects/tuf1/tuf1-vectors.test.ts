// Metadata made by python-tuf (vectors/tuf1): it decodes, its `signed` is written back to the identical canonical bytes, and a
// reader walks from the first root to every delegated role: patterns, hash prefixes, succinct bins, keys of every kind.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { parseGun, parseRoleName } from "../../bytes/index.ts";
import { type Document, listTargets, type Signed, TrustedSet, walkRoles } from "../../tuf/index.ts";
import { roleFromTuf1, roleInTuf1 } from "../role-names.ts";
import { tuf1 } from "./tuf1.ts";

const now = Date.UTC(2026, 10, 22);
const gun = parseGun("registry.example.com/team/app");

for (const name of ["repository-compact", "repository-indented"]) {
  const folder = new URL(`../../../vectors/tuf1/${name}/`, import.meta.url);
  const read = (file: string) => new Uint8Array(readFileSync(new URL(file, folder)));

  test(`${name}: every document is written back to the same signed bytes`, () => {
    const files = readdirSync(folder);
    assert.ok(files.length >= 10);
    for (const file of files) {
      const document = decode(file, read(file));
      assert.deepEqual(Buffer.from(tuf1.encodeSigned(document.signed)), Buffer.from(document.signedBytes), file);
      const rewritten = decode(file, tuf1.assemble(document.signedBytes, document.signatures));
      assert.deepEqual(Buffer.from(rewritten.signedBytes), Buffer.from(document.signedBytes), file);
      assert.deepEqual(rewritten.signatures, document.signatures, file);
    }
  });

  test(`${name}: a reader gets from root 1 to every role`, () => {
    const set = TrustedSet.fromRoot(read("1.root.json"), { dialect: tuf1, gun, now });
    set.updateRoot(read("2.root.json"));
    set.finishRoots();
    set.updateTimestamp(read("timestamp.json"));
    set.updateSnapshot(read(`${set.expected(parseRoleName("snapshot"))?.version}.snapshot.json`));
    const walk = walkRoles("tuf1");
    let step = walk.next();
    while (step.done !== true) {
      const { role, delegator } = step.value;
      const entry = set.expected(role);
      assert.ok(entry !== undefined, role);
      const bytes = read(`${entry.version}.${encodeURIComponent(roleInTuf1(role))}.json`);
      step = walk.next(set.updateTargets(role, bytes, delegator).signed);
    }
    assert.deepEqual(
      step.value.map(({ role }) => role),
      ["targets", "releases", "hashed", "bins", "bin-0", "bin-1", "bin-2", "bin-3"].map((role) => roleFromTuf1(role)),
    );
    const listed = listTargets("tuf1", step.value);
    assert.ok(listed.some(({ name: target }) => target === "1.4.2"));
    for (const { chain, role } of listed) assert.equal(chain.at(-1), role);
  });
}

function decode(file: string, bytes: Uint8Array): Document<Signed> {
  const role = file.replace(/^\d+\./, "").replace(/\.json$/, "");
  if (role === "root") return tuf1.decodeRoot(bytes);
  if (role === "snapshot") return tuf1.decodeSnapshot(bytes);
  if (role === "timestamp") return tuf1.decodeTimestamp(bytes);
  return tuf1.decodeTargets(roleFromTuf1(role), bytes);
}
