// Servers that fail, lie about themselves or lose their answers, seen from the `notary` command line: Notary's line first, then what to
// do, nothing lost, and the same command goes on when the server is well again (notary-v1, 14-X).
import assert from "node:assert/strict";
import { it } from "node:test";
import { type Accident, type Answer, type FrontMachine, openFrontWorld, type Run } from "./front-world.ts";

const gun = "ex/app";

async function ok(machine: FrontMachine, ...argv: readonly string[]): Promise<Run> {
  const run = await machine.run(...argv);
  assert.equal(run.status, 0, `notary ${argv.join(" ")}: ${run.out}${run.err}`);
  return run;
}

for (const [what, accident] of [
  [
    "500 to the new root",
    (method, path) => (method === "POST" && path.endsWith("/publish") ? { status: 500 } : undefined),
  ],
  [
    "the answer to the new root is lost",
    (method, path) => (method === "POST" && path.endsWith("/publish") ? "lost" : undefined),
  ],
] as const satisfies readonly (readonly [string, Accident])[]) {
  it(`key rotate, ${what}: no key is deleted, and the same command goes on with the keys it made`, async () => {
    await using world = await openFrontWorld();
    const owner = world.machine("owner");
    await ok(owner, "init", "-p", gun);
    const before = owner.keys();
    world.happen(accident);
    const failed = await owner.run("key", "rotate", gun, "targets");
    assert.equal(failed.status, 1);
    assert.match(failed.err, /no key was deleted; when this is mended run the same command again/);
    assert.doesNotMatch(failed.out, /Successfully/);
    const after = owner.keys();
    for (const [name, text] of before) assert.equal(after.get(name), text, "the old keys are untouched");
    assert.equal(after.size, before.size + 1);
    world.happen(undefined);
    const again = await ok(owner, "key", "rotate", gun, "targets");
    assert.match(again.err, /an interrupted rotation was completed, with its keys/);
    assert.deepEqual(owner.keys(), after, "no key was made twice");
    await ok(owner, "list", gun);
    await ok(owner, "witness", "-p", gun, "targets");
  });
}

const nothingToTrust: readonly (readonly [string, Answer | "lost", RegExp, RegExp])[] = [
  [
    "a redirect",
    { status: 302, headers: { location: "http://169.254.169.254/latest/" } },
    /redirected to http:\/\/169.254.169.254\/latest\/, which is not allowed/,
    /\[download.redirected\]\n {2}- a trust server answers by itself/,
  ],
  [
    "a login page",
    { status: 200, body: "<html>\u001b[2Jlog in</html>" },
    /not a bundle|no root|answered something unusable/,
    /\[(?:bundle|metadata).invalid\]\n {2}- what came is no trust data|\[download.failed\]\n {2}- if it goes on/,
  ],
  [
    "a body without end",
    { status: 200, body: new Uint8Array(5 * 1024 * 1024).fill(0x20) },
    /longer than the limit of 4194304 bytes|not a bundle/,
    /\[(?:download.too_large|bundle.invalid)\]\n {2}- what came is no trust data/,
  ],
  [
    "500",
    { status: 500, body: "\u001b[2Joops" },
    /unable to reach trust server at this time: 500\./,
    /answered 500 \[download.unavailable\]\n {2}- try again later/,
  ],
];

for (const [what, answer, line, next] of nothingToTrust) {
  it(`${what} in the place of every answer: nothing is taken, staged changes and keys stay, and it says what to do`, async () => {
    await using world = await openFrontWorld();
    const owner = world.machine("owner");
    await ok(owner, "init", "-p", gun);
    await ok(owner, "delegation", "add", gun, "targets/qa", "--all-paths");
    const [keys, staged] = [owner.keys(), await ok(owner, "status", gun)];
    const stranger = world.machine("stranger");
    world.happen(() => answer);
    const runs = [
      await stranger.run("list", gun),
      await stranger.run("init", "ex/new"),
      await owner.run("publish", gun),
      await owner.run("key", "rotate", gun, "snapshot", "-r"),
    ];
    for (const { status, out, err } of runs) {
      assert.equal(status, 1, out);
      assert.match(out, new RegExp(`\\n\\* fatal: .*(?:${line.source})`));
      assert.match(err, next);
      assert.doesNotMatch(out + err, /\u001b|notary delete|docker login/);
    }
    assert.deepEqual(stranger.keys(), new Map(), "no key of a collection that was never begun");
    world.happen(undefined);
    assert.deepEqual(owner.keys(), keys);
    assert.equal((await ok(owner, "status", gun)).out, staged.out);
    await ok(stranger, "list", gun);
  });
}

it("nothing staged, and a login page in the place of the server: publish does not say that it has published", async () => {
  await using world = await openFrontWorld();
  const owner = world.machine("owner");
  await ok(owner, "init", "-p", gun);
  world.happen(() => ({ status: 200, body: "<html>log in</html>" }));
  const { status, out } = await owner.run("publish", gun);
  assert.equal(status, 1);
  assert.doesNotMatch(out, /Successfully/);
});

it("a password in the server's address is not shown when the server is away, nor when the address is none", async () => {
  await using world = await openFrontWorld();
  const owner = world.machine("owner");
  await ok(owner, "init", "-p", gun);
  for (const address of [
    "http://user:s3cret@127.0.0.1:9",
    "https://user:s3cret@",
    "user:s3cret@host",
    "ftp://u:s3cret@h",
  ]) {
    for (const words of [
      ["list", gun],
      ["list", "ex/other"],
      ["publish", gun],
    ]) {
      const { out, err } = await owner.run("-s", address, ...words);
      assert.doesNotMatch(out + err, /s3cret/);
    }
  }
  assert.match(
    (await owner.run("-s", "http://u:s3cret@127.0.0.1:9", "list", "ex/other")).err,
    /could not reach http:\/\/127\.0\.0\.1:9: /,
  );
});
