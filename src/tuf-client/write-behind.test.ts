// Documents are stored while the next is fetched: nobody is answered before they are, and nothing that fails is passed over.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CountersignError, isCountersignError } from "../bytes/index.ts";
import { openMemoryStore } from "./memory-store.ts";
import type { TufStore } from "./ports.ts";
import { settling, writeBehind } from "./write-behind.ts";

/** A disk that stores when it is told to. */
function slowStore() {
  const memory = openMemoryStore();
  const waiting: (() => void)[] = [];
  const slowly = async (work: () => Promise<void>): Promise<void> => {
    await new Promise<void>((go) => waiting.push(go));
    await work();
  };
  const store: TufStore = {
    ...memory,
    write: (role, bytes) => slowly(() => memory.write(role, bytes)),
    remove: (role) => slowly(() => memory.remove(role)),
    writeRoot: (version, bytes) => slowly(() => memory.writeRoot(version, bytes)),
  };
  const goOn = async (steps = 10) => {
    for (let step = 0; step < steps; step++) {
      waiting.pop()?.(); // the last first, as disks may
      await new Promise((later) => setImmediate(later));
    }
  };
  return { store, memory, goOn };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const full = () => Promise.reject(new CountersignError("disk.full", "no room"));

test("a write is not waited for, and an answer comes only when it is stored", async () => {
  const { store, memory, goOn } = slowStore();
  const behind = writeBehind(store);
  await behind.write("timestamp", bytes("one"));
  await behind.writeRoot(2, bytes("root"));
  let isAnswered = false;
  const answers = [1, 2].map((n) => settling(behind, Promise.resolve(n)).then(() => (isAnswered = true)));
  await new Promise((later) => setImmediate(later));
  assert.equal(await memory.read("timestamp"), undefined);
  assert.equal(isAnswered, false, "neither of two who ask at once");
  await goOn();
  await Promise.all(answers);
  assert.deepEqual([await memory.read("timestamp"), await memory.readRoot(2)], [bytes("one"), bytes("root")]);
});

test("what happens to one file happens in order, and a reader gets what was written last", async () => {
  const { store, goOn } = slowStore();
  const behind = writeBehind(store);
  await behind.write("snapshot", bytes("one"));
  await behind.write("snapshot", bytes("two"));
  const read = behind.read("snapshot");
  await goOn();
  assert.deepEqual(await read, bytes("two"));
});

test("a root never stands beside the timestamp that it made void, wherever a run is killed (5.3.11)", async () => {
  const { store, memory, goOn } = slowStore();
  await memory.write("timestamp", bytes("old"));
  const behind = writeBehind(store);
  const rotated = behind.remove("timestamp").then(() => behind.write("root", bytes("new")));
  for (let step = 0; step < 6; step++) {
    const [root, timestamp] = [await memory.read("root"), await memory.read("timestamp")];
    assert.ok(root === undefined || timestamp === undefined);
    await goOn(1);
  }
  await rotated;
  await goOn();
  assert.deepEqual([await memory.read("root"), await memory.read("timestamp")], [bytes("new"), undefined]);
});

test("a full disk fails the run although all was verified, and the next run tries again", async () => {
  const memory = openMemoryStore();
  let isFull = true;
  const behind = writeBehind({ ...memory, write: (role, content) => (isFull ? full() : memory.write(role, content)) });
  await behind.write("targets", bytes("one"));
  const isDiskFull = (error: unknown) => isCountersignError(error, "disk.full");
  await assert.rejects(settling(behind, Promise.resolve("done")), isDiskFull);
  isFull = false;
  await behind.write("targets", bytes("one"));
  await settling(behind, Promise.resolve("done"));
  assert.deepEqual(await memory.read("targets"), bytes("one"));
});

test("power may go when an answer was given: directories are synced once, after all was written and before it", async () => {
  const done: string[] = [];
  const memory = openMemoryStore();
  const behind = writeBehind({
    ...memory,
    write: async (role) => void done.push(role),
    sync: async () => void done.push("sync"),
  });
  for (const role of ["timestamp", "snapshot", "targets"]) await behind.write(role, bytes(role));
  await settling(behind, Promise.resolve("done"));
  assert.deepEqual(done, ["timestamp", "snapshot", "targets", "sync"]);
});

test("a refused document is told as such, not as the full disk beside it, and what was accepted before is stored", async () => {
  const { store, memory, goOn } = slowStore();
  const behind = writeBehind({ ...store, writeRoot: full });
  await behind.write("timestamp", bytes("accepted"));
  await behind.writeRoot(2, bytes("root"));
  const refused = settling(behind, Promise.reject(new CountersignError("threshold.unmet", "too few")));
  const told = assert.rejects(refused, (error: unknown) => isCountersignError(error, "threshold.unmet"));
  await goOn();
  await told;
  assert.deepEqual(await memory.read("timestamp"), bytes("accepted"));
});
