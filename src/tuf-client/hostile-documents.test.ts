// Documents that no honest tool writes: whatever comes, a coded error comes out, and the store holds what it held.
import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { CountersignError } from "../bytes/index.ts";
import { type LooseJson, TufReader, TufTree } from "../testing/index.ts";

async function refusedWithCode(reader: TufReader, what: string): Promise<void> {
  try {
    await reader.open().lookup("app");
  } catch (error) {
    assert.ok(error instanceof CountersignError, `${what}: ${String(error)}`);
    assert.notEqual(error.code, "bug.unexpected", what);
    return;
  }
  assert.fail(`${what} was accepted`);
}

/** Every way to leave out or replace one member of `value`, as paths. */
function* places(value: unknown, path: readonly string[] = []): Generator<readonly string[]> {
  if (typeof value !== "object" || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    yield [...path, name];
    yield* places(member, [...path, name]);
  }
}

function set(root: LooseJson, path: readonly string[], value: unknown): void {
  let at = root;
  for (const step of path.slice(0, -1)) at = at[step];
  const last = path.at(-1) ?? "";
  if (value === undefined && Array.isArray(at)) at.splice(Number(last), 1);
  else if (value === undefined) delete at[last];
  else at[last] = value;
}

const optional =
  /consistent_snapshot|delegations$|terminating|length|hashes\.sha(256|512)?$|hashes$|scheme|public|keyval|keytype/;

it("a member that is missing, null or of another type is a coded error in every role", async () => {
  for (const role of ["root", "timestamp", "snapshot", "targets", "team"]) {
    const tree = await TufTree.create();
    tree.listsHashes = true;
    await tree.delegate("targets", "team", { threshold: 1 });
    tree.addTarget("team", "app", "x");
    await tree.publishAll("team", "targets");
    const honest = structuredClone(tree.role(role));
    for (const path of places(honest)) {
      for (const value of [undefined, null, [], {}, "x", -1, true]) {
        if (value === undefined && optional.test(path.join("."))) continue;
        const signed = structuredClone(honest);
        set(signed, path, value);
        signed.version = typeof signed.version === "number" && signed.version > 0 ? honest.version + 1 : signed.version;
        const bytes = await tree.sign(role, signed);
        const reader = await TufReader.of(tree);
        const [file = ""] = [...tree.files.keys()].filter((name) => name.endsWith(`${role}.json`)).reverse();
        tree.lies.clear();
        tree.lies.set(role === "root" ? "metadata/2.root.json" : file, { bytes });
        try {
          await reader.open().lookup("app");
        } catch (error) {
          assert.ok(error instanceof CountersignError, `${role} ${path.join(".")}: ${String(error)}`);
          assert.notEqual(error.code, "bug.unexpected", `${role} ${path.join(".")}`);
        }
      }
    }
  }
});

it("deep, huge, doubled and imprecise JSON is refused", async () => {
  const texts: readonly string[] = [
    "null",
    "[]",
    "{}",
    '{"signed": null, "signatures": []}',
    '{"signed": {}, "signatures": null}',
    `{"signed": ${"[".repeat(4000)}${"]".repeat(4000)}, "signatures": []}`,
    `{"signed": ${'{"a":'.repeat(2000)}1${"}".repeat(2000)}, "signatures": []}`,
    '{"signed": {"_type": "timestamp", "_type": "timestamp"}, "signatures": []}',
    '{"signed": {"version": 9007199254740993}, "signatures": []}',
    '{"signed": {"version": 1e3}, "signatures": []}',
    '{"signed": {"__proto__": {"_type": "timestamp"}}, "signatures": []}',
    '{"signed": {"x": "\\ud800"}, "signatures": []}',
    "\u0000",
  ];
  const tree = await TufTree.create();
  for (const text of texts) {
    const reader = await TufReader.of(tree);
    tree.lies.set("metadata/timestamp.json", { bytes: new TextEncoder().encode(text) });
    await refusedWithCode(reader, text.slice(0, 60));
    assert.equal(await reader.version("timestamp"), undefined);
  }
});

it("five megabytes of nested JSON in a targets role end quickly", async () => {
  const tree = await TufTree.create();
  const reader = await TufReader.of(tree);
  const bytes = new TextEncoder().encode(`{"signed":${"[".repeat(2_499_000)}${"]".repeat(2_499_000)},"signatures":[]}`);
  tree.lies.set("metadata/1.targets.json", { bytes });
  await refusedWithCode(reader, "nested");
});

it("bytes changed anywhere in a document are never accepted", async () => {
  const tree = await TufTree.create();
  tree.listsHashes = true;
  tree.addTarget("targets", "app", "x");
  await tree.publishAll("targets");
  const files = ["metadata/2.snapshot.json", "metadata/2.targets.json"];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...files), fc.nat(), fc.integer({ min: 1, max: 255 }), async (file, at, flip) => {
      const bytes = tree.file(file).slice();
      const index = at % bytes.length;
      bytes[index] = (bytes[index] ?? 0) ^ flip;
      tree.lies.clear();
      tree.lies.set(file, { bytes });
      await refusedWithCode(await TufReader.of(tree), `${file} at ${index}`);
    }),
    { numRuns: 150 },
  );
});
