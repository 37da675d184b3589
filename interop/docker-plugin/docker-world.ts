// People with a docker directory each, a registry with real images and no engine: what `docker trust` of an old docker and our plugin are
// compared on. Our plugin is called as docker calls it: through a docker command, or by its protocol.
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { needPeer } from "../peers/find.ts";
import { addImage, addIndex, makeLayout, type TestImage } from "../peers/images.ts";
import { testPassphrase } from "../peers/notary-client.ts";
import { type Finished, run } from "../peers/process.ts";
import { type Registry, startRegistry } from "../peers/registry.ts";
import type { Scratch } from "../peers/scratch.ts";

const program = join(import.meta.dirname, "../../src/cli/main.ts");

export interface TrustServer {
  /** https. */
  readonly url: string;
  readonly authority: string | undefined;
}

export interface Words {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Person {
  /** DOCKER_CONFIG. */
  readonly directory: string;
  /** `docker trust WORDS`, by the docker that has it built in. */
  builtIn(words: string, how?: Words): Promise<Finished>;
  /** `docker countersign trust WORDS`, through that same docker. */
  plugin(words: string, how?: Words): Promise<Finished>;
  /** As `plugin`, but fails with its words unless the status is 0. */
  done(words: string, how?: Words): Promise<Finished>;
  /** Any docker: `docker WORDS`. */
  docker(command: string, words: string, how?: Words): Promise<Finished>;
  /** Our program itself: `countersign WORDS`. */
  countersign(words: string, how?: Words): Promise<Finished>;
}

export interface DockerWorld extends AsyncDisposable {
  readonly directory: Scratch;
  readonly registry: Registry;
  readonly layout: string;
  readonly one: TestImage;
  readonly two: TestImage;
  /** Two platforms. */
  readonly index: TestImage;
  /** Pushes image `from` of the layout. */
  push(from: TestImage, repository: string, tag: string): Promise<void>;
  /** Logged in to the registry as themselves unless told. */
  person(name: string, server: TrustServer, options?: { readonly isLoggedIn?: boolean }): Person;
}

export async function openDockerWorld(directory: Scratch): Promise<DockerWorld> {
  const registry = await startRegistry(directory);
  const layout = await makeLayout(directory);
  const one = await addImage(directory, layout, "one", "image one");
  const two = await addImage(directory, layout, "two", "image two", "arm64");
  const index = addIndex(layout, "index", [
    { image: one, architecture: "amd64" },
    { image: two, architecture: "arm64" },
  ]);
  return {
    directory,
    registry,
    layout,
    one,
    two,
    index,
    push: (from, repository, tag) => registry.push(layout, from.tag, repository, tag),
    person: (name, server, { isLoggedIn = true } = {}) =>
      personOf(directory.at(name), server, isLoggedIn ? { host: registry.host, name } : undefined, directory.path),
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  };
}

function personOf(
  directory: string,
  server: TrustServer,
  login: { readonly host: string; readonly name: string } | undefined,
  cwd: string,
): Person {
  // The plugin checks the trust server's certificate for images on loopback too, so it needs docker's place for authorities.
  const tls = join(directory, "tls", new URL(server.url).host);
  mkdirSync(tls, { recursive: true });
  if (server.authority !== undefined) copyFileSync(server.authority, join(tls, "ca.crt"));
  const auth = Buffer.from(`${login?.name.replace(/.*-/, "")}:pw`).toString("base64");
  writeFileSync(
    join(directory, "config.json"),
    JSON.stringify(login === undefined ? {} : { auths: { [login.host]: { auth } } }),
  );
  const plugins = join(directory, "cli-plugins");
  mkdirSync(plugins, { recursive: true });
  const file = join(plugins, "docker-countersign");
  writeFileSync(file, `#!/bin/sh\nexec '${process.execPath}' '${program}' docker-plugin countersign "$@"\n`);
  chmodSync(file, 0o755);
  const env = {
    HOME: directory,
    COUNTERSIGN_HOME: join(directory, "countersign"),
    DOCKER_CONFIG: directory,
    // Every call is a process of its own: they share what has been compiled.
    NODE_COMPILE_CACHE: join(cwd, "compiled"),
    DOCKER_CONTENT_TRUST_SERVER: server.url,
    DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE: testPassphrase,
    DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE: testPassphrase,
    // Nothing listens there: whoever wants an engine fails.
    DOCKER_HOST: "tcp://127.0.0.1:9",
  };
  const call = (command: string, words: readonly string[], { stdin, env: more }: Words = {}) =>
    run(command, words, { env: { ...env, ...more }, cwd, stdin });
  const split = (words: string): readonly string[] => words.split(" ").filter((word) => word !== "");
  const plugin = (words: string, how?: Words) =>
    call(needPeer("docker-trust"), ["countersign", "trust", ...split(words)], how);
  return {
    directory,
    builtIn: (words, how) => call(needPeer("docker-trust"), ["trust", ...split(words)], how),
    plugin,
    async done(words, how) {
      const finished = await plugin(words, how);
      if (finished.status === 0) return finished;
      throw new Error(`trust ${words}: exit ${finished.status}\n${finished.stdout}${finished.stderr}`);
    },
    docker: (command, words, how) => call(command, split(words), how),
    countersign: (words, how) => call(process.execPath, [program, ...split(words)], how),
  };
}

/**
 * What two runs have to agree on: status and words, without our notes and next steps, without what differs between any two runs (ids of
 * new keys), and without the capital letter that versions of docker disagree on.
 */
export function comparable({ status, stdout, stderr }: Finished, names: Readonly<Record<string, string>> = {}): string {
  const kept = stderr.split("\n").filter((line) => !/^(note: | {2}- )/.test(line));
  let text = `exit ${status}\n${stdout}\n${kept.map((line) => line.charAt(0).toLowerCase() + line.slice(1)).join("\n")}`;
  for (const [name, shown] of Object.entries(names)) text = text.replaceAll(name, shown);
  return text
    .replaceAll("docker countersign trust", "docker trust")
    .replace(/\b[0-9a-f]{64}\b/g, "<id>")
    .replace(/^(\S+ +)[0-9a-f]{12}((?:, [0-9a-f]{12})*)$/gm, "$1<short>$2");
}
