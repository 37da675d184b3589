// A PostgreSQL that goes away while we write: cut in each phase of a commit, silent, refusing, killed with -9 under load, and shared by several
// servers. No acknowledged commit may be lost, none may be made twice, and everything goes on by itself once the database is back.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Gun, isCountersignError, parseGun } from "../src/bytes/index.ts";
import { openPostgresSignerKeys, openPostgresStorage, type Storage } from "../src/storage/index.ts";
import { type CuttingProxy, cuttingProxy, type Direction } from "./peers/cutting-proxy.ts";
import { findPeer, peerTest } from "./peers/find.ts";
import { type Postgres, startPostgres } from "./peers/postgres.ts";
import { scratch } from "./peers/scratch.ts";
import { gun, publish, targets } from "./peers/small-commits.ts";

const running = new AsyncDisposableStack();
let postgres: Postgres;
let databases = 0;

if (findPeer("postgres") !== undefined) {
  before(async () => {
    postgres = running.use(await startPostgres(running.use(scratch("postgres-outages"))));
  });
  after(() => running.disposeAsync());
}

function newDatabase(): Promise<string> {
  return postgres.createDatabase(`outage_${++databases}`);
}

/** A storage behind a line that can be cut. */
async function behindProxy(stack: AsyncDisposableStack, timeoutMs?: number): Promise<[CuttingProxy, Storage]> {
  const url = await newDatabase();
  const proxy = stack.use(await cuttingProxy(postgres.port));
  const through = url.replace(`:${postgres.port}/`, `:${proxy.port}/`);
  return [proxy, stack.use(await openPostgresStorage({ url: through, timeoutMs }))];
}

/** What must work again about a second after the database does; more, for a busy machine. */
async function soon<T>(work: () => Promise<T>): Promise<T> {
  const until = performance.now() + 3_000;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isCountersignError(error, "storage.unavailable") || performance.now() > until) throw error;
      await sleep(20);
    }
  }
}

/** The name under which a statement travels, whether or not its text goes along. */
function prepared(sql: string): string {
  return `cs_${createHash("sha256").update(sql).digest("hex").slice(0, 32)}`;
}

const phases: readonly (readonly [string, Direction, string])[] = [
  ["at its beginning", "to-server", prepared("BEGIN ISOLATION LEVEL READ COMMITTED")],
  ["before the answer to its beginning", "to-client", "BEGIN"],
  ["before what is stored is known", "to-client", "SELECT"],
  ["before COMMIT arrives", "to-server", prepared("COMMIT")],
  ["after COMMIT, before its answer", "to-client", "COMMIT"],
];

for (const [name, direction, word] of phases) {
  peerTest(`a commit cut off ${name} is made once, and says so`, ["postgres"], async () => {
    await using stack = new AsyncDisposableStack();
    const [proxy, storage] = await behindProxy(stack);
    assert.equal(await storage.commit(publish(1)), 1);
    const isCut = proxy.cutBefore(direction, word);
    assert.equal(await storage.commit(publish(2)), 2);
    await isCut;
    assert.equal(await storage.commit(publish(3)), 3);
    assert.equal((await storage.changes({ limit: 10, newestFirst: false })).length, 3);
    assert.equal((await storage.current(gun, targets))?.version, 3);
  });
}

peerTest(
  "a commit still under way when its line breaks is waited for, not made a second time",
  ["postgres"],
  async () => {
    await using stack = new AsyncDisposableStack();
    const [proxy, storage] = await behindProxy(stack);
    await storage.commit(publish(1));
    // COMMIT now waits for a standby that does not exist.
    const standby = async (name: string) => {
      await postgres.query("postgres", `ALTER SYSTEM SET synchronous_standby_names = '${name}'`);
      await postgres.query("postgres", "SELECT pg_reload_conf()");
    };
    await standby("nobody");
    let outcome: unknown;
    const committing = storage.commit(publish(2)).then(
      (generation) => (outcome = generation),
      (error: unknown) => (outcome = error),
    );
    try {
      const waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
      while ((await postgres.query("postgres", waiting)) !== "1") await sleep(10);
      proxy.cut();
      await sleep(300);
      assert.equal(outcome, undefined);
    } finally {
      await standby("");
    }
    await committing;
    assert.equal(outcome, 2);
    assert.equal((await storage.changes({ limit: 10, newestFirst: false })).length, 2);
  },
);

