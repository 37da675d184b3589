// Debian's notary and our commands in turn over one trust directory and one collection: delegations, witness, staged changes, and rotation
// of every role, on the real notary-server and on ours. What one writes the other reads and continues.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { countersignClient, type OurClient, startOurServer } from "./peers/countersign.ts";
import { peerTest } from "./peers/find.ts";
import { type NotaryClient, notaryClient } from "./peers/notary-client.ts";
import { startNotaryPostgres } from "./peers/notary-server.ts";
import { runOk } from "./peers/process.ts";
import { type Scratch, scratch } from "./peers/scratch.ts";

const peers = ["notary", "notary-server", "notary-signer", "postgres", "openssl"] as const;
const gun = "registry.example.com/team/app";
const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

interface Table extends AsyncDisposable {
  readonly directory: Scratch;
  /** Debian's client, publisher, over the shared directory. */
  readonly notary: NotaryClient;
  /** Debian's client as a reader with a cache of its own. */
  readonly reader: NotaryClient;
  readonly ours: OurClient;
  /** Our command over the shared directory. */
  readonly shared: (...args: readonly string[]) => Promise<string>;
  readonly trust: string;
}

const servers = {
  "notary-server": async (directory: Scratch) => startNotaryPostgres(directory, { tls: true }),
  "our server": async (directory: Scratch) => startOurServer(directory),
} as const;

async function openTable(directory: Scratch, server: { readonly url: string; readonly authority: string | undefined }) {
  const { url, authority } = server;
  const trust = directory.at("trust");
  const client = (home: string) => notaryClient({ url, authority, trustDirectory: directory.at(home) });
  const ours = countersignClient({ url, authority, home: directory.at("home") });
  const shared = async (...args: readonly string[]) => (await ours.ok(...args, "--trust-dir", trust)).stdout;
  writeFileSync(directory.at("content"), "hello");
  return { directory, notary: client("trust"), reader: client("reader"), ours, shared, trust };
}

async function tags({ reader }: Pick<Table, "reader">): Promise<readonly string[]> {
  const { stdout } = await reader.ok("list", gun);
  return [...stdout.matchAll(/^(\S+) +[0-9a-f]{64} /gm)].map(([, name = ""]) => name).sort();
}

/** A key pair by openssl: a bare public key, and a certificate. */
async function keyPair(directory: Scratch, name: string) {
  const files = {
    key: directory.at(`${name}.key`),
    certificate: directory.at(`${name}.crt`),
    public: directory.at(`${name}.pem`),
  };
  await runOk("openssl", [
    "req",
    "-x509",
    ...curve,
    "-subj",
    `/CN=${name}`,
    "-days",
    "30",
    "-keyout",
    files.key,
    "-out",
    files.certificate,
  ]);
  await runOk("openssl", ["pkey", "-in", files.key, "-pubout", "-out", files.public]);
  return files;
}

function keyIds(text: string): readonly string[] {
  return [...new Set(text.match(/\b[0-9a-f]{64}\b/g) ?? [])].sort();
}

