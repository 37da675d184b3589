// Names that a language, a file system or a URL reads as something else are just names: they are found when they are signed, and
// otherwise not, and they never change what another name means.
import assert from "node:assert/strict";
import { inBothDialects, SimulatedReader, Simulator, sampleTarget } from "../testing/index.ts";

const strange = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "..",
  ".",
  "../1.0",
  "/1.0",
  "a//b",
  "%2e%2e",
  "*",
  "é",
  "e\u0301",
  "\u{1f600}",
  '"quoted"',
  "back\\slash",
  "<&>",
  "x".repeat(10_000),
];

inBothDialects("a strange name is not found unless somebody signed it", async (dialect) => {
  const collection = await new SimulatedReader(await Simulator.create()).open(dialect);
  for (const name of [...strange, "", "1.0\u0000", "1.0 ", "\ud800"]) {
    assert.equal(await collection.lookup(name), undefined, JSON.stringify(name.slice(0, 20)));
  }
});

inBothDialects("a strange name that somebody signed is found as it stands, beside the others", async (dialect) => {
  const simulator = await Simulator.create();
  for (const name of strange) simulator.role("targets").targets.set(name, sampleTarget(`content of ${name}`));
  await simulator.publish("targets");
  const collection = await new SimulatedReader(simulator).open(dialect);
  for (const name of strange) {
    const found = await collection.lookup(name);
    assert.deepEqual(found?.target.hashes, sampleTarget(`content of ${name}`).hashes);
  }
  assert.equal((await collection.listTargets()).length, strange.length + 1);
  assert.equal(await collection.lookup("valueOf"), undefined);
});

inBothDialects("roles named after members of every object are just roles", async (dialect) => {
  const simulator = await Simulator.create();
  for (const name of ["targets/__proto__", "targets/constructor"]) {
    await simulator.delegate("targets", name, [name]);
    simulator.role(name).targets.set(name, sampleTarget(name));
  }
  await simulator.publish("targets", "targets/__proto__", "targets/constructor");
  const reader = new SimulatedReader(simulator);
  for (let run = 0; run < 2; run++) {
    const collection = await reader.open(dialect);
    for (const name of ["targets/__proto__", "targets/constructor"]) {
      assert.equal((await collection.lookup(name))?.role, name);
    }
  }
});
