// A migration on real databases when things go wrong or change: the line to the old database breaks, two operators run it at once, the
// way of the keys is changed between two runs, and tables that began with a Notary of long ago.
import assert from "node:assert/strict";
import process from "node:process";
import { type Gun, parseGun, parseRoleName } from "../src/bytes/index.ts";
import { SampleDeployment, samplePassphrase } from "../src/migrate/sample-deployment.ts";
import { isRememberedRemoteKey } from "../src/server/index.ts";
import { openPostgresStorage, openSqliteStorage, type Storage } from "../src/storage/index.ts";
import { sourceProgram, startOurServer } from "./peers/countersign.ts";
import { cuttingProxy } from "./peers/cutting-proxy.ts";
import { peerTest } from "./peers/find.ts";
import { type NotaryTables, notaryTables } from "./peers/notary-tables.ts";
import { run } from "./peers/process.ts";
import { type Scratch, scratch } from "./peers/scratch.ts";

const gun = parseGun("127.0.0.1:14440/team/three");

/** The collection of the vectors, with a timestamp key in two aliases' worth of rows, and `copies` of it under names of their own. */
async function sample(copies: number): Promise<SampleDeployment> {
  const source = new SampleDeployment("docker-push-then-signer");
  const rows = [...source.tufRows];
  await source.addKey(gun, "timestamp");
  for (let number = 0; number < copies; number++) {
    const name = `example.com/copy-${String(number).padStart(3, "0")}`;
    for (const { role, version, data } of rows) source.addRow(name, role, version, data);
    source.addChange(name, 1);
    if (number % 10 === 0) await source.addKey(name, "timestamp");
  }
  return source;
}

async function migrate(directory: Scratch, tables: NotaryTables, ...args: readonly string[]) {
  const done = await run(process.execPath, [sourceProgram, "migrate", "notary-db", "--json", ...args], {
    env: {
      HOME: directory.path,
      COUNTERSIGN_SERVER_DB: tables.serverDb,
      COUNTERSIGN_SIGNER_DB: tables.signerDb,
      NOTARY_SIGNER_TESTALIAS: samplePassphrase,
    },
  });
  return { ...done, report: JSON.parse(done.stdout) };
}

function withVersion(data: Uint8Array, version: number): Uint8Array {
  return Buffer.from(
    Buffer.from(data)
      .toString("utf8")
      .replace(/"version":\d+/, `"version":${version}`),
  );
}

async function keysOf(storage: Storage, name: Gun) {
  return storage.serverKeys(name, "timestamp");
}

