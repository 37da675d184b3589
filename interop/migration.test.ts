// Moving a real Notary: filled by real programs, migrated while it runs and once more after it has stopped, killed in the middle, read by
// everybody who read it before, and published to by the clients that published before.
import assert from "node:assert/strict";
import { existsSync, statSync, writeFileSync } from "node:fs";
import process from "node:process";
import { parseGun, parseRoleName } from "../src/bytes/index.ts";
import { createApp, localRoleSigner, openMasterKey } from "../src/server/index.ts";
import { openSqliteStorage } from "../src/storage/index.ts";
import { clientSnapshotGun, deletedGun, fillByHand, filledNotary, fullGun, unpublishedGun } from "./migration-fill.ts";
import { changefeed, OurReaders, readFresh, type ServerAt } from "./migration-readers.ts";
import { sourceProgram, startOurServer } from "./peers/countersign.ts";
import { peerTest } from "./peers/find.ts";
import { type NotaryClient, notaryClient } from "./peers/notary-client.ts";
import type { NotaryDeployment } from "./peers/notary-database.ts";
import { run, startProcess } from "./peers/process.ts";
import type { Scratch } from "./peers/scratch.ts";

interface Report {
  readonly outcome: string;
  readonly dryRun: boolean;
  readonly collections: Readonly<Record<"found" | "copied" | "already" | "verified" | "broken" | "leftOut", number>>;
  readonly documents: Readonly<Record<"found" | "copied" | "leftOut", number>>;
  readonly keys: Readonly<Record<"found" | "copied" | "already" | "leftOut", number>>;
  readonly changes: Readonly<Record<"found" | "copied" | "already" | "leftOut", number>>;
  readonly findings: readonly {
    readonly severity: string;
    readonly code: string;
    readonly gun?: string;
    readonly role?: string;
    readonly message: string;
  }[];
}

/** The command line of a migration, by the configuration files as an operator has them. */
function commandLine(deployment: NotaryDeployment, ...more: readonly string[]): readonly string[] {
  const configs = ["--config", deployment.serverConfig, "--signer-config", deployment.signerConfig];
  return [sourceProgram, "migrate", "notary-db", "--json", ...configs, ...more];
}

