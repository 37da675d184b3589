// Every row of what the docker client can do without an engine (notary-v1, section 15), and what it could not, by our plugin through the
// docker command, beside the built-in `docker trust`, on notary-server and on ours. One docker directory, both tools in turn.
import assert from "node:assert/strict";
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startOurServer } from "../peers/countersign.ts";
import { peerTest } from "../peers/find.ts";
import { startNotaryPostgres } from "../peers/notary-server.ts";
import { scratch } from "../peers/scratch.ts";
import { makeProps } from "../sessions/props.ts";
import { comparable, type DockerWorld, openDockerWorld, type TrustServer } from "./docker-world.ts";

const peers = ["docker-trust", "docker-registry", "skopeo", "umoci", "busybox", "openssl"] as const;

interface Scene {
  readonly world: DockerWorld;
  readonly server: TrustServer;
  /** Different for each server, so that both find the same. */
  readonly prefix: string;
}

peerTest("docker trust without an engine, on our server", peers, async (context) => {
  using directory = scratch("docker-plugin-ours");
  await using server = await startOurServer(directory, { tls: true });
  await using world = await openDockerWorld(directory);
  makeProps(directory);
  const scene = { world, server, prefix: "ours" };
  for (const [name, body] of rows) await context.test(name, () => body(scene));
});

const theirs = [...peers, "notary-server", "notary-signer", "postgres"] as const;
peerTest("docker trust without an engine, on notary-server", theirs, async (context) => {
  using directory = scratch("docker-plugin-theirs");
  await using server = await startNotaryPostgres(directory, { tls: true });
  await using world = await openDockerWorld(directory);
  makeProps(directory);
  const scene = { world, server, prefix: "theirs" };
  for (const [name, body] of rows) await context.test(name, () => body(scene));
});

const rows: readonly (readonly [string, (scene: Scene) => Promise<void>])[] = [
  ["key generate and key load: same words, and each tool takes the other's keys", keys],
  ["signer add starts a repository; inspect says the same in JSON and --pretty", signersAndInspect],
  ["sign: a new repository, a new tag, an index for two platforms, all without an engine", firstSign],
  ["two first signatures at once: one repository, one key of each kind, and both tags", firstSignsAtOnce],
  ["sign what is signed: a second signer joins, both tools in turn", endorse],
  ["revoke: one tag, all tags, nothing to revoke, and a question", revoke],
  ["signer remove really removes, where the built-in one says nothing and does nothing", signerRemove],
  ["what is refused: no login (14-U), no TLS, an unknown signer, a repository that is not there", refusals],
  ["a trust server that is away: inspect answers from docker's cache", offline],
];

async function keys({ world, server, prefix }: Scene): Promise<void> {
  const [ann, oracle] = [world.person(`${prefix}-k-ann`, server), world.person(`${prefix}-o-ann`, server)];
  const names = { [ann.directory]: "<home>", [oracle.directory]: "<home>" };
  const same = async (words: (home: string) => string) => {
    const [ours, built] = [await ann.plugin(words(ann.directory)), await oracle.builtIn(words(oracle.directory))];
    assert.equal(comparable(ours, names), comparable(built, names));
  };
  const open = world.directory.at("open.key");
  writeFileSync(open, readFileSync(world.directory.at("bob.key")));
  chmodSync(open, 0o644);
  await same((home) => `key generate ann --dir ${home}`);
  await same((home) => `key generate ann --dir ${home}`);
  await same((home) => `key generate Bad --dir ${home}`);
  await same(() => "key generate other --dir /nonexistent");
  await same(() => "key load bob.key --name bob");
  await same(() => "key load bob.key --name bob");
  await same(() => "key load open.key --name bob");
  await same(() => "key load missing.key");
  await same(() => "key load bob.key --name Bad");
  assert.equal((await ann.plugin("key load carol.pub")).status, 1);
  const kept = (home: string) => readdirSync(join(home, "trust/private")).sort();
  assert.equal(kept(ann.directory).length, 2);
  // bob's key has one identity; the files hold it in the same form, so the built-in one takes ours for its own.
  const [bobs] = kept(ann.directory).filter((name) => kept(oracle.directory).includes(name));
  assert.ok(bobs !== undefined);
  assert.match(
    readFileSync(join(ann.directory, "trust/private", bobs), "utf8"),
    /^-----BEGIN ENCRYPTED PRIVATE KEY-----\nrole: bob\n/,
  );
  assert.match(readFileSync(join(ann.directory, "ann.pub"), "utf8"), /^-----BEGIN PUBLIC KEY-----\nrole: ann\n\n/);
}

