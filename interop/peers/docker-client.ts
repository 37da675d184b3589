// The docker client (before version 29) with content trust on, against a trust server on loopback and the fake engine. For image
// names on loopback it does not check the trust server's certificate; that is docker's rule, not ours.
import { mkdirSync } from "node:fs";
import { needPeer } from "./find.ts";
import { testPassphrase } from "./notary-client.ts";
import { type Finished, type RunOptions, run } from "./process.ts";

export interface DockerClient {
  run(...args: readonly string[]): Promise<Finished>;
  /** As `run`, with input, variables or a working directory of its own. */
  runWith(options: Pick<RunOptions, "stdin" | "env" | "cwd">, ...args: readonly string[]): Promise<Finished>;
}

export interface DockerClientOptions {
  /** Must be https. */
  readonly trustServer: string;
  /** DOCKER_CONFIG: trust data, credentials. */
  readonly directory: string;
  /** DOCKER_HOST; absent where the command needs no engine. */
  readonly engine?: string;
  /** Pin to one processor. */
  readonly cpu?: number;
}

export function dockerClient({ trustServer, directory, engine, cpu }: DockerClientOptions): DockerClient {
  mkdirSync(directory, { recursive: true });
  const env = {
    HOME: directory,
    DOCKER_CONFIG: directory,
    DOCKER_CONTENT_TRUST: "1",
    DOCKER_CONTENT_TRUST_SERVER: trustServer,
    DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE: testPassphrase,
    DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE: testPassphrase,
    // Nothing listens there: a command that should not need an engine must not find a real one.
    DOCKER_HOST: engine ?? "tcp://127.0.0.1:9",
  };
  const command = needPeer("docker-trust");
  return {
    run: (...args) => run(command, args, { env, cpu }),
    runWith: (more, ...args) => run(command, args, { ...more, cpu, env: { ...env, ...more.env } }),
  };
}