for (const kind of ["PostgreSQL", "MariaDB"] as const) {
  const peers = [kind === "PostgreSQL" ? "postgres" : "mariadbd"] as const;

  peerTest(
    `${kind}: a line that breaks in the middle stops the run with a word, and the next one goes on`,
    peers,
    async () => {
      using directory = scratch("migration-cut");
      await using tables = await notaryTables(directory, kind);
      const source = await sample(60);
      await tables.fill(source);
      await using proxy = await cuttingProxy(tables.port);
      const through = { ...tables, serverDb: tables.serverDb.replace(`:${tables.port}`, `:${proxy.port}`) };
      const place = ["--own-keys", "--data", directory.at("new")];
      const wasCut = proxy.cutBefore("to-server", "example.com/copy-030");
      const broken = await migrate(directory, through, ...place);
      await wasCut;
      assert.equal(broken.status, 4, broken.stdout + broken.stderr);
      assert.equal(broken.report.error.code, "storage.unavailable");
      assert.doesNotMatch(broken.stdout + broken.stderr, /p@ss/);
      const next = await migrate(directory, through, ...place);
      const { already, copied, found } = next.report.collections;
      assert.ok(already >= 20 && already < 40, `${already} were there`);
      assert.deepEqual([already + copied, next.report.keys.found], [found, source.keyRows.length]);
      assert.equal(next.report.changes.copied, 60);
      await using storage = openSqliteStorage(directory.at("new"));
      assert.equal((await storage.listCollections({ limit: 100 })).length, 61);
    },
  );

  peerTest(
    `${kind}: names that differ in case alone are two collections; odd ones come over, impossible ones are told`,
    peers,
    async () => {
      using directory = scratch("migration-names");
      await using tables = await notaryTables(directory, kind);
      const source = new SampleDeployment("docker-push-then-signer");
      const rows = [...source.tufRows];
      const odd = ["Example.com/App", "example.com/app", "example.com/APP", "h:5000/a/b~c+d", "_x", "[::1]:5000/x"];
      const impossible = ["a b", "example.com/app ", "caf\u00e9/x", "..", "a//b", "a/_trust/b"];
      for (const [index, name] of [...odd, ...impossible].entries()) {
        // Versions of their own: they tell which collection a document has come from, and MySQL takes no two that differ in case alone.
        for (const { role, version, data } of rows) {
          const own = version + 10 * index;
          source.addRow(name, role, own, withVersion(data, own));
        }
        source.addChange(name, 1);
      }
      await tables.fill(source);
      const { report, stdout } = await migrate(directory, tables, "--own-keys", "--data", directory.at("new"));
      const refused = report.findings.filter((each: { code: string }) => each.code === "name.refused");
      assert.deepEqual(refused.map((each: { gun: string }) => each.gun).sort(), impossible.toSorted(), stdout);
      assert.deepEqual([report.collections.leftOut, report.changes.copied], [impossible.length, odd.length]);
      await using storage = openSqliteStorage(directory.at("new"));
      const root = { dialect: "notary1", role: parseRoleName("root") } as const;
      for (const [index, name] of odd.entries()) {
        const roots = await storage.versionsAbove(parseGun(name), root, 0);
        assert.deepEqual(
          roots.map(({ version }) => version),
          [1 + 10 * index],
          name,
        );
      }
    },
  );

  peerTest(
    `${kind}: keys from before Notary 0.4, whose rows name no collection, come over and sign`,
    peers,
    async () => {
      using directory = scratch("migration-old-keys");
      await using tables = await notaryTables(directory, kind);
      const source = await sample(0);
      const key = source.keyRows[0] ?? assert.fail();
      const { keyId, public: spki } = source.timestampKeyNamed(gun);
      Object.assign(key, { gun: "", role: "", keyId, public: spki });
      await tables.fill(source);
      const { report, status } = await migrate(directory, tables, "--keep-signer", "--data", directory.at("new"));
      assert.deepEqual([status, report.outcome, report.keys.copied], [0, "complete", 1], JSON.stringify(report));
      await using storage = openSqliteStorage(directory.at("new"));
      assert.deepEqual(
        (await keysOf(storage, gun)).map((each) => [each.keyId, each.usedAt !== undefined]),
        [[keyId, true]],
      );
    },
  );
}

peerTest("two runs at once into one PostgreSQL bring everything once", ["postgres"], async () => {
  using directory = scratch("migration-twice");
  await using tables = await notaryTables(directory, "PostgreSQL");
  const source = await sample(60);
  await source.addKey("only/keys", "timestamp");
  await tables.fill(source);
  const url = await tables.newDatabase("ours");
  const place = ["--keep-signer", "--database", url, "--data", directory.at("new")];
  const runs = await Promise.all([migrate(directory, tables, ...place), migrate(directory, tables, ...place)]);
  for (const { status, report, stderr } of runs) {
    assert.ok(status === 1, `${status} ${stderr}`);
    assert.deepEqual([report.collections.conflicts, report.changes.leftOut], [0, 0], JSON.stringify(report));
  }
  await using storage = await openPostgresStorage({ url });
  assert.equal((await storage.listCollections({ limit: 100 })).length, 61);
  assert.equal((await storage.changes({ limit: 100, newestFirst: false })).length, 60);
  for (const name of [gun, parseGun("only/keys")])
    assert.equal(new Set((await keysOf(storage, name)).map(({ keyId }) => keyId)).size, 1, name);
});

peerTest(
  "keys left with notary-signer come over later, also where PostgreSQL had no master key until then",
  ["postgres"],
  async () => {
    using directory = scratch("migration-later-keys");
    await using tables = await notaryTables(directory, "PostgreSQL");
    await tables.fill(await sample(0));
    const url = await tables.newDatabase("ours");
    const place = ["--database", url, "--data", directory.at("new")];
    const first = await migrate(directory, tables, "--keep-signer", ...place);
    assert.equal(first.status, 0, first.stdout);
    const second = await migrate(directory, tables, "--own-keys", ...place);
    assert.deepEqual([second.status, second.report.keys?.copied], [0, 1], second.stdout);
    await using storage = await openPostgresStorage({ url });
    assert.deepEqual((await keysOf(storage, gun)).map(isRememberedRemoteKey), [false]);
    await using server = await startOurServer(directory, { name: "new", tls: false, args: ["--database", url] });
    assert.equal((await fetch(`${server.url}/v2/${gun}/_trust/tuf/timestamp.json`)).status, 200);
    const elsewhere = await migrate(
      directory,
      tables,
      "--own-keys",
      "--database",
      url,
      "--data",
      directory.at("other"),
    );
    assert.match(elsewhere.stdout, /key\.missing/);
  },
);