peerTest("a read whose connection breaks is answered over another", ["postgres"], async () => {
  await using stack = new AsyncDisposableStack();
  const [proxy, storage] = await behindProxy(stack);
  await storage.commit(publish(1));
  const isCut = proxy.cutBefore("to-client", "SELECT");
  assert.equal((await storage.current(gun, targets))?.version, 1);
  await isCut;
});

peerTest(
  "while the database is away everything fails at once with one code, and works again when it is back",
  ["postgres"],
  async () => {
    await using stack = new AsyncDisposableStack();
    const [proxy, storage] = await behindProxy(stack);
    await storage.commit(publish(1));
    proxy.down();
    const started = performance.now();
    const attempts = [
      storage.commit(publish(2)),
      storage.current(gun, targets),
      storage.ping(),
      storage.removeApiToken("x"),
    ];
    for (const result of await Promise.allSettled(attempts)) {
      assert.ok(result.status === "rejected" && isCountersignError(result.reason, "storage.unavailable"));
    }
    assert.ok(performance.now() - started < 3_000);
    proxy.up();
    assert.equal(await soon(() => storage.commit(publish(2))), 2);
    assert.equal((await storage.current(gun, targets))?.version, 2);
  },
);

/** How often a crowd that asks for all of `requests` over and over tries to connect while the database refuses, for three seconds. */
async function triesOfCrowd(proxy: CuttingProxy, requests: readonly (() => Promise<unknown>)[]): Promise<number> {
  proxy.down();
  const { attempts } = proxy;
  const until = performance.now() + 3_000;
  let failures = 0;
  const ask = async () => {
    while (performance.now() < until) {
      for (const result of await Promise.allSettled(requests.map((request) => request()))) {
        assert.ok(result.status === "rejected" && isCountersignError(result.reason, "storage.unavailable"));
        failures++;
      }
      await sleep(5);
    }
  };
  await Promise.all(Array.from({ length: 50 }, ask));
  const tries = proxy.attempts - attempts;
  assert.ok(failures > 500, `${failures} failures`);
  proxy.up();
  return tries;
}

peerTest("a crowd does not keep a database that refuses busy with refusing", ["postgres"], async () => {
  await using stack = new AsyncDisposableStack();
  const [proxy, storage] = await behindProxy(stack);
  await storage.watch?.(() => {});
  await storage.commit(publish(1));
  const tries = await triesOfCrowd(proxy, [() => storage.current(gun, targets), () => storage.commit(publish(2))]);
  assert.ok(tries >= 3 && tries <= 30, `${tries} tries`);
  assert.equal(await soon(() => storage.commit(publish(2))), 2);
  assert.equal((await storage.current(gun, targets))?.version, 2);
});

peerTest("nor does a crowd that wants signatures", ["postgres"], async () => {
  await using stack = new AsyncDisposableStack();
  const url = await newDatabase();
  const proxy = stack.use(await cuttingProxy(postgres.port));
  const keys = await openPostgresSignerKeys({ url: url.replace(`:${postgres.port}/`, `:${proxy.port}/`) });
  stack.defer(() => keys.close());
  const tries = await triesOfCrowd(proxy, [() => keys.key("none"), () => keys.markUsed("none", 1)]);
  assert.ok(tries >= 3 && tries <= 40, `${tries} tries`);
  assert.equal(await soon(() => keys.markUsed("none", 1)), false);
});

peerTest(
  "transactions beyond the connections wait for their turn, and an end waits for them",
  ["postgres"],
  async () => {
    const url = await newDatabase();
    const keys = await openPostgresSignerKeys({ url, maxConnections: 2 });
    const marks = Array.from({ length: 60 }, () => keys.markUsed("none", 1));
    assert.deepEqual(new Set(await Promise.all(marks)), new Set([false]));
    const sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'countersign-signer'";
    assert.equal(await postgres.query("postgres", sessions), "2");
    const last = Promise.allSettled([keys.markUsed("none", 1), keys.markUsed("none", 1), keys.markUsed("none", 1)]);
    await sleep(0);
    await keys.close();
    assert.deepEqual(
      (await last).map(({ status }) => status),
      ["fulfilled", "fulfilled", "rejected"],
    );
    await assert.rejects(keys.markUsed("none", 1), (error) => isCountersignError(error, "storage.unavailable"));
  },
);