async function migrate(
  directory: Scratch,
  deployment: NotaryDeployment,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Report & { readonly status: number; readonly wallMs: number }> {
  const done = await run(process.execPath, commandLine(deployment, ...args), {
    env: { HOME: directory.path, ...deployment.passphrases, ...env },
  });
  const report: Report & { readonly error?: unknown } = JSON.parse(done.stdout || "{}");
  assert.ok(report.error === undefined && report.collections !== undefined, `${done.stdout}\n${done.stderr}`);
  return { ...report, status: done.status, wallMs: done.wallMs };
}

function worse(report: Report): readonly string[] {
  return report.findings
    .filter(({ severity }) => severity !== "note")
    .map(({ code, gun, message }) => `${code} ${gun} ${message}`);
}

/** What a person sees. */
async function listed(client: NotaryClient, gun: string): Promise<string> {
  return (await client.ok("list", gun)).stdout;
}

function clientAt(directory: Scratch, { url, authority }: ServerAt, trustDirectory: string): NotaryClient {
  return notaryClient({ url, authority, trustDirectory: directory.at(trustDirectory) });
}

const peers = ["notary", "notary-server", "notary-signer", "openssl"] as const;

peerTest(
  "two hundred collections of a real Notary on PostgreSQL move to SQLite and to PostgreSQL, and nobody notices",
  [...peers, "postgres"],
  async (context) => {
    await using filled = await filledNotary("PostgreSQL", 200, (message) => context.diagnostic(message));
    const { directory, notary, guns: many } = filled;
    const { publisher, guns: byHand } = await fillByHand(directory, notary);
    const guns = [...many, ...byHand];
    const readers = new OurReaders();
    const before = await readers.readAll({ url: notary.plainUrl, authority: undefined }, guns);
    const oldReader = clientAt(directory, notary, "old-reader");
    const seen = new Map<string, string>();
    for (const gun of byHand) seen.set(gun, await listed(oldReader, gun));
    const sqlite = ["--own-keys", "--data", directory.at("new")];
    const noPostgres = { NOTARY_SERVER_STORAGE_BACKEND: "memory", NOTARY_SERVER_STORAGE_DB_URL: "" };
    const addresses = { COUNTERSIGN_SERVER_DB: notary.serverDb, COUNTERSIGN_SIGNER_DB: notary.signerDb, ...noPostgres };

    await context.test("a dry run reads and verifies everything and writes nothing", async () => {
      const report = await migrate(directory, notary, [...sqlite, "--dry-run"], addresses);
      assert.deepEqual(worse(report), []);
      assert.deepEqual([report.status, report.dryRun, report.collections.verified], [0, true, guns.length]);
      assert.deepEqual([report.keys.copied, report.keys.leftOut], [report.keys.found, 0]);
      assert.ok(!existsSync(directory.at("new")), "the data directory was made");
      const inPlace = await migrate(directory, notary, ["--own-keys", "--dry-run"]);
      assert.equal(inPlace.collections.verified, guns.length);
      assert.equal(await notary.ask("SELECT count(*) FROM pg_namespace WHERE nspname = 'countersign'"), "0");
    });

    await context.test("killed in the middle while the old server goes on, it goes on where it was", async () => {
      const log = directory.at("new", "countersign.db-wal");
      const half = await startProcess({
        name: "migration to be killed",
        command: process.execPath,
        args: commandLine(notary, ...sqlite),
        cwd: directory.path,
        env: { HOME: directory.path, ...notary.passphrases, ...addresses },
        ready: async () => statSync(log).size > 1_000_000,
      });
      await half.kill();
      await using storage = openSqliteStorage(directory.at("new"));
      const copied = (await storage.listCollections({ limit: 1_000 })).length;
      assert.ok(copied > 0 && copied < guns.length, `${copied} collections when it was killed`);
      await storage.close();
      const report = await migrate(directory, notary, sqlite, addresses);
      assert.deepEqual(worse(report), []);
      assert.deepEqual([report.collections.already, report.collections.copied], [copied, guns.length - copied]);
      assert.deepEqual([report.status, report.keys.already + report.keys.copied], [0, report.keys.found]);
    });

    await context.test(
      "the last run, after the old server has stopped, brings what was published meanwhile",
      async () => {
        writeFileSync(directory.at("late"), "late");
        await publisher.ok("add", "-p", fullGun, "late", directory.at("late"));
        seen.set(fullGun, await listed(oldReader, fullGun));
        const late = await readers.readAll({ url: notary.plainUrl, authority: undefined }, [fullGun]);
        assert.notEqual(late.get(fullGun), before.get(fullGun));
        const feed = await changefeed({ url: notary.plainUrl, authority: undefined });
        await notary.stopNotary();
        const report = await migrate(directory, notary, sqlite, addresses);
        assert.deepEqual([report.collections.copied, report.changes.copied], [1, 1], JSON.stringify(report));
        await using server = await startOurServer(directory, { name: "new" });
        assert.deepEqual(await changefeed(server), feed);
        assert.ok(feed.some(({ GUN, Category }) => GUN === deletedGun && Category === "deletion"));

        const expected = new Map([...before, ...late]);
        assert.deepEqual(await readers.readAll(server, guns), expected);
        assert.deepEqual(await readFresh(server, guns), expected);
        for (const name of ["old-reader", "fresh-reader"]) {
          const reader = clientAt(directory, server, name);
          for (const gun of byHand) assert.equal(await listed(reader, gun), seen.get(gun), `${gun} by ${name}`);
        }
      },
    );

    await context.test(
      "the old client publishes on, and rotates keys with those that were given out before",
      async () => {
        await using server = await startOurServer(directory, { name: "new" });
        const client = clientAt(directory, server, "publisher");
        writeFileSync(directory.at("after"), "after");
        for (const gun of byHand) await client.ok("add", "-p", gun, "after", directory.at("after"));
        await client.ok("add", "-p", fullGun, "released", directory.at("after"), "-r", "targets/releases");
        await client.ok("key", "rotate", fullGun, "timestamp", "-r");
        await client.ok("key", "rotate", fullGun, "snapshot", "-r");
        await client.ok("key", "rotate", clientSnapshotGun, "snapshot", "-r");
        await client.ok("init", "-p", unpublishedGun);
        await client.ok("init", "-p", deletedGun);
        for (const name of ["old-reader", "another-fresh-reader"]) {
          const reader = clientAt(directory, server, name);
          assert.match(await listed(reader, fullGun), /^released .* targets\/releases/m);
          assert.match(await listed(reader, clientSnapshotGun), /^after /m);
        }
        await readers.readAll(server, guns);
      },
    );

    await context.test("renewal signs with the migrated keys", async () => {
      const now = Date.now() + 10 * 24 * 60 * 60 * 1000;
      const master = openMasterKey(directory.at("new"));
      await using storage = openSqliteStorage(directory.at("new"));
      const clock = () => now;
      const app = createApp({ storage, signer: localRoleSigner(storage, master, clock), clock });
      const name = { dialect: "notary1", role: parseRoleName("timestamp") } as const;
      for (const gun of [many[0] ?? "", many[150] ?? "", fullGun].map(parseGun)) {
        const old = await storage.current(gun, name);
        assert.ok(await app.collections.renew(gun), gun);
        assert.equal((await storage.current(gun, name))?.version, (old?.version ?? 0) + 1);
      }
    });

    await context.test(
      "into PostgreSQL, beside Notary's own tables, by the configuration alone; killed and resumed",
      async () => {
        const count = async () => Number(await notary.ask("SELECT count(*) FROM countersign.collections WHERE live"));
        const half = await startProcess({
          name: "migration to be killed",
          command: process.execPath,
          args: commandLine(notary, "--own-keys", "--data", directory.at("beside")),
          cwd: directory.path,
          env: { HOME: directory.path, ...notary.passphrases },
          ready: async () => (await count()) > 20,
        });
        await half.kill();
        const report = await migrate(directory, notary, ["--own-keys", "--data", directory.at("beside")]);
        const { already, copied, verified } = report.collections;
        assert.ok(already > 20 && copied > 0, JSON.stringify(report.collections));
        assert.deepEqual([report.status, already + copied, verified], [0, guns.length, copied]);
        const args = ["--config", notary.serverConfig];
        const env = { NOTARY_SERVER_TRUST_SERVICE_TYPE: "local" };
        await using server = await startOurServer(directory, { name: "beside", tls: false, args, env });
        const tags = await readFresh(server, guns);
        assert.equal(tags.size, guns.length);
        for (const gun of many) assert.equal(tags.get(gun), before.get(gun));
        const again = await migrate(directory, notary, ["--own-keys", "--data", directory.at("beside")]);
        assert.deepEqual([again.collections.already, again.keys.already], [guns.length, again.keys.found]);
      },
    );

    await context.test("rows that somebody damaged are told one by one, and what they belong to", async () => {
      const [a, b, c, d, e] = many;
      const where = (gun = "", role = "targets") => `gun = '${gun}' AND role = '${role}'`;
      await notary.change(`UPDATE tuf_files SET data = 'damaged' WHERE ${where(a)};
        UPDATE tuf_files SET sha256 = repeat('0', 64) WHERE ${where(b)};
        UPDATE tuf_files SET deleted_at = now() WHERE ${where(c, "timestamp")} AND version = 1;
        UPDATE tuf_files SET role = 'targets/UPPER' WHERE ${where(d)} AND version = 1;
        DELETE FROM tuf_files WHERE ${where(e, "root")};
        UPDATE tuf_files SET gun = 'not a name' WHERE gun = '${many[5]}'`);
      await notary.changeKeys(
        `UPDATE private_keys SET passphrase_alias = 'unknown' WHERE gun = '${many[6]}' AND role = 'timestamp'`,
      );
      const report = await migrate(directory, notary, ["--own-keys", "--dry-run"]);
      const told = (gun = "") =>
        [...new Set(report.findings.filter((each) => each.gun === gun).map(({ code }) => code))].sort();
      assert.deepEqual(told(a), ["document.unreachable", "row.unreadable"]);
      assert.deepEqual(told(b), ["row.hash"]);
      assert.deepEqual(told(c), ["row.deleted"]);
      assert.deepEqual(told(d), ["row.role"]);
      assert.deepEqual(told(e), ["collection.no_root", "document.unreachable"]);
      assert.deepEqual(told("not a name"), ["name.refused"]);
      assert.deepEqual(told(many[6]), ["key.unopened"]);
      assert.deepEqual([report.status, report.outcome], [1, "incomplete"]);
    });
  },
);

peerTest(
  "a Notary on MariaDB moves, with notary-signer kept: the old client publishes on through both",
  [...peers, "mariadbd"],
  async (context) => {
    await using filled = await filledNotary("MariaDB", 16, (message) => context.diagnostic(message));
    const { directory, notary, guns: many } = filled;
    const { guns: byHand } = await fillByHand(directory, notary);
    const guns = [...many, ...byHand];
    const readers = new OurReaders();
    const old = { url: notary.plainUrl, authority: undefined };
    const before = await readers.readAll(old, guns);
    const feed = await changefeed(old);
    await notary.stopServer();
    const data = ["--keep-signer", "--data", directory.at("new")];
    const report = await migrate(directory, notary, data);
    assert.deepEqual(worse(report), []);
    assert.deepEqual([report.status, report.collections.verified], [0, guns.length]);
    assert.deepEqual([report.keys.copied, report.changes.copied], [report.keys.found, feed.length]);

    await using running = await startOurServer(directory, { name: "new", args: ["--config", notary.serverConfig] });
    // With the certificate of the old server, which the configuration names.
    const server = { url: running.url, authority: notary.authority };
    assert.deepEqual(await readers.readAll(server, guns), before);
    assert.deepEqual(await readFresh(server, guns), before);
    assert.deepEqual(await changefeed(server), feed);
    const client = clientAt(directory, server, "publisher");
    writeFileSync(directory.at("after"), "after");
    for (const gun of byHand) await client.ok("add", "-p", gun, "after", directory.at("after"));
    await client.ok("key", "rotate", fullGun, "timestamp", "-r");
    assert.match(await listed(clientAt(directory, server, "fresh-reader"), fullGun), /^after /m);

    const own = await migrate(directory, notary, ["--own-keys", "--data", directory.at("own")]);
    assert.deepEqual([own.status, own.collections.verified, own.keys.leftOut], [0, guns.length, 0]);
  },
);
