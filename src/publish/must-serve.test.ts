// Whom a collection must serve, through publish, levelling and preflight. Each test stands for users of another program who would find nothing.
import assert from "node:assert/strict";
import { it } from "node:test";
import { tuf1 } from "../dialects/index.ts";
import type { BinLayout } from "./bins.ts";
import type { Change } from "./change.ts";
import type { CollectionState } from "./collection-state.ts";
import { isBricking } from "./findings.ts";
import { mustServe, type Reader } from "./must-serve.ts";
import { add, coded, keys, newCollection, publish, replaceTargets, targetsOf } from "./sample-collection.ts";
import { withSetting } from "./signed-settings.ts";

const signers = [keys.main, keys.kit, keys.targets];
const serve = (...readers: Reader[]): Change => ({ kind: "serve", readers });
const lay = (kind: BinLayout["kind"]): Change => ({
  kind: "bins",
  layout: kind === "flat" ? { kind } : { kind, bitLength: 2 },
});
const served = (state: CollectionState) => mustServe(targetsOf(state, "tuf1").signed);

async function filesOnly(...changes: Change[]): Promise<CollectionState> {
  const { state } = await newCollection({ dialects: [tuf1] });
  return (await publish(state, changes, signers)).state;
}

it("a layout that a program does not know is refused where the collection must serve it", async () => {
  const state = await filesOnly(serve("tough", "python-tuf"));
  assert.deepEqual(served(state), ["python-tuf", "tough"]);
  await assert.rejects(publish(state, [lay("succinct")], signers), coded("preflight.would_lock_out"));
  assert.equal(served((await publish(state, [lay("hash-prefixes")], signers)).state).length, 2);
  const forGo = await filesOnly(serve("go-tuf"));
  await assert.rejects(publish(forGo, [lay("hash-prefixes")], signers), coded("preflight.would_lock_out"));
  await publish(forGo, [lay("succinct")], signers);
  await publish(await filesOnly(lay("succinct"), serve("go-tuf")), [lay("flat"), serve("go-tuf", "tough")], signers);
});

it("a program that the layout keeps out already cannot be promised anything", async () => {
  const state = await filesOnly(lay("succinct"));
  await assert.rejects(publish(state, [serve("tough")], signers), coded("preflight.would_lock_out"));
  await assert.rejects(filesOnly(lay("hash-prefixes"), serve("go-tuf")), coded("preflight.would_lock_out"));
});

it("without a promise the choice of such a layout is warned of, once", async () => {
  const state = await filesOnly();
  for (const [kind, program] of [
    ["succinct", /^tough /],
    ["hash-prefixes", /^go-tuf /],
  ] as const) {
    const { prepared, state: after } = await publish(state, [lay(kind)], signers);
    const found = prepared.findings.filter(({ code }) => code === "reader.refuses");
    assert.deepEqual(found.map(isBricking), [false]);
    assert.match(found[0]?.message ?? "", program);
    const again = await publish(after, [lay(kind)], signers);
    assert.deepEqual(
      again.prepared.findings.filter(({ code }) => code === "reader.refuses"),
      [],
    );
  }
});

it("a document that a program would stop at is refused where the collection must serve it, and can still be renewed", async () => {
  const large = add("large", "content", { custom: { text: "x".repeat(5_000_000) }, isVerbatim: true });
  for (const reader of ["go-tuf", "python-tuf", "tuf-js"] as const) {
    const refused = publish(await filesOnly(serve(reader)), [large], signers);
    await assert.rejects(refused, coded("preflight.would_lock_out"), reader);
  }
  const { state, prepared } = await publish(await filesOnly(serve("tough")), [large], signers);
  assert.deepEqual(
    prepared.findings.filter(({ code }) => code === "document.too_large").map(isBricking),
    [false],
    "tough takes twice as much",
  );
  await assert.rejects(
    publish(state, [serve("tuf-js")], signers),
    coded("preflight.would_lock_out"),
    "a promise not kept",
  );
  const { signed } = targetsOf(state, "tuf1");
  const broken = await replaceTargets(
    state,
    "tuf1",
    "targets",
    () => withSetting(signed, "x-countersign-must-serve", ["tuf-js"]),
    keys.targets,
  );
  assert.deepEqual(
    served((await publish(broken, [add("small", "x")], signers)).state),
    ["tuf-js"],
    "not worse than it was",
  );
});

it("a promise is taken back, and stands beside members of other tools", async () => {
  const state = await filesOnly(serve("tough"));
  const after = (await publish(state, [serve()], signers)).state;
  assert.deepEqual([served(after), targetsOf(after, "tuf1").signed.extra], [[], {}]);
});

it("an old client's publish, which has no word for it, does not take the promise back", async () => {
  const { state } = await newCollection();
  const promised = (await publish(state, [serve("tough")], signers)).state;
  assert.deepEqual(targetsOf(promised, "notary1").signed.extra, {}, "notary1 says nothing of it");
  const behind = await replaceTargets(promised, "notary1", "targets", (before) => before, keys.targets);
  const level = (await publish(behind, [add("1.0", "content")], signers)).state;
  assert.deepEqual(served(level), ["tough"]);
  assert.deepEqual(targetsOf(level, "notary1").signed.extra, {});
});

it("nonsense where the promise should be is no promise, and no error", () => {
  for (const said of ["tough", null, 7, { 0: "tough" }, [7, "tough ", ["tough"]]]) {
    assert.deepEqual(mustServe({ extra: { "x-countersign-must-serve": said } }), []);
  }
  assert.deepEqual(mustServe({ extra: { "x-countersign-must-serve": ["rust-tuf", "tough", "tough"] } }), ["tough"]);
});