peerTest("a database without a free connection is read over those that are there", ["postgres"], async () => {
  await using stack = new AsyncDisposableStack();
  const url = await newDatabase();
  // Limits are not for the superuser.
  await postgres.query("postgres", `CREATE ROLE plain LOGIN; GRANT CREATE ON DATABASE outage_${databases} TO plain`);
  const storage = stack.use(await openPostgresStorage({ url: url.replace("postgres@", "plain@") }));
  await storage.commit(publish(1));
  await storage.current(gun, targets);
  await postgres.query("postgres", `ALTER DATABASE outage_${databases} CONNECTION LIMIT 1`);
  const reads = await Promise.all(Array.from({ length: 200 }, () => storage.current(gun, targets)));
  assert.ok(reads.every((document) => document?.version === 1));
});

peerTest("a server that vanished while it waited for a lock leaves no locks behind", ["postgres"], async () => {
  await using stack = new AsyncDisposableStack();
  const [proxy, storage] = await behindProxy(stack);
  const names = ["a", "b"].map((name) => parseGun(`example.com/${name}`));
  for (const name of names) await storage.commit(publish(1, name));
  const other = stack.use(await openPostgresStorage({ url: postgres.url(`outage_${databases}`) }));
  // Somebody holds b; the server has locked a and waits for b when its line breaks.
  const holds = `BEGIN; SELECT 1 FROM countersign.collections WHERE gun = '${names[1]}' FOR UPDATE; SELECT pg_sleep(30)`;
  const holding = postgres.query(`outage_${databases}`, holds).catch(() => undefined);
  const sleeper = "FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
  while ((await postgres.query("postgres", `SELECT count(*) ${sleeper}`)) !== "1") await sleep(10);
  const waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
  const commits = Promise.allSettled(names.map((name) => storage.commit(publish(2, name))));
  while ((await postgres.query("postgres", waiting)) !== "1") await sleep(10);
  proxy.down();
  const started = performance.now();
  assert.equal(await other.commit(publish(2, names[0])), 2);
  assert.ok(performance.now() - started < 4_000);
  for (const { status } of await commits) assert.equal(status, "rejected");
  await postgres.query("postgres", `SELECT pg_terminate_backend(pid) ${sleeper}`);
  await holding;
});

peerTest("a line that has gone silent is given up after its time, not waited for", ["postgres"], async () => {
  await using stack = new AsyncDisposableStack();
  const [proxy, storage] = await behindProxy(stack, 300);
  await storage.commit(publish(1));
  proxy.freeze();
  const started = performance.now();
  for (const result of await Promise.allSettled([storage.current(gun, targets), storage.commit(publish(2))])) {
    assert.ok(result.status === "rejected" && isCountersignError(result.reason, "storage.unavailable"));
  }
  assert.ok(performance.now() - started < 5_000);
  proxy.up();
  assert.equal(await soon(() => storage.commit(publish(2))), 2);
});

peerTest(
  "kill -9 of the database under load loses no acknowledged commit and makes none twice",
  ["postgres"],
  async () => {
    const url = await newDatabase();
    await using storage = await openPostgresStorage({ url });
    const names = Array.from({ length: 24 }, (_, index) => parseGun(`example.com/c${index}`));
    const acknowledged = new Map(names.map((name) => [name, 0]));
    let isLoading = true;
    let failures = 0;
    const writers = names.map(async (name) => {
      while (isLoading) {
        try {
          const version = (await storage.generation(name)) + 1;
          await storage.commit(publish(version, name));
          acknowledged.set(name, version);
        } catch (error) {
          assert.ok(isCountersignError(error, "storage.unavailable"), String(error));
          failures++;
          await sleep(20);
        }
      }
    });
    try {
      for (let crash = 0; crash < 4; crash++) {
        await sleep(300);
        await postgres.crash(() => sleep(100));
      }
      await sleep(200);
    } finally {
      isLoading = false;
    }
    await Promise.all(writers);
    await soon(() => storage.ping());
    const total = [...acknowledged.values()].reduce((sum, version) => sum + version, 0);
    assert.ok(total > names.length, `${total} commits`);
    for (const [name, version] of acknowledged) {
      assert.equal(await storage.generation(name), version, name);
      const stored = await storage.versionsAbove(name, targets, 0);
      assert.deepEqual(
        stored.map((document) => Buffer.from(document.bytes).toString()),
        Array.from({ length: version }, (_, n) => `${name} ${n + 1}`),
      );
    }
    const changes = await storage.changes({ limit: 1_000_000, newestFirst: false });
    assert.equal(changes.length, total, `${failures} failures told`);
  },
);