async function signersAndInspect({ world, server, prefix }: Scene): Promise<void> {
  const ann = world.person(`${prefix}-s-ann`, server);
  const [mine, built] = [`${world.registry.host}/${prefix}/added`, `${world.registry.host}/${prefix}/built`];
  const names = { [mine]: "<image>", [built]: "<image>" };
  const inTurn = async (words: (image: string) => string) => {
    const [ours, theirs] = [await ann.plugin(words(mine)), await ann.builtIn(words(built))];
    assert.equal(comparable(ours, names), comparable(theirs, names));
  };
  await inTurn((image) => `inspect ${image}`);
  await inTurn((image) => `inspect --pretty ${image}`);
  await inTurn((image) => `signer add --key bob.pub bob ${image}`);
  await inTurn((image) => `signer add --key carol.pub carol ${image}`);
  await inTurn((image) => `signer add --key bob.pub releases ${image}`);
  await inTurn((image) => `signer add --key bob.pub Bad ${image}`);
  await inTurn((image) => `signer add dave ${image}`);
  await inTurn((image) => `inspect --pretty ${image}`);
  await inTurn((image) => `inspect ${image}:v1`);
  // Each reads what the other made, to the byte.
  for (const image of [mine, built]) {
    for (const words of [
      `inspect ${image}`,
      `inspect ${image} --pretty`,
      `inspect ${image} ${world.registry.host}/no/such`,
    ]) {
      assert.equal(comparable(await ann.plugin(words)), comparable(await ann.builtIn(words)), words);
      const [ours, theirs] = [await ann.plugin(words), await ann.builtIn(words)];
      assert.equal(ours.stdout, theirs.stdout, words);
    }
  }
}

async function firstSign({ world, server, prefix }: Scene): Promise<void> {
  const alice = world.person(`${prefix}-f-alice`, server);
  const image = `${world.registry.host}/${prefix}/first`;
  await world.push(world.one, `${prefix}/first`, "v1");
  await world.push(world.two, `${prefix}/first`, "v2");
  await world.push(world.index, `${prefix}/first`, "multi");
  const missing = await alice.plugin(`sign ${image}:v9`);
  assert.deepEqual([missing.status, missing.stdout], [1, ""]);
  assert.ok(!existsSync(join(alice.directory, "trust")), "nothing is made for an image that is not there");

  const first = await alice.done(`sign ${image}:v1`);
  assert.equal(
    first.stdout,
    `Created signer: alice\nFinished initializing signed repository for ${image}:v1\n` +
      `v1: digest: ${world.one.digest} size: ${world.one.size}\n` +
      `Signing and pushing trust metadata\nSuccessfully signed ${image}:v1\n`,
  );
  await alice.done(`sign ${image}:v2`);
  await alice.done(`sign ${image}:multi`);
  const seen = await alice.builtIn(`inspect ${image}`);
  const [told] = JSON.parse(seen.stdout);
  assert.deepEqual(told.SignedTags, [
    { SignedTag: "multi", Digest: world.index.digest.slice(7), Signers: ["alice"] },
    { SignedTag: "v1", Digest: world.one.digest.slice(7), Signers: ["alice"] },
    { SignedTag: "v2", Digest: world.two.digest.slice(7), Signers: ["alice"] },
  ]);
  assert.equal((await alice.plugin(`inspect ${image}`)).stdout, seen.stdout);
  // Somebody who has never seen it, with either tool.
  const reader = world.person(`${prefix}-f-reader`, server);
  assert.equal((await reader.plugin(`inspect ${image}`)).stdout, seen.stdout);
  assert.equal((await reader.builtIn(`inspect ${image}`)).stdout, seen.stdout);
}

async function firstSignsAtOnce({ world, server, prefix }: Scene): Promise<void> {
  const alice = world.person(`${prefix}-p-alice`, server);
  const image = `${world.registry.host}/${prefix}/at-once`;
  await world.push(world.one, `${prefix}/at-once`, "v1");
  await world.push(world.two, `${prefix}/at-once`, "v2");
  const signed = await Promise.all([alice.done(`sign ${image}:v1`), alice.done(`sign ${image}:v2`)]);
  assert.equal(signed.filter(({ stdout }) => stdout.includes("Created signer: alice")).length, 1);
  assert.equal(readdirSync(join(alice.directory, "trust/private")).length, 3);
  const pretty = await alice.builtIn(`inspect --pretty ${image}`);
  assert.match(pretty.stdout, /^v1 .* alice\nv2 .* alice$/m);
}

