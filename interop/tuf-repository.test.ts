// Repositories made by us, read by TUF clients that know nothing of us: every layout, from our server and from an exported tree behind a
// plain web server; every key type; through changes of layout, delegations that come and go, and key rotation; as somebody who comes for
// the first time and as one who comes back. Where a client does not know a layout, that is shown too.
import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { countersignClient, type OurClient, startOurServer } from "./peers/countersign.ts";
import { peerTest } from "./peers/find.ts";
import { type Scratch, scratch } from "./peers/scratch.ts";
import { tufClientPeers, tufClients } from "./peers/tuf-clients.ts";
import { serveDirectory } from "./peers/web-directory.ts";
import { allRead, type Files, firstRoot } from "./tuf-clients/reading.ts";

const gun = "files.example.com/team/tools";

function writeFiles(directory: string, files: Files): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(directory, name, ".."), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
}

async function world(directory: Scratch) {
  const server = await startOurServer(directory, { tls: false });
  const machine = (name: string) =>
    countersignClient({ url: server.url, authority: undefined, home: directory.at(name) });
  return { server, machine, publisher: machine("publisher"), base: `${server.url}/v2/${gun}/_trust/tuf1` };
}

interface Layout {
  readonly layout: string;
  readonly mustServe: string;
  /** A client that takes the repository for damaged. */
  readonly refusedBy?: string;
  /** A client that does not find what is there. */
  readonly nothingFor?: string;
}

async function exportAll(publisher: OurClient, tree: string, from: string): Promise<void> {
  await publisher.ok("export", gun, tree, "--targets", "--from", from);
}

peerTest(
  "every client reads every layout that it knows, from our server and from an exported tree",
  tufClientPeers,
  async () => {
    const clients = await tufClients();
    using directory = scratch("tuf-repository");
    const { server, publisher, base } = await world(directory);
    await using _ = server;
    const [source, tree] = [directory.at("source"), directory.at("tree")];
    const files = { "top.txt": "top", "dist/a b/ünïcode.bin": "some content", "dist/empty": "" };
    writeFiles(source, files);
    writeFiles(
      source,
      Object.fromEntries(Array.from({ length: 40 }, (_unused, index) => [`many/${index}`, `${index}`])),
    );
    await publisher.ok("init", gun, "--no-recovery-kit", "--tuf1-only");
    await publisher.ok("collection", "add", gun, source);
    const root = await firstRoot(base, directory);
    mkdirSync(tree);
    await using web = await serveDirectory(tree);
    // succinct: tough wants `roles` in all delegations, and takes the whole document for damaged.
    // hash-prefixes: go-tuf up to 2.4.2 compares the prefixes with the base64 of the hash, and finds nothing.
    const layouts: readonly Layout[] = [
      { layout: "flat", mustServe: "go-tuf,tough" },
      { layout: "succinct:6", mustServe: "go-tuf", refusedBy: "tough" },
      { layout: "hash-prefixes:5", mustServe: "tough", nothingFor: "go-tuf" },
    ];
    for (const { layout, mustServe, refusedBy, nothingFor } of layouts) {
      const fresh = `new in ${layout}`;
      const stranger = refusedBy ?? nothingFor;
      if (stranger !== undefined) {
        const refused = await publisher.run("collection", "layout", gun, "--bins", layout);
        assert.equal(refused.status, 7, refused.stderr);
        assert.match(refused.stderr, new RegExp(`${stranger} .* must serve it`));
      }
      await publisher.ok("collection", "layout", gun, "--bins", layout, "--must-serve", mustServe);
      writeFiles(source, { [fresh]: layout });
      await publisher.ok("collection", "add", gun, source);
      await exportAll(publisher, tree, source);
      const found = { ...files, "many/7": "7", [fresh]: layout };
      const expected = {
        found,
        absent: ["nothing"],
        beyond: nothingFor === undefined ? {} : { [nothingFor]: Object.keys(found) },
      };
      const able = clients.filter(({ name }) => name !== refusedBy);
      await allRead(able, { root, url: base, directory: directory.at("returning") }, expected);
      await allRead(able, { root, url: web.url, directory: directory.at(`first-${layout}`) }, expected);
      for (const client of clients.filter(({ name }) => name === refusedBy)) {
        const refused = client.read({ root, url: web.url, directory: directory.at("refused"), targets: ["top.txt"] });
        await assert.rejects(refused, /missing field `roles`/, client.name);
      }
    }
    await publisher.ok("export", gun, tree, "--targets", "--check");
  },
);

/** Private keys in one file, as OpenSSL writes them. */
function keyFile(directory: Scratch, name: string, make: () => { privateKey: KeyObject }, count: number): string {
  const keys = Array.from({ length: count }, () => make().privateKey.export({ type: "pkcs8", format: "pem" }));
  writeFileSync(directory.at(name), keys.join(""));
  return directory.at(name);
}

const keyTypes = {
  ed25519: () => generateKeyPairSync("ed25519"),
  "ECDSA P-256": () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  "RSA 2048": () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
};

