// `countersign import` as a person runs it: whole commands against an old server that we play, and the real server of this program.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startServer } from "../server/index.ts";
import {
  day,
  fakeClock,
  type LoopbackHandler,
  loopbackServer,
  Simulator,
  temporaryDirectory,
} from "../testing/index.ts";
import { runCli } from "./run.ts";
import { commandTable } from "./table.ts";

async function cli(home: string, env: Readonly<Record<string, string>>, ...argv: readonly string[]) {
  let stdout = "";
  let stderr = "";
  const exit = await runCli(argv, {
    commands: commandTable,
    streams: {
      out: (text) => {
        stdout += text;
      },
      err: (text) => {
        stderr += text;
      },
      outIsTerminal: false,
      errIsTerminal: false,
      inIsTerminal: false,
      readLine: async () => undefined,
    },
    env: { COUNTERSIGN_HOME: home, HOME: home, DOCKER_CONFIG: home, TERM: "dumb", ...env },
    clock: Date.now,
    stopSignal: () => new AbortController().signal,
    onSignal: () => undefined,
  });
  return { exit, stdout, stderr };
}

/** notary-server's routes over the simulator; `guard` may answer first. */
function oldServer(old: Simulator, guard: LoopbackHandler = () => undefined) {
  const { stored } = old.source("notary1");
  const newest = (documents: readonly { readonly bytes: Uint8Array }[]) => documents.at(-1)?.bytes;
  return loopbackServer((request, response, body) => {
    guard(request, response, body);
    if (response.writableEnded) return;
    const url = request.url ?? "";
    if (url === "/v2/") return void response.end();
    const [, version, role] = /_trust\/tuf\/(?:(\d+)\.)?([a-z]+)(?:\.[0-9a-f]{64})?\.json$/.exec(url) ?? [];
    const bytes =
      role === "root"
        ? stored.roots.get(version === undefined ? Math.max(...stored.roots.keys()) : Number(version))
        : role === "timestamp"
          ? newest(stored.timestamps)
          : role === "snapshot"
            ? newest(stored.snapshots)
            : newest(stored.targets.filter((each) => each.role === role));
    response.statusCode = bytes === undefined ? 404 : 200;
    response.end(bytes);
  });
}

async function world() {
  const directory = await temporaryDirectory();
  const old = await Simulator.create({ clock: fakeClock(Date.now()).now });
  const pin = old.keys.root[0]?.publicKey.id ?? "";
  const archive = join(directory.path, "evidence");
  return { directory, old, pin, archive, home: join(directory.path, "home") };
}

test("the old server never hears our token, and gets Notary's credentials when it asks", async () => {
  const { directory, old, pin, archive, home } = await world();
  await using _ = directory;
  await using server = await oldServer(old, (request, response) => {
    if (request.headers.authorization !== undefined || request.url === "/v2/") return;
    response.statusCode = 401;
    response.setHeader("www-authenticate", 'Basic realm="old"');
    response.end();
  });
  const secret = (text: string) => Buffer.from(`somebody:${text}`).toString("base64");
  const ours = { COUNTERSIGN_TOKEN: "ours.aaaaaaaaaaaaaaaaaaaa", COUNTERSIGN_AUTH: secret("ours") };
  const env = { ...ours, NOTARY_AUTH: secret("theirs") };
  const args = ["--from", server.origin, old.gun, "--verify-only", "--archive", archive, "--pin", pin];
  const { exit, stdout, stderr } = await cli(home, env, "import", ...args);
  assert.equal(exit, 0, stdout + stderr);
  const sent = server.headers.flatMap(({ authorization }) => authorization ?? []);
  assert.deepEqual([...new Set(sent)], [`Basic ${env.NOTARY_AUTH}`]);
});