async function endorse({ world, server, prefix }: Scene): Promise<void> {
  const [alice, bob] = [world.person(`${prefix}-e-alice`, server), world.person(`${prefix}-e-bob`, server)];
  const image = `${world.registry.host}/${prefix}/shared`;
  await world.push(world.one, `${prefix}/shared`, "v1");
  await alice.done(`sign ${image}:v1`);
  await bob.done("key load bob.key --name bob");
  const early = await bob.plugin(`sign ${image}:v1`);
  assert.match(early.stderr, /no valid signing keys for delegation roles/);
  assert.match((await bob.builtIn(`sign ${image}:v1`)).stderr, /no valid signing keys for delegation roles/);
  await alice.done(`signer add --key bob.pub bob ${image}`);
  const words = `sign ${image}:v1`;
  await bob.done(words);
  const [ours, built] = [await bob.plugin(words), await bob.builtIn(words)];
  assert.equal(comparable(ours), comparable(built));
  assert.equal(comparable(await alice.builtIn(words)), comparable(await alice.plugin(words)));
  const pretty = await alice.builtIn(`inspect --pretty ${image}:v1`);
  assert.match(pretty.stdout, /^v1 .* alice, bob$/m);
  assert.equal((await alice.plugin(`inspect --pretty ${image}:v1`)).stdout, pretty.stdout);
  // The registry moves the tag: no release of something that alice has not signed, unless bob says so.
  await world.push(world.two, `${prefix}/shared`, "v1");
  const moved = await bob.plugin(words);
  assert.equal(moved.status, 1);
  assert.match(moved.stderr, /signed by alice as sha256:.*the registry has sha256:/);
  await bob.done(`${words} --local`);
  assert.match(
    (await alice.builtIn(`inspect --pretty ${image}`)).stdout,
    new RegExp(`^v1 +${world.two.digest.slice(7)} +bob$`, "m"),
  );
}

async function revoke({ world, server, prefix }: Scene): Promise<void> {
  const alice = world.person(`${prefix}-r-alice`, server);
  const image = `${world.registry.host}/${prefix}/revoked`;
  for (const tag of ["v1", "v2", "v3"]) {
    await world.push(world.one, `${prefix}/revoked`, tag);
    await alice.done(`sign ${image}:${tag}`);
  }
  const tags = async () => {
    const [told] = JSON.parse((await alice.builtIn(`inspect ${image}`)).stdout);
    return told.SignedTags.map(({ SignedTag }: { readonly SignedTag: string }) => SignedTag);
  };
  const removed = comparable(await alice.plugin(`revoke ${image}:v1`), { v1: "<tag>" });
  assert.equal(removed, comparable(await alice.builtIn(`revoke ${image}:v2`), { v2: "<tag>" }));
  assert.deepEqual(await tags(), ["v3"]);
  const again = [await alice.plugin(`revoke ${image}:v1`), await alice.builtIn(`revoke ${image}:v1`)] as const;
  assert.deepEqual(
    again.map(({ status }) => status),
    [1, 1],
  );
  const no = { stdin: "n\n" };
  const [asked, oracle] = [await alice.plugin(`revoke ${image}`, no), await alice.builtIn(`revoke ${image}`, no)];
  assert.equal(asked.stdout.trimEnd(), oracle.stdout.trimEnd());
  assert.deepEqual(await tags(), ["v3"]);
  await alice.done(`revoke ${image}`, { stdin: "y\n" });
  assert.deepEqual(await tags(), []);
  const nothing = await alice.plugin(`revoke -y ${image}`);
  assert.equal(comparable(nothing), comparable(await alice.builtIn(`revoke -y ${image}`)));
  // A tag that is gone can be signed again, by either.
  await alice.done(`sign ${image}:v1`);
  assert.equal((await alice.builtIn(`sign ${image}:v1`)).status, 0);
}