for (const [keyType, make] of Object.entries(keyTypes)) {
  peerTest(
    `every client reads what two of three ${keyType} keys sign for root and for targets`,
    tufClientPeers,
    async () => {
      const clients = await tufClients();
      using directory = scratch("tuf-keys");
      const { server, publisher, base } = await world(directory);
      await using _ = server;
      const keys = async (role: string): Promise<readonly string[]> => {
        const file = keyFile(directory, `${role}.pem`, make, 3);
        const { answer, text } = await publisher.json("key", "import", file, "--role", role, "--gun", gun);
        return [...JSON.stringify(answer).matchAll(/"id":"([0-9a-f]{64})"/g)].map((match) => match[1] ?? text);
      };
      const [first = "", second = "", third = ""] = await keys("root");
      const ofTargets = (await keys("targets")).flatMap((id) => ["--key", id]);
      await publisher.ok("init", gun, "--no-recovery-kit", "--tuf1-only", "--key", first);
      const root = await firstRoot(base, directory);
      writeFiles(directory.at("source"), { "before.txt": "one signature" });
      await publisher.ok("collection", "add", gun, directory.at("source"));
      await allRead(
        clients,
        { root, url: base, directory: directory.at("returning") },
        {
          found: { "before.txt": "one signature" },
        },
      );
      await publisher.ok("rotate", gun, "root", "--keep", "--key", second, "--key", third, "--threshold", "2");
      await publisher.ok("rotate", gun, "targets", ...ofTargets, "--threshold", "2");
      writeFiles(directory.at("source"), { "after.txt": "two signatures" });
      await publisher.ok("collection", "add", gun, directory.at("source"));
      const { signed, signatures } = JSON.parse(await (await fetch(`${base}/metadata/targets.json`)).text());
      assert.deepEqual([signed.version, signatures.length], [4, 2]);
      const found = { "before.txt": "one signature", "after.txt": "two signatures" };
      await allRead(clients, { root, url: base, directory: directory.at("returning") }, { found });
      await allRead(clients, { root, url: base, directory: directory.at("first") }, { found });
    },
  );
}

peerTest(
  "every client follows delegations three deep beside bins, a rotated root, and a role renamed",
  tufClientPeers,
  async () => {
    const clients = await tufClients();
    using directory = scratch("tuf-delegations");
    const { server, machine, publisher, base } = await world(directory);
    await using _ = server;
    const { answer, text } = await publisher.json("init", gun, "--no-recovery-kit");
    const rootKey = /"rootKeys":\["([0-9a-f]{64})"/.exec(JSON.stringify(answer))?.[1] ?? text;
    const root = await firstRoot(base, directory);
    const person = async (name: string) => {
      const client = machine(name);
      const key = directory.at(`${name}.pem`);
      await client.ok("key", "generate", name, "--public-key", key);
      await client.ok("trust", "add", gun, rootKey);
      const add = async (files: Files, role: string): Promise<void> => {
        const source = directory.at(`source-${role.replaceAll("/", "-")}`);
        writeFiles(source, files);
        await client.ok("collection", "add", gun, source, "--role", `targets/${role}`);
      };
      return { client, key, add };
    };
    const [alice, bob, carol] = [await person("alice"), await person("bob"), await person("carol")];
    await publisher.ok("collection", "layout", gun, "--bins", "hash-prefixes:3");
    await publisher.ok("delegation", "add", gun, "ci", alice.key, "--path", "ci/");
    await alice.client.ok("delegation", "add", gun, "ci/bob", bob.key, "--path", "ci/bob/");
    await bob.client.ok("delegation", "add", gun, "ci/bob/carol", carol.key, "--path", "ci/bob/carol/");
    const source = directory.at("source");
    writeFiles(source, { "release.tar": "in a bin" });
    await publisher.ok("collection", "add", gun, join(source, "release.tar"));
    await alice.add({ "ci/built.tar": "built by alice" }, "ci");
    await carol.add({ "ci/bob/carol/deep.tar": "three down" }, "ci/bob/carol");
    const beyond = { "go-tuf": ["release.tar"] };
    const delegated = { "ci/built.tar": "built by alice", "ci/bob/carol/deep.tar": "three down" };
    const before = { "release.tar": "in a bin", ...delegated };
    const returning = { root, url: base, directory: directory.at("returning") };
    await allRead(clients, returning, { found: before, absent: ["ci/bob/nothing"], beyond });

    await publisher.ok("rotate", gun, "root");
    await publisher.ok("rotate", gun, "targets", "snapshot", "timestamp");
    await publisher.ok("collection", "layout", gun, "--bins", "same");
    await publisher.ok("delegation", "remove", gun, "ci", "--whole");
    await publisher.ok("delegation", "add", gun, "crew", alice.key, "--path", "crew/");
    await alice.add({ "crew/built.tar": "by alice still" }, "crew");
    const after = { "release.tar": "in a bin", "crew/built.tar": "by alice still" };
    const expected = { found: after, absent: Object.keys(delegated), beyond };
    await allRead(clients, returning, expected);
    await allRead(clients, { ...returning, directory: directory.at("first") }, expected);
    const tree = directory.at("tree");
    writeFiles(source, after);
    await exportAll(publisher, tree, source);
    await using web = await serveDirectory(tree);
    // tough asks for HASH.crew/built.tar, which a tree has only where the collection must serve it.
    const fromTree = { ...expected, beyond: { ...beyond, tough: ["crew/built.tar"] } };
    await allRead(clients, { root, url: web.url, directory: directory.at("from-tree") }, fromTree);
  },
);