test("a report says what was believed on first use, what had expired, and what is wrong with the rest", async () => {
  const { directory, old, archive, home } = await world();
  await using _ = directory;
  await using server = await oldServer(old);
  old.lifetimes.snapshot = -day;
  await old.publishSnapshot();
  await old.publishTimestamp();
  const args = ["--from", server.origin, "--verify-only", "--archive", archive, "--patience", "0"];
  const unpinned = await cli(home, {}, "import", old.gun, "team/other", ...args);
  assert.equal(unpinned.exit, 1);
  assert.match(unpinned.stdout, /2 do not verify[\s\S]*\[pin\.missing\]/);
  assert.equal(unpinned.stdout.match(/ask the owner for the root key's id/g)?.length, 1, "said once");
  const believed = await cli(home, {}, "import", old.gun, ...args, "--trust-on-first-use");
  assert.equal(believed.exit, 0, believed.stdout + believed.stderr);
  assert.match(believed.stderr, /1 collection believed on first use: nobody but the server vouched for that/);
  assert.match(believed.stderr, /1 collection had expired at the source/);
  const check = await cli(home, {}, "import", "--check", archive);
  assert.equal(check.exit, 0);
  assert.match(check.stdout, /1 of 1 collection verified, offline[\s\S]*expired, as it stood on/);
  assert.match(check.stderr, /not whose it is; give --pin/);
  const wrong = await cli(home, {}, "import", "--check", archive, "--pin", "0".repeat(64));
  assert.deepEqual([wrong.exit, /NOT verified .*\[pin\.mismatch\]/.test(wrong.stdout)], [1, true]);
});

test("without keys it stays evidence; with --new-root it begins again, verifies here, and a second run has nothing to do", async () => {
  const { directory, old, pin, archive, home } = await world();
  await using _ = directory;
  await using source = await oldServer(old);
  const dataDir = join(directory.path, "server");
  await using stack = new AsyncDisposableStack();
  const server = await startServer({ dataDir, port: 0, tls: { kind: "off" }, clock: Date.now });
  stack.defer(() => server.close());
  const list = join(directory.path, "names.txt");
  writeFileSync(list, `# the only one\n${old.gun}\n`);
  const env = { COUNTERSIGN_PASSPHRASE: "correct horse", COUNTERSIGN_PUBLISHER: "ci@example.com" };
  const args = ["--from", source.origin, "--list", list, "--archive", archive, "--pin", pin, "--server", server.url];
  const kept = await cli(home, env, "import", ...args);
  assert.deepEqual(
    [kept.exit, /root keys are not at hand[\s\S]*\[key\.missing\]/.test(kept.stdout)],
    [6, true],
    kept.stdout,
  );
  const kits = join(directory.path, "kits");
  const begun = await cli(home, env, "import", ...args, "--new-root", "--recovery-kits", kits, "--json");
  assert.equal(begun.exit, 0, begun.stdout + begun.stderr);
  assert.equal(JSON.parse(begun.stdout).collections[0].outcome, "startedAnew");
  const tags = await cli(home, env, "tags", old.gun, "--server", server.url, "--json");
  assert.match(tags.stdout, /"1\.0"/, tags.stderr);
  const asked = source.requests.length;
  const again = await cli(home, env, "import", ...args, "--new-root", "--recovery-kits", kits, "--json");
  assert.deepEqual(JSON.parse(again.stdout).counts, { already: 1 });
  assert.equal(source.requests.length, asked);
});

test("what contradicts itself is refused before anything is asked", async () => {
  const { directory, home } = await world();
  await using _ = directory;
  const mistakes: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /which collections/],
    [["--from", "https://x", "--from-cache", "y", "a/b"], /exclude each other/],
    [["--from", "https://x", "a/b", "--verify-only", "--new-root", "--no-recovery-kit"], /exclude each other/],
    [["--from", "https://x", "a/b", "--new-root"], /--recovery-kits DIR, or --no-recovery-kit/],
    [["--from", "https://x", "a/b", "--verify-only", "--parallel", "0"], /--parallel/],
    [["team/app", "--verify-only"], /not SERVER\/GUN/],
    [["--catalog", "registry.example.com", "--verify-only"], /--catalog needs --from/],
    [["--from-cache", join(directory.path, "nothing"), "--verify-only"], /holds no collections/],
    [["--check", "x", "a/b"], /pins alone/],
  ];
  for (const [args, words] of mistakes) {
    const { exit, stderr } = await cli(home, {}, "import", ...args);
    assert.equal(exit, 2, stderr);
    assert.match(stderr, words);
  }
});

test("a list that is not there is told, and is no empty list", async () => {
  const { directory, archive, home } = await world();
  await using _ = directory;
  const list = join(directory.path, "nothing-here.txt");
  const args = ["--from", "https://127.0.0.1:9", "--list", list, "--verify-only", "--archive", archive];
  const { exit, stderr } = await cli(home, {}, "import", ...args);
  assert.equal(exit, 8);
  assert.ok(stderr.includes(`there is no file ${list} [disk.unreadable]`), stderr);
});

test("a client's directory: what was only staged there is passed over, what was never published is told as that", async () => {
  const { directory, old, archive, home } = await world();
  await using _ = directory;
  const trust = join(directory.path, "trust");
  const folder = (gun: string, part: string) => join(trust, "tuf", gun, part);
  mkdirSync(folder("team/staged", "changelist"), { recursive: true });
  for (const gun of [old.gun, "team/begun"]) mkdirSync(folder(gun, "metadata"), { recursive: true });
  const { stored } = old.source("notary1");
  const newest = { root: stored.roots.get(1), timestamp: stored.timestamps.at(-1)?.bytes };
  const rest = { snapshot: stored.snapshots.at(-1)?.bytes, targets: stored.targets.at(-1)?.bytes };
  for (const [role, bytes] of Object.entries({ ...newest, ...rest })) {
    assert.ok(bytes !== undefined);
    writeFileSync(join(folder(old.gun, "metadata"), `${role}.json`), bytes);
    if (role === "root") writeFileSync(join(folder("team/begun", "metadata"), "root.json"), bytes);
  }
  const run = (...names: readonly string[]) =>
    cli(home, {}, "import", ...names, "--from-cache", trust, "--verify-only", "--archive", archive);
  const all = await run();
  assert.match(all.stdout, /^2 collections, evidence in/, all.stderr);
  assert.match(
    all.stdout,
    /team\/begun: .* holds no timestamp .*\[metadata\.missing\]\n {4}it was begun there and never published/,
  );
  assert.match((await run(old.gun)).stdout, /^1 collection, evidence in/);
  const named = await run("team/staged");
  assert.deepEqual(
    [named.exit, /team\/staged: .* holds no root .*\[collection\.missing\]/.test(named.stdout)],
    [3, true],
  );
});

test("a certificate of the old server that nobody vouches for: the option that helps is named, not the one for ours", async () => {
  const { directory, old, archive, home } = await world();
  await using _ = directory;
  const dataDir = join(directory.path, "server");
  await using stack = new AsyncDisposableStack();
  const server = await startServer({ dataDir, port: 0, tls: { kind: "generated" }, clock: Date.now });
  stack.defer(() => server.close());
  const args = ["--from", server.url, old.gun, "--verify-only", "--archive", archive, "--trust-on-first-use"];
  const { stdout } = await cli(home, {}, "import", ...args);
  assert.match(
    stdout,
    /\[tls\.untrusted\]\n {4}give the certificate authority of the old server with --from-tls-ca FILE\n$/,
  );
});
