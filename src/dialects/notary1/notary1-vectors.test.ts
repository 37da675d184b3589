// Notary's own metadata (vectors/notary1, captured from the Go programs): everything decodes, is written back to the identical
// bytes, and every collection verifies from its first root under the clock of its time.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { encodeHex, parseGun, parseRoleName, type RoleName, sha256 } from "../../bytes/index.ts";
import { type Document, searchTarget, TrustedSet, walkRoles } from "../../tuf/index.ts";
import { notary1 } from "./notary1.ts";

const folder = new URL("../../../vectors/notary1/metadata/", import.meta.url);

interface Fixture {
  readonly collection: string;
  readonly role: RoleName;
  readonly version: number;
  readonly bytes: Uint8Array;
}

const fixtures: readonly Fixture[] = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .map((path) => /^([^/]+)\/(.+)\.v(\d+)\.json$/.exec(path))
  .filter((match) => match !== null)
  .map(([path, collection = "", role = "", version = ""]) => ({
    collection,
    role: parseRoleName(role),
    version: Number(version),
    bytes: new Uint8Array(readFileSync(new URL(path, folder))),
  }))
  .sort((a, b) => a.version - b.version);

function decode({ role, bytes }: Fixture): Document {
  if (role === "root") return notary1.decodeRoot(bytes);
  if (role === "snapshot") return notary1.decodeSnapshot(bytes);
  if (role === "timestamp") return notary1.decodeTimestamp(bytes);
  return notary1.decodeTargets(role, bytes);
}

test("every captured document decodes and is written back to the identical bytes", () => {
  assert.ok(fixtures.length > 100, `only ${fixtures.length} fixtures`);
  for (const fixture of fixtures) {
    const document = decode(fixture);
    assert.equal(document.signed.version, fixture.version);
    const signedBytes = notary1.encodeSigned(document.signed);
    assert.deepEqual(Buffer.from(signedBytes), Buffer.from(document.signedBytes));
    const rewritten = notary1.assemble(signedBytes, document.signatures);
    const text = Buffer.from(fixture.bytes).toString("utf8");
    // One captured collection is broken by a trailing newline in an upload: what Go would have written has none.
    const expected = fixture.collection === "server-snapshot-broken-by-trailing-newline" ? text.trimEnd() : text;
    assert.equal(
      Buffer.from(rewritten).toString("utf8"),
      expected,
      `${fixture.collection}/${fixture.role}.v${fixture.version}`,
    );
  }
});

const guns: ReadonlyMap<string, string> = new Map(
  fixtures
    .filter(({ role }) => role === "root")
    .map(({ collection, bytes }) => {
      const root = notary1.decodeRoot(bytes).signed;
      const key = root.keys.get(root.roles.root.keyIds[0] ?? ("" as never));
      return [collection, key?.certificates[0]?.commonName ?? ""];
    }),
);

/** Documents of a collection by the hash their parent lists. */
function byHash(collection: string): ReadonlyMap<string, Fixture> {
  const own = fixtures.filter((fixture) => fixture.collection === collection);
  return new Map(own.map((fixture) => [encodeHex(sha256(fixture.bytes)), fixture]));
}

const now = Date.UTC(2026, 10, 22);

for (const [collection, gun] of guns) {
  test(`${collection}: each timestamp leads a reader from the first root to verified targets`, () => {
    const stored = byHash(collection);
    const roots = fixtures.filter((fixture) => fixture.collection === collection && fixture.role === "root");
    const timestamps = fixtures.filter((fixture) => fixture.collection === collection && fixture.role === "timestamp");
    let verified = 0;
    for (const timestamp of timestamps) {
      const first = roots[0];
      assert.ok(first !== undefined);
      const set = TrustedSet.fromRoot(first.bytes, { dialect: notary1, gun: parseGun(gun), now });
      const wanted = rootListedBy(timestamp, stored);
      for (const root of roots.slice(1)) {
        if (encodeHex(sha256(set.root.bytes)) === wanted) break;
        set.updateRoot(root.bytes);
      }
      set.finishRoots();
      set.updateTimestamp(timestamp.bytes);
      const snapshot = stored.get(hashIn(set.expected(parseRoleName("snapshot"))));
      assert.ok(snapshot !== undefined);
      set.updateSnapshot(snapshot.bytes);
      if (!stored.has(hashIn(set.expected(parseRoleName("targets"))))) {
        assert.equal(collection, "server-snapshot-broken-by-trailing-newline"); // row R: the listed file exists nowhere
        continue;
      }
      const walk = walkRoles("notary1");
      let step = walk.next();
      while (step.done !== true) {
        const { role, delegator } = step.value;
        const entry = set.expected(role);
        const document = entry && stored.get(hashIn(entry));
        step = walk.next(document && tolerant(() => set.updateTargets(role, document.bytes, delegator).signed));
      }
      verified += step.value.length;
    }
    assert.ok(verified >= timestamps.length - 2);
  });
}

/** An under-signed or expired delegation vanishes, as with Notary's reader. */
function tolerant<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    assert.match(String((error as { code?: string }).code), /^(threshold\.unmet|metadata\.expired|signature\.none)$/);
    return undefined;
  }
}

function hashIn(entry: { readonly hashes: ReadonlyMap<string, Uint8Array> } | undefined): string {
  return encodeHex(entry?.hashes.get("sha256") ?? new Uint8Array());
}

function rootListedBy(timestamp: Fixture, stored: ReadonlyMap<string, Fixture>): string {
  const snapshot = stored.get(hashIn(notary1.decodeTimestamp(timestamp.bytes).signed.snapshot));
  assert.ok(snapshot !== undefined);
  return hashIn(notary1.decodeSnapshot(snapshot.bytes).signed.meta.get(parseRoleName("root")));
}

test("targets decides before delegations, and targets/releases before the signer's own role", () => {
  const documents = new Map<string, Document>();
  for (const fixture of fixtures) {
    if (fixture.collection === "docker-push-then-signer") documents.set(fixture.role, decode(fixture)); // the newest wins
  }
  const decided = new Map<string, string>();
  for (const document of documents.values()) {
    if (document.signed.type !== "targets") continue;
    for (const name of document.signed.targets.keys()) {
      const search = searchTarget("notary1", name);
      let step = search.next();
      while (step.done !== true) {
        const signed = documents.get(step.value.role)?.signed;
        step = search.next(signed?.type === "targets" ? signed : undefined);
      }
      decided.set(name, step.value.kind === "found" ? step.value.role : step.value.kind);
    }
  }
  assert.deepEqual(Object.fromEntries(decided), { v1: "targets", v2: "targets/releases" });
});
