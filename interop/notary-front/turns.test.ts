// Debian's `notary` and ours taking turns on one trust directory, on both servers: what one begins, stages, signs, imports or rotates the
// other goes on with, and both read the same.
import assert from "node:assert/strict";
import { symlinkSync, writeFileSync } from "node:fs";
import process from "node:process";
import { sourceProgram, startOurServer } from "../peers/countersign.ts";
import { peerTest } from "../peers/find.ts";
import { type NotaryClient, notaryClient } from "../peers/notary-client.ts";
import { startNotaryMemory } from "../peers/notary-server.ts";
import { type Scratch, scratch } from "../peers/scratch.ts";

const gun = "docker.example.com/team/turns";

/** Who begins the collection: on each server the one who is a stranger there. */
const beginners = { "notary-server": ["ours"], ours: ["Debian's"] } as const;

for (const kind of ["notary-server", "ours"] as const) {
  for (const first of beginners[kind]) {
    peerTest(
      `two notary commands on one directory, ${first} first, on ${kind}`,
      ["notary", "notary-server"],
      async () => {
        using directory = scratch(`turns-${kind}-${first.slice(0, 3)}`);
        await using server =
          kind === "ours"
            ? await startOurServer(directory, { tls: true })
            : await startNotaryMemory(directory, { tls: true });
        const [debian, ours] = bothClients(directory, server);
        const [one, other] = kind === "notary-server" ? [ours, debian] : [debian, ours];
        await takeTurns(directory, one, other);
      },
    );
  }
}

async function takeTurns(directory: Scratch, one: NotaryClient, other: NotaryClient): Promise<void> {
  const file = directory.at("hello.txt");
  writeFileSync(file, "hello world\n");
  await one.ok("init", gun);
  await other.ok("add", gun, "v1", file);
  assert.equal((await one.ok("status", gun)).stdout, (await other.ok("status", gun)).stdout);
  await one.ok("publish", gun);
  await same(one, other, "list", gun);
  await one.ok("add", gun, "v2", file);
  await other.ok("publish", gun);
  assert.match((await one.ok("status", gun)).stdout, /^No unpublished changes/);
  await same(one, other, "lookup", gun, "v2");
  await same(one, other, "key", "list");

  await other.ok("key", "rotate", gun, "targets");
  await one.ok("add", "-p", gun, "v3", file);
  await one.ok("key", "rotate", gun, "snapshot", "-r");
  await other.ok("add", "-p", gun, "v4", file);
  const rotated = await other.runWith({ stdin: "yes\n" }, "key", "rotate", gun, "root");
  assert.equal(rotated.status, 0, rotated.stdout + rotated.stderr);
  await one.ok("key", "rotate", gun, "targets");
  await same(one, other, "list", gun);

  const pair = directory.at("releaser");
  await one.ok("key", "generate", "ecdsa", "-r", "releaser", "-o", pair);
  await other.ok("delegation", "add", gun, "targets/releases", `${pair}.pem`, "--all-paths");
  await one.ok("publish", gun);
  await same(one, other, "delegation", "list", gun);
  // Ours tells which key it is by opening it; Debian's needs the header that an export has.
  const imported = await other.run("key", "import", `${pair}-key.pem`);
  if (imported.status !== 0 || !(await other.ok("key", "list")).stdout.includes("releaser")) {
    await one.ok("key", "import", `${pair}-key.pem`);
  }
  await other.ok("add", "-p", gun, "r1", file, "-r", "targets/releases");
  await one.ok("witness", "-p", gun, "targets/releases");
  await same(one, other, "list", gun);
  await same(one, other, "list", gun, "-r", "targets/releases");
  await other.ok("delegation", "remove", "-y", gun, "targets/releases");
  await one.ok("publish", gun);
  await same(one, other, "delegation", "list", gun);

  const exported = directory.at("all.pem");
  await one.ok("key", "export", "-o", exported);
  await other.ok("delete", "--remote", gun);
  assert.match((await one.run("list", gun)).stdout, /\* fatal: \S+ does not have trust data for /);
}

async function same(one: NotaryClient, other: NotaryClient, ...args: readonly string[]): Promise<void> {
  assert.equal((await one.ok(...args)).stdout, (await other.ok(...args)).stdout, args.join(" "));
}

/** On one directory; ours under the name `notary`. */
function bothClients(
  directory: Scratch,
  { url, authority }: { readonly url: string; readonly authority: string | undefined },
): readonly [NotaryClient, NotaryClient] {
  const link = directory.at("notary");
  symlinkSync(sourceProgram, link);
  const shared = { url, authority, trustDirectory: directory.at("trust") };
  return [notaryClient(shared), notaryClient({ ...shared, program: [process.execPath, link] })];
}
