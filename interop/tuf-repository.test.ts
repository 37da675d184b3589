// Repositories made by us, read by TUF clients that know nothing of us: every layout they support, from our server and from an exported tree
// behind a plain web server that does nothing but hand out files; through changes of layout, delegations and key rotation.
import assert from "node:assert/strict";
import { createReadStream, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join, normalize } from "node:path";
import { countersignClient, type OurClient, startOurServer } from "./peers/countersign.ts";
import { peerTest } from "./peers/find.ts";
import { type Scratch, scratch } from "./peers/scratch.ts";
import { pythonTuf, type TufClient, tufJsClient } from "./peers/tuf-clients.ts";

type Files = Readonly<Record<string, string>>;

const gun = "files.example.com/team/tools";
const layouts = ["flat", "succinct:6", "hash-prefixes:5"];

/** Files as they lie, percent-encoding decoded once: what nginx or a bucket would do. */
async function webServer(directory: string) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? "/", "http://x").pathname));
    asked.push(path);
    try {
      const file = join(directory, path);
      const { size } = statSync(file);
      response.writeHead(200, { "content-length": size });
      createReadStream(file).pipe(response);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no address");
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function writeFiles(directory: string, files: Files): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(directory, name, ".."), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
}

async function world(directory: Scratch, ...init: readonly string[]) {
  const server = await startOurServer(directory, { tls: false });
  const publisher = countersignClient({ url: server.url, authority: undefined, home: directory.at("publisher") });
  const { answer, text } = await publisher.json("init", gun, "--no-recovery-kit", ...init);
  const rootKey = /"rootKeys":\["([0-9a-f]{64})"/.exec(JSON.stringify(answer))?.[1];
  if (rootKey === undefined) throw new Error(text);
  return { server, publisher, rootKey, base: `${server.url}/v2/${gun}/_trust/tuf1` };
}

/** A root as a user gets it on another way: from the tree, whose bytes the publisher vouches for. */
async function firstRoot(base: string, directory: Scratch): Promise<string> {
  const path = directory.at("root.json");
  writeFileSync(path, Buffer.from(await (await fetch(`${base}/metadata/1.root.json`)).arrayBuffer()));
  return path;
}

/** Both clients, one beside the other, each as somebody who comes for the first time. */
async function reads(
  clients: readonly TufClient[],
  root: string,
  url: string,
  directory: string,
  files: Files,
): Promise<void> {
  const readAll = async (client: TufClient): Promise<void> => {
    for (const [index, [target, text]] of Object.entries(files).entries()) {
      const path = await client.download({ root, url, directory: `${directory}-${client.name}-${index}`, target });
      assert.equal(readFileSync(path, "utf8"), text, `${client.name} ${target}`);
    }
  };
  await Promise.all(clients.map(readAll));
}

async function exportAll(publisher: OurClient, tree: string, from: string): Promise<void> {
  await publisher.ok("export", gun, tree, "--targets", "--from", from);
}

peerTest(
  "python-tuf and tuf-js read every layout, from our server and from an exported tree",
  ["python3"],
  async () => {
    const clients = [await pythonTuf(), await tufJsClient()];
    using directory = scratch("tuf-repository");
    const { server, publisher, base } = await world(directory, "--tuf1-only");
    await using _ = server;
    const [source, tree] = [directory.at("source"), directory.at("tree")];
    const files = { "top.txt": "top", "dist/a b/ünïcode.bin": "some content", "dist/empty": "" };
    writeFiles(source, files);
    writeFiles(
      source,
      Object.fromEntries(Array.from({ length: 40 }, (_unused, index) => [`many/${index}`, `${index}`])),
    );
    await publisher.ok("collection", "add", gun, source);
    const root = await firstRoot(base, directory);
    await using web = await webServer(tree);
    for (const [index, layout] of layouts.entries()) {
      await publisher.ok("collection", "layout", gun, "--bins", layout);
      writeFiles(source, { [`new-${index}`]: layout });
      await publisher.ok("collection", "add", gun, source);
      await exportAll(publisher, tree, source);
      const expected = { "dist/a b/ünïcode.bin": "some content", [`new-${index}`]: layout };
      await reads(clients, root, base, directory.at(`server-${index}`), { [`new-${index}`]: layout });
      await reads(clients, root, web.url, directory.at(`tree-${index}`), expected);
    }
    await publisher.ok("export", gun, tree, "--targets", "--check");
    for (const client of clients) {
      const none = client.download({
        root,
        url: web.url,
        directory: directory.at(`none-${client.name}`),
        target: "nothing",
      });
      await assert.rejects(none, `${client.name} finds what is not there`);
    }
    assert.ok(web.asked.length > 0);
  },
);

peerTest(
  "python-tuf and tuf-js: delegations by path beside bins, two deep, and a rotated root",
  ["python3"],
  async () => {
    const clients = [await pythonTuf(), await tufJsClient()];
    using directory = scratch("tuf-delegations");
    const { server, publisher, rootKey, base } = await world(directory);
    await using _ = server;
    const source = directory.at("source");
    const root = await firstRoot(base, directory);
    const machine = (name: string) =>
      countersignClient({
        url: server.url,
        authority: undefined,
        home: directory.at(name),
      });
    const [alice, bob] = [machine("alice"), machine("bob")];
    const keys: string[] = [];
    for (const [name, person] of [
      ["alice", alice],
      ["bob", bob],
    ] as const) {
      const file = directory.at(`${name}.pem`);
      await person.ok("key", "generate", name, "--public-key", file);
      await person.ok("trust", "add", gun, rootKey);
      keys.push(file);
    }
    const [aliceKey = "", bobKey = ""] = keys;
    await publisher.ok("collection", "layout", gun, "--bins", "hash-prefixes:3");
    await publisher.ok("delegation", "add", gun, "ci", aliceKey, "--path", "ci/");
    const ci = { "ci/built.tar": "built by alice" };
    writeFiles(source, { "release.tar": "in a bin", ...ci });
    await publisher.ok("collection", "add", gun, join(source, "release.tar"));
    await alice.ok("collection", "add", gun, join(source, "ci"), "--under", "ci", "--role", "targets/ci");
    await alice.ok("delegation", "add", gun, "ci/bob", bobKey, "--path", "ci/bob/");
    writeFiles(source, { "bob/deep.tar": "two down" });
    await bob.ok("collection", "add", gun, join(source, "bob"), "--under", "ci/bob", "--role", "targets/ci/bob");
    const everything = { "release.tar": "in a bin", ...ci, "ci/bob/deep.tar": "two down" };
    await publisher.ok("rotate", gun, "root");
    await publisher.ok("collection", "replace", gun, join(source, "release.tar"));
    await reads(clients, root, base, directory.at("after"), everything);
    const tree = directory.at("tree");
    writeFiles(directory.at("contents"), { ...everything });
    await exportAll(publisher, tree, directory.at("contents"));
    await using web = await webServer(tree);
    await reads(clients, root, web.url, directory.at("tree-after"), everything);
  },
);
