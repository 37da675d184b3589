// Endless and slow data: a server that never stops sending, or never starts. Every fetch has a limit and ends with the caller's deadline.
import assert from "node:assert/strict";
import { CountersignError } from "../bytes/index.ts";
import { inBothDialects, type Lie, rejectsWith, SimulatedReader, Simulator, sampleTarget } from "../testing/index.ts";
import { defaultLimits } from "./limits.ts";

const fetches = ["root newest", "root 2", "timestamp", "snapshot", "targets", "targets/releases"] as const;

async function withDelegation() {
  const simulator = await Simulator.create();
  await simulator.delegate("targets", "targets/releases", ["release-"]);
  simulator.role("targets/releases").targets.set("release-1", sampleTarget("release one"));
  await simulator.publishRoot();
  await simulator.publish("targets", "targets/releases");
  return simulator;
}

/** Walks through every kind of fetch: a reader at root 1 meets `root 2`, a fresh one `root newest`. */
async function readAll(simulator: Simulator, dialect: "notary1" | "tuf1", signal?: AbortSignal) {
  const reader = new SimulatedReader(simulator);
  const collection = await reader.open(dialect, signal === undefined ? {} : { signal });
  return collection.lookup("release-1");
}

async function underLie(
  dialect: "notary1" | "tuf1",
  what: string,
  lie: Lie,
  work: (simulator: Simulator) => Promise<void>,
) {
  const simulator = await withDelegation();
  const source = simulator.source(dialect);
  if (what === "root 2") {
    const first = source.stored.roots.get(1);
    assert.ok(first);
    source.lies.set("root newest", { kind: "bytes", bytes: first });
  }
  source.lies.set(what, lie);
  await work(simulator);
}

inBothDialects("endless documents end at the limit, whichever it is", async (dialect) => {
  for (const what of fetches) {
    for (const kind of ["endless", "oversized"] as const) {
      await underLie(dialect, what, { kind }, async (simulator) => {
        const isListed = !what.startsWith("root") && what !== "timestamp";
        await rejectsWith(readAll(simulator, dialect), isListed ? "metadata.length_mismatch" : "download.too_large");
        const limits = defaultLimits(dialect);
        for (const request of simulator.source(dialect).requests) {
          const allowed = request.what.startsWith("root")
            ? limits.rootBytes
            : request.what === "timestamp"
              ? limits.timestampBytes
              : 10_000; // what the parent lists
          assert.ok(request.maxBytes <= allowed, `${request.what} may have ${request.maxBytes} bytes`);
        }
      });
    }
  }
});

inBothDialects(
  "documents that never come end with the deadline, even if the adapter does not listen",
  async (dialect) => {
    for (const what of fetches) {
      for (const kind of ["slow", "deaf"] as const) {
        await underLie(dialect, what, { kind }, async (simulator) => {
          const deadline = new AbortController();
          simulator.source(dialect).beforeAnswer = (asked) => {
            if (asked === what) queueMicrotask(() => deadline.abort());
          };
          await rejectsWith(readAll(simulator, dialect, deadline.signal), "download.too_slow");
        });
      }
    }
  },
);

inBothDialects("an adapter that throws anything else is still a coded error with its cause", async (dialect) => {
  const cause = new TypeError("socket hang up");
  await underLie(dialect, "timestamp", { kind: "error", error: cause }, async (simulator) => {
    const error = await readAll(simulator, dialect).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof CountersignError && error.code === "download.failed" && error.cause === cause);
  });
});

inBothDialects("missing documents have codes of their own", async (dialect) => {
  for (const what of fetches) {
    if (what.startsWith("root")) continue;
    await underLie(dialect, what, { kind: "missing" }, async (simulator) => {
      await rejectsWith(readAll(simulator, dialect), "metadata.missing");
    });
  }
  const simulator = await withDelegation();
  simulator.source(dialect).stored.roots.clear();
  await rejectsWith(readAll(simulator, dialect), "collection.missing");
});

inBothDialects("endless roots end at the limit, and the next run goes on from there", async (dialect) => {
  const simulator = await Simulator.create();
  const reader = new SimulatedReader(simulator);
  await reader.open(dialect);
  for (let version = 0; version < 5; version++) await simulator.publishRoot();
  await simulator.publish();
  const limits = { rootRotations: 2 };
  await rejectsWith(reader.open(dialect, { limits }), "limit.exceeded");
  await rejectsWith(reader.open(dialect, { limits }), "limit.exceeded");
  assert.equal((await reader.open(dialect, { limits })).root.version, 6);
});

inBothDialects("a maze of delegations ends at the limit", async (dialect) => {
  const simulator = await Simulator.create();
  const names = ["targets/a", "targets/b", "targets/c", "targets/d"];
  for (const name of names) await simulator.delegate("targets", name);
  simulator.role("targets/d").targets.set("deep", sampleTarget("deep"));
  await simulator.publish("targets", ...names);
  const reader = new SimulatedReader(simulator);
  assert.ok(await (await reader.open(dialect)).lookup("deep"));
  const tight = await reader.open(dialect, { limits: { delegations: 3 } });
  await rejectsWith(tight.lookup("deep"), "limit.exceeded");
});