peerTest(
  "servers on one database take turns: one winner a state, no deadlock, nothing lost",
  ["postgres"],
  async () => {
    await using stack = new AsyncDisposableStack();
    const url = await newDatabase();
    const storages = [
      stack.use(await openPostgresStorage({ url })),
      stack.use(await openPostgresStorage({ url })),
      stack.use(await openPostgresStorage({ url })),
    ];
    const names = Array.from({ length: 6 }, (_, index) => parseGun(`example.com/c${index}`));
    const won = new Map<Gun, number>();
    await Promise.all(
      storages.flatMap((storage, turn) =>
        [...names.slice(turn), ...names.slice(0, turn)].map(async (name) => {
          for (let round = 0; round < 15; round++) {
            const version = (await storage.generation(name)) + 1;
            try {
              await storage.commit(publish(version, name));
              won.set(name, (won.get(name) ?? 0) + 1);
            } catch (error) {
              assert.ok(isCountersignError(error, "storage.conflict"), String(error));
            }
          }
        }),
      ),
    );
    const [storage] = storages;
    assert.ok(storage);
    for (const name of names) assert.equal(await storage.generation(name), won.get(name), name);
  },
);

peerTest("a reader of the changefeed never misses a row that appears below one it has seen", ["postgres"], async () => {
  await using stack = new AsyncDisposableStack();
  const url = await newDatabase();
  const writers = await Promise.all([1, 2, 3, 4].map(async () => stack.use(await openPostgresStorage({ url }))));
  let isWriting = true;
  const seen: number[] = [];
  const reader = (async () => {
    const [storage] = writers;
    while (storage !== undefined) {
      const isLast = !isWriting;
      const rows = await storage.changes({ after: seen.at(-1) ?? 0, limit: 1_000, newestFirst: false });
      seen.push(...rows.map(({ id }) => id));
      if (isLast && rows.length === 0) break;
    }
  })();
  await Promise.all(
    writers.map(async (storage, index) => {
      const name = parseGun(`example.com/w${index}`);
      for (let version = 1; version <= 40; version++) await storage.commit(publish(version, name));
    }),
  );
  isWriting = false;
  await reader;
  assert.equal(seen.length, 160);
});

peerTest(
  "a server hears which collections others changed, and to forget all when the line was down",
  ["postgres"],
  async () => {
    await using stack = new AsyncDisposableStack();
    const [proxy, storage] = await behindProxy(stack);
    const other = stack.use(await openPostgresStorage({ url: postgres.url(`outage_${databases}`) }));
    const heard: (string | undefined)[] = [];
    let wake = () => {};
    await storage.watch?.((name) => {
      heard.push(name);
      wake();
    });
    const next = async (count: number) => {
      while (heard.length < count) await new Promise<void>((resolve) => (wake = resolve));
    };
    await storage.commit(publish(1));
    await other.commit(publish(2));
    await other.deleteCollection(gun, 5);
    await next(2);
    assert.deepEqual(heard, [gun, gun], "its own commit is not news");
    proxy.down();
    await next(3);
    proxy.up();
    await next(4);
    assert.deepEqual(heard.slice(2), [undefined, undefined]);
    await other.commit({ ...publish(4), expectedGeneration: 3 });
    await next(5);
    assert.equal(heard[4], gun);
  },
);

peerTest("of several servers one renews a collection, and another when the first has died", ["postgres"], async () => {
  await using stack = new AsyncDisposableStack();
  const url = await newDatabase();
  const [one, two] = [stack.use(await openPostgresStorage({ url })), stack.use(await openPostgresStorage({ url }))];
  await one.commit({ ...publish(1), renewAt: 1_000 });
  assert.deepEqual(await one.dueForRenewal(2_000, 10), [gun]);
  assert.deepEqual(await two.dueForRenewal(2_000, 10), []);
  assert.deepEqual(await one.dueForRenewal(2_000, 10), [gun]);
  assert.deepEqual(await two.dueForRenewal(2_000 + 120_000, 10), [gun]);
  await two.commit({ ...publish(2), renewAt: 3_000 });
  assert.deepEqual(await one.dueForRenewal(4_000, 10), [gun]);
});
