// Endless, slow, stalled and broken bodies: the reader always comes back, with a code, and stops the source.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CountersignError } from "./errors.ts";
import { readLimited, type Schedule } from "./limited-reader.ts";

/** Timers that fire when told. */
function fakeSchedule() {
  let now = 0;
  const timers = new Set<{ at: number; fire: () => void }>();
  const schedule: Schedule = (milliseconds, fire) => {
    const timer = { at: now + milliseconds, fire };
    timers.add(timer);
    return () => timers.delete(timer);
  };
  const advance = (milliseconds: number) => {
    now += milliseconds;
    for (const timer of timers) {
      if (timer.at > now) continue;
      timers.delete(timer);
      timer.fire();
    }
  };
  return { schedule, advance, timers };
}

async function* chunks(...sizes: readonly number[]) {
  for (const size of sizes) yield new Uint8Array(size).fill(7);
}

/** Gives one byte each time `next` is called with a pending step, and notes when it is stopped. */
function manualSource() {
  let pending: ((result: IteratorResult<Uint8Array>) => void) | undefined;
  let stopped = false;
  const source: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise((resolve) => (pending = resolve)),
      return: () => {
        stopped = true;
        return new Promise(() => undefined); // a source that hangs even when told to stop
      },
    }),
  };
  const give = async (size: number) => {
    pending?.({ done: false, value: new Uint8Array(size) });
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  };
  return { source, give, isStopped: () => stopped };
}

test("collects all bytes up to exactly the limit", async () => {
  const bytes = await readLimited(chunks(0, 3, 20_000, 1, 0), { maxBytes: 20_004 });
  assert.equal(bytes.length, 20_004);
  assert.ok(bytes.every((byte) => byte === 7));
  assert.equal((await readLimited(chunks(), { maxBytes: 0 })).length, 0);
});

test("endless data stops at the limit, and the source is stopped", async () => {
  let given = 0;
  let stopped = false;
  async function* endless() {
    try {
      for (;;) {
        given++;
        yield new Uint8Array(10);
      }
    } finally {
      stopped = true;
    }
  }
  await assert.rejects(readLimited(endless(), { maxBytes: 95, what: "timestamp" }), {
    code: "download.too_large",
    message: "timestamp: longer than 95 bytes",
  });
  assert.equal(given, 10);
  assert.equal(stopped, true);
});

test("a stalled body ends after the idle time; empty chunks are no progress", async () => {
  const { schedule, advance, timers } = fakeSchedule();
  const { source, give, isStopped } = manualSource();
  const reading = readLimited(source, { maxBytes: 100, idleMs: 1000, schedule });
  await give(1);
  advance(900);
  await give(1);
  advance(900);
  await give(0);
  advance(100);
  await assert.rejects(reading, { code: "download.too_slow" });
  assert.equal(isStopped(), true);
  assert.equal(timers.size, 0);
});

test("a body that drips for ever ends at the total deadline", async () => {
  const { schedule, advance, timers } = fakeSchedule();
  const { source, give } = manualSource();
  const reading = readLimited(source, { maxBytes: 100, idleMs: 1000, totalMs: 3000, schedule });
  for (let second = 0; second < 4; second++) {
    await give(1);
    advance(750);
  }
  await assert.rejects(reading, { code: "download.too_slow", message: /not complete after 3000 ms/ });
  assert.equal(timers.size, 0);
});

test("an abort ends the reading, at once if it came before", async () => {
  const controller = new AbortController();
  const { source } = manualSource();
  const reading = readLimited(source, { maxBytes: 100, signal: controller.signal });
  controller.abort();
  await assert.rejects(reading, { code: "download.failed" });
  await assert.rejects(readLimited(manualSource().source, { maxBytes: 1, signal: controller.signal }), {
    code: "download.failed",
  });
  const timeout = AbortSignal.abort(new DOMException("late", "TimeoutError"));
  await assert.rejects(readLimited(manualSource().source, { maxBytes: 1, signal: timeout }), {
    code: "download.too_slow",
  });
  const own = AbortSignal.abort(new CountersignError("download.unreachable", "gone"));
  await assert.rejects(readLimited(manualSource().source, { maxBytes: 1, signal: own }), {
    code: "download.unreachable",
  });
});

test("a source that breaks off gives a coded error with its cause", async () => {
  const cause = new Error("ECONNRESET");
  async function* broken() {
    yield new Uint8Array(1);
    throw cause;
  }
  await assert.rejects(readLimited(broken(), { maxBytes: 10 }), { code: "download.failed", cause });
});
