// The Debian `notary` client with a trust directory, passphrases and server of its own.
import { needPeer } from "./find.ts";
import { type Finished, type RunOptions, run } from "./process.ts";

export interface NotaryClient {
  readonly trustDirectory: string;
  /** Runs `notary ARGS`; an exit status is an answer. */
  run(...args: readonly string[]): Promise<Finished>;
  /** As `run`, but fails with its words unless it exits with 0. */
  ok(...args: readonly string[]): Promise<Finished>;
  /** As `run`, with input, variables or a working directory of its own. */
  runWith(options: Pick<RunOptions, "stdin" | "env" | "cwd">, ...args: readonly string[]): Promise<Finished>;
}

export interface NotaryClientOptions {
  readonly url: string;
  readonly authority: string | undefined;
  readonly trustDirectory: string;
  readonly cpu?: number | undefined;
  /** The program and its first arguments; Debian's `notary` unless told. */
  readonly program?: readonly [string, ...string[]] | undefined;
}

/** For every key; the peers' own variables carry it, as an operator's would. */
export const testPassphrase = "a passphrase for tests only";

export function notaryClient(options: NotaryClientOptions): NotaryClient {
  const [command, ...first] = options.program ?? [needPeer("notary")];
  const authority = options.authority === undefined ? [] : ["--tlscacert", options.authority];
  const shared = [...first, "-s", options.url, "-d", options.trustDirectory, ...authority];
  const roles = ["ROOT", "TARGETS", "SNAPSHOT", "DELEGATION"] as const;
  const passphrases = Object.fromEntries(roles.map((role) => [`NOTARY_${role}_PASSPHRASE`, testPassphrase]));
  const env = { HOME: options.trustDirectory, ...passphrases };
  const runClient = (...args: readonly string[]) => run(command, [...shared, ...args], { env, cpu: options.cpu });
  return {
    trustDirectory: options.trustDirectory,
    run: runClient,
    runWith: (more, ...args) =>
      run(command, [...shared, ...args], { ...more, env: { ...env, ...more.env }, cpu: options.cpu }),
    ok: async (...args) => {
      const done = await runClient(...args);
      if (done.status !== 0)
        throw new Error(`notary ${args.join(" ")}: exit ${done.status}\n${done.stdout}${done.stderr}`);
      return done;
    },
  };
}
