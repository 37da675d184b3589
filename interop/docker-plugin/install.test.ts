// The plugins where `countersign docker install` puts them, found and run by real docker commands: one that has its own trust, and a docker
// 29, which has lost it (built from its module by `npm run peers` where Go is at hand).
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { startOurServer } from "../peers/countersign.ts";
import { needPeer, peerTest } from "../peers/find.ts";
import { scratch } from "../peers/scratch.ts";
import { findDocker29 } from "./docker-29.ts";
import { openDockerWorld, type Person } from "./docker-world.ts";

const peers = ["docker-trust", "docker-registry", "skopeo", "umoci", "busybox", "openssl"] as const;

peerTest(
  "a docker with its own trust gets docker-countersign alone, and docker trust earns no warning",
  peers,
  async () => {
    using directory = scratch("docker-install");
    await using server = await startOurServer(directory, { tls: true });
    await using world = await openDockerWorld(directory);
    const ann = world.person("ann", server);
    const path = pathWith(directory.at("bin"), needPeer("docker-trust"));
    const forced = await ann.countersign("docker install --json", { env: { PATH: path } });
    assert.equal(forced.status, 2, "the harness's own file is not ours to replace");
    await ok(ann.countersign("docker install --force", { env: { PATH: path } }));
    assert.deepEqual(readdirSync(join(ann.directory, "cli-plugins")), ["docker-countersign"]);
    const status = JSON.parse((await ann.countersign("docker status --json", { env: { PATH: path } })).stdout);
    assert.equal(status.docker.trust, true);
    assert.deepEqual(
      status.plugins.map(({ name, state }: { readonly name: string; readonly state: string }) => [name, state]),
      [
        ["countersign", "current"],
        ["trust", "not-needed"],
      ],
    );
    const docker = needPeer("docker-trust");
    const help = await ann.docker(docker, "--help");
    assert.match(help.stdout, /^ +countersign\* *Sign and verify images/m);
    assert.equal((await ann.docker(docker, "trust inspect --help")).stderr, "");
    const version = await ann.docker(docker, "countersign version --json");
    assert.match(JSON.parse(version.stdout).version, /^\d/);
    // docker's own options reach the plugin: another directory, another person.
    const bob = world.person("bob", server);
    await ok(ann.docker(docker, `--config ${bob.directory} countersign trust key generate bob --dir ${bob.directory}`));
    assert.deepEqual(
      [existsSync(join(bob.directory, "trust")), existsSync(join(ann.directory, "trust"))],
      [true, false],
    );
    const removed = JSON.parse((await ann.countersign("docker uninstall --json", { env: { PATH: path } })).stdout);
    assert.equal(removed.removed.length, 1);
    assert.deepEqual(readdirSync(join(ann.directory, "cli-plugins")), []);
  },
);

const docker29 = findDocker29();
// In CI it is there or the test fails.
const needed =
  docker29 === undefined && !process.env.CI
    ? { skip: "no docker 29 here (npm run peers builds one where Go is at hand)" }
    : {};

test("docker 29: docker trust is back, and the doctor says what DOCKER_CONTENT_TRUST=1 no longer does", {
  ...needed,
  timeout: 120_000,
}, async () => {
  assert.ok(docker29 !== undefined);
  using directory = scratch("docker-29");
  await using server = await startOurServer(directory, { tls: true });
  await using world = await openDockerWorld(directory);
  const ann = world.person("ann", server);
  const docker = (words: string) => ann.docker(docker29, words);
  assert.match((await docker("--version")).stdout, /^Docker version 29\./);
  assert.equal((await docker("trust inspect alpine")).status, 1, "it has none of its own");

  const env = { PATH: pathWith(directory.at("bin"), docker29), DOCKER_CONTENT_TRUST: "1" };
  await ok(ann.countersign("docker install --force", { env }));
  assert.deepEqual(readdirSync(join(ann.directory, "cli-plugins")).sort(), ["docker-countersign", "docker-trust"]);
  const image = `${world.registry.host}/team/app`;
  await world.push(world.index, "team/app", "v1");
  await ok(docker(`trust key generate bob --dir ${ann.directory}`));
  const signed = await ok(docker(`trust sign ${image}:v1`));
  assert.match(signed.stdout, /^Created signer: ann$/m);
  await ok(docker(`trust signer add --key ${ann.directory}/bob.pub bob ${image}`));
  await ok(docker(`trust sign ${image}:v1`));
  const told = await ok(docker(`trust inspect ${image}`));
  const [{ SignedTags: tags }] = JSON.parse(told.stdout);
  assert.deepEqual(tags, [{ SignedTag: "v1", Digest: world.index.digest.slice(7), Signers: ["ann", "bob"] }]);
  assert.equal((await docker(`countersign trust inspect ${image}`)).stdout, told.stdout);
  await ok(docker(`trust signer remove bob ${image}`));
  await ok(docker(`trust revoke ${image}:v1`));
  assert.deepEqual(JSON.parse((await docker(`trust inspect ${image}`)).stdout)[0].SignedTags, []);
  const wrong = await docker("trust sign");
  assert.equal(wrong.status, 1);
  assert.match(wrong.stderr, /'docker trust sign' requires 1 argument/);

  const doctor = await ann.countersign(`doctor ${image} --json`, { env });
  assert.equal(doctor.status, 8);
  const codes = JSON.parse(doctor.stdout).findings.map(({ code }: { readonly code: string }) => code);
  assert.ok(codes.includes("docker.trust_ignored"), codes.join(", "));
});

peerTest("the plugin protocol without any docker: metadata, and docker's whole command line", peers, async () => {
  using directory = scratch("docker-protocol");
  await using server = await startOurServer(directory, { tls: true });
  await using world = await openDockerWorld(directory);
  const ann = world.person("ann", server);
  const image = `${world.registry.host}/team/app`;
  await world.push(world.one, "team/app", "v1");
  await ok(ann.countersign("docker install --trust --force", { env: { PATH: "/nowhere" } }));
  const plugin = join(ann.directory, "cli-plugins/docker-trust");
  const metadata = JSON.parse((await ok(ann.docker(plugin, "docker-cli-plugin-metadata"))).stdout);
  assert.deepEqual(
    [metadata.SchemaVersion, metadata.Vendor, metadata.ShortDescription],
    ["0.1.0", "Countersign", "Manage trust on Docker images"],
  );
  await ok(ann.docker(plugin, `--log-level debug --config ${ann.directory} trust sign ${image}:v1`));
  assert.match((await ok(ann.docker(plugin, `trust inspect --pretty ${image}:v1`))).stdout, /^v1 .* ann$/m);
  assert.equal((await ann.docker(plugin, "trust")).status, 0);
});

async function ok(running: ReturnType<Person["countersign"]>) {
  const done = await running;
  assert.equal(done.status, 0, done.stdout + done.stderr);
  return done;
}

/** A PATH on which `docker` is this one. */
function pathWith(directory: string, docker: string): string {
  mkdirSync(directory, { recursive: true });
  symlinkSync(docker, join(directory, "docker"));
  return `${directory}:${process.env.PATH ?? ""}`;
}