async function signerRemove({ world, server, prefix }: Scene): Promise<void> {
  const [alice, bob] = [world.person(`${prefix}-x-alice`, server), world.person(`${prefix}-x-bob`, server)];
  const image = `${world.registry.host}/${prefix}/removed`;
  await world.push(world.one, `${prefix}/removed`, "v1");
  await alice.done(`sign ${image}:v1`);
  await alice.done(`signer add --key bob.pub bob ${image}`);
  await bob.done("key load bob.key --name bob");
  await bob.done(`sign ${image}:v1`);
  await alice.done(`sign ${image}:v1`);
  const signers = async () => {
    const [told] = JSON.parse((await alice.builtIn(`inspect ${image}`)).stdout);
    return told.Signers.map(({ Name }: { readonly Name: string }) => Name);
  };
  const silent = await alice.builtIn(`signer remove bob ${image}`);
  assert.deepEqual([silent.status, await signers()], [0, ["bob", "alice"]], "row Y: the built-in one does nothing");
  const done = await alice.done(`signer remove bob ${image}`);
  assert.equal(done.stdout, `Removing signer "bob" from ${image}...\nSuccessfully removed bob from ${image}\n\n`);
  assert.deepEqual(await signers(), ["alice"]);
  assert.match((await bob.plugin(`sign ${image}:v1`)).stderr, /no valid signing keys for delegation roles/);
  for (const name of ["bob", "releases"]) {
    const words = `signer remove ${name} ${image}`;
    assert.equal(comparable(await alice.plugin(words)), comparable(await alice.builtIn(words)));
  }
  const kept = await alice.plugin(`signer remove alice ${image}`, { stdin: "n\n" });
  assert.deepEqual([kept.status, await signers()], [0, ["alice"]]);
  await alice.done(`signer remove alice ${image}`, { stdin: "y\n" });
  assert.deepEqual(await signers(), []);
  assert.doesNotMatch(
    (await alice.builtIn(`inspect ${image}`)).stderr,
    /threshold/,
    "no role is left that cannot be verified",
  );
  // And the repository lives: a new signer, a new signature, seen by docker.
  await alice.done(`signer add --key bob.pub bob ${image}`);
  await bob.done(`sign ${image}:v1`);
  assert.match((await alice.builtIn(`inspect --pretty ${image}`)).stdout, /^v1 .* bob$/m);
}

async function refusals({ world, server, prefix }: Scene): Promise<void> {
  const image = `${world.registry.host}/${prefix}/refused`;
  await world.push(world.one, `${prefix}/refused`, "v1");
  const stranger = world.person(`${prefix}-stranger`, server, { isLoggedIn: false });
  const refused = await stranger.plugin(`sign ${image}:v1`);
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /nobody is logged in to [\d.:]+, so the first signer has no name/);
  assert.ok(!existsSync(join(stranger.directory, "trust")), "14-U: no keys, no unpublished root are left behind");
  const ann = world.person(`${prefix}-z-ann`, server);
  const plain = { env: { DOCKER_CONTENT_TRUST_SERVER: "http://127.0.0.1:9" } };
  const both = async (words: string, how = {}) => {
    assert.equal(comparable(await ann.plugin(words, how)), comparable(await ann.builtIn(words, how)), words);
  };
  await both(`inspect ${image}`, plain);
  await both(`inspect ${image}`);
  await both(`sign ${image}`);
  await both(`sign ${image}@sha256:${"0".repeat(64)}`);
  await both(`signer remove releases ${image}`);
  await both(`revoke -y ${image}`);
  await both(`signer remove bob ${image}`);
  await both("");
  await both("key");
  const unknown = { ...server, authority: undefined };
  const wary = await world.person(`${prefix}-wary`, unknown).plugin(`inspect ${image}`);
  assert.match(wary.stderr, /certificate/, "a certificate nobody vouches for is refused, also on loopback");
}

async function offline({ world, server, prefix }: Scene): Promise<void> {
  const alice = world.person(`${prefix}-a-alice`, server);
  const image = `${world.registry.host}/${prefix}/away`;
  await world.push(world.one, `${prefix}/away`, "v1");
  await alice.done(`sign ${image}:v1`);
  const online = await alice.done(`inspect ${image}`);
  const away = { env: { DOCKER_CONTENT_TRUST_SERVER: "https://127.0.0.1:9" } };
  const [ours, built] = [await alice.plugin(`inspect ${image}`, away), await alice.builtIn(`inspect ${image}`, away)];
  assert.deepEqual([ours.status, ours.stdout, built.stdout], [0, online.stdout, online.stdout]);
  assert.match(ours.stderr, /^note: this is what was seen last/m, "but never without saying so");
  assert.equal((await alice.plugin(`sign ${image}:v1`, away)).status, 1);
}