for (const [kind, startServer] of Object.entries(servers)) {
  peerTest(`${kind}: delegations and staged changes, by notary and by us in turn`, peers, async () => {
    using directory = scratch("delegations");
    await using server = await startServer(directory);
    const table = await openTable(directory, server);
    const { notary, shared, trust } = table;
    const [alice, bob] = [await keyPair(directory, "alice"), await keyPair(directory, "bob")];
    await notary.ok("init", gun);
    await notary.ok("add", "-p", gun, "v1", directory.at("content"));

    await shared("delegation", "add", gun, "releases", alice.public, "--all-paths");
    const byUs = (await notary.ok("delegation", "list", gun)).stdout;
    assert.match(byUs, /targets\/releases +"" <all paths> +[0-9a-f]{64} +1/);
    const [alices = ""] = keyIds(byUs);
    await notary.ok("delegation", "add", gun, "targets/releases", bob.certificate, "--all-paths");
    assert.match(await shared("status", gun, "--staged"), /create +targets\/releases +delegation/);
    await shared("publish", gun, "--staged");
    assert.match((await notary.ok("status", gun)).stdout, /No unpublished changes/);
    const both = keyIds((await notary.ok("delegation", "list", gun)).stdout);
    assert.equal(both.length, 2);
    assert.deepEqual(keyIds(await shared("delegation", "list", gun)), both);

    // We stage, notary shows and publishes.
    await shared("witness", gun, "targets", "--stage");
    await shared("delegation", "add", gun, "qa", alice.public, "--path", "test-", "--stage");
    const staged = (await notary.ok("status", gun)).stdout;
    assert.match(staged, /update +targets +witness/);
    assert.match(staged, /create +targets\/qa +delegation/);
    await notary.ok("publish", gun);
    assert.match((await notary.ok("delegation", "list", gun)).stdout, /targets\/qa +test- +/);
    assert.match(await shared("status", gun, "--staged"), /nothing is staged/);

    // A signer of a delegation: notary imports the key and signs; we read it, witness it, purge the other key.
    await notary.ok("key", "import", bob.key, "--role", "bob");
    await notary.ok("add", "-p", gun, "-r", "targets/releases", "r1", directory.at("content"));
    assert.deepEqual(await tags(table), ["r1", "v1"]);
    await shared("witness", gun, "targets/releases");
    assert.deepEqual(await tags(table), ["r1", "v1"]);
    const emptied = await table.ours.run("delegation", "purge", gun, "--key", alices, "--trust-dir", trust);
    assert.match(emptied.stderr, /targets\/qa: 0 usable keys/, "a delegation would be left without keys");
    await shared("delegation", "remove", gun, "qa", "--whole");
    await shared("delegation", "purge", gun, "--key", alices);
    const list = (await notary.ok("delegation", "list", gun)).stdout;
    assert.ok(!list.includes(alices), list);
    assert.deepEqual(await tags(table), ["r1", "v1"]);

    // What notary staged and would empty a delegation is refused, stays, and either tool drops it.
    await notary.ok("delegation", "purge", gun, "--key", keyIds(list)[0] ?? "");
    const refused = await table.ours.run("publish", gun, "--staged", "--trust-dir", trust);
    assert.equal(refused.status, 7, refused.stdout + refused.stderr);
    assert.match(await shared("reset", gun, "--all"), /dropped \d+ staged/);
    assert.match((await notary.ok("status", gun)).stdout, /No unpublished changes/);

    // Row N: a signer who has to go at once. The tags vanish, another holder takes them over, notary sees them again.
    const [bobs = ""] = keyIds(list);
    await shared("delegation", "purge", gun, "--key", bobs, "--vanish");
    assert.deepEqual(await tags(table), ["v1"]);
    await notary.ok("key", "import", alice.key, "--role", "alice");
    await shared("delegation", "add", gun, "releases", alice.public);
    const unsigned = await table.ours.run("witness", gun, "targets/releases", "--trust-dir", trust);
    assert.match(unsigned.stderr, /too few signatures that count/);
    await shared("witness", gun, "targets/releases", "--accept-unsigned");
    assert.deepEqual(await tags(table), ["r1", "v1"]);

    await shared("delegation", "remove", gun, "releases", "--whole");
    assert.deepEqual(await tags(table), ["v1"]);
    await notary.ok("add", "-p", gun, "v2", directory.at("content"));
    assert.deepEqual(await tags(table), ["v1", "v2"]);
  });

  peerTest(
    `${kind}: every role rotated by us and by notary in turn, and a reader with an old cache follows`,
    peers,
    async () => {
      using directory = scratch("rotations");
      await using server = await startServer(directory);
      const table = await openTable(directory, server);
      const { notary, shared, trust } = table;
      await notary.ok("init", gun);
      let count = 0;
      /** notary publishes a tag, and a reader that has followed so far sees all of them. */
      const notaryGoesOn = async (): Promise<void> => {
        count += 1;
        await notary.ok("add", "-p", gun, `v${count}`, directory.at("content"));
        assert.equal((await tags(table)).length, count);
      };
      const weGoOn = async (): Promise<void> => {
        await shared("witness", gun, "targets");
        assert.equal((await tags(table)).length, count);
      };
      await notaryGoesOn();
      await weGoOn();
      const files = () => readdirSync(join(trust, "private")).length;
      const before = files();

      // Ours: targets, snapshot to the server and back, timestamp, root.
      await shared("rotate", gun, "targets");
      assert.equal(files(), before + 1, "the new key lies beside the old one");
      await notaryGoesOn();
      await shared("rotate", gun, "snapshot");
      await notaryGoesOn();
      await shared("rotate", gun, "snapshot", "--to", "local");
      await notaryGoesOn();
      await shared("rotate", gun, "timestamp", "snapshot");
      await notaryGoesOn();
      await shared("rotate", gun, "root");
      await notaryGoesOn();
      await shared("rotate", gun, "root", "--certificate");
      await notaryGoesOn();

      // notary: the same, and we go on after each.
      await notary.ok("key", "rotate", gun, "targets");
      await weGoOn();
      await notary.ok("key", "rotate", gun, "snapshot");
      await weGoOn();
      await notary.ok("key", "rotate", gun, "snapshot", "-r");
      await weGoOn();
      await notary.ok("key", "rotate", gun, "timestamp", "-r");
      await weGoOn();
      await notary.runWith({ stdin: "yes\n" }, "key", "rotate", gun, "root");
      await weGoOn();
      await notaryGoesOn();
      const status = JSON.parse(await shared("status", gun, "--json"));
      const root = status.roles.find(({ role }: { readonly role: string }) => role === "root");
      assert.equal(root.canSign, true);

      if (kind === "our server") {
        await shared("publish", gun, "--add-tuf1");
        const told = await table.ours.json("inspect", gun, "--dialect", "tuf1", "--pin", root.keys[0].id);
        assert.equal(told.status, 0, told.text);
        await notaryGoesOn();
        await weGoOn();
      }
      // Offline: the cache that notary and we share answers while nothing in it has expired.
      await server[Symbol.asyncDispose]();
      const offline = await shared("status", gun, "--offline", "--dialect", "notary1");
      assert.match(offline, /from the cache/);
      assert.ok(readFileSync(join(trust, "tuf", gun, "metadata/root.json")).length > 0);
    },
  );
}
