// One run of a script against one server: every command with its output and exit status, written so that two runs can be laid side by
// side. What must differ between two servers (ids of new keys, times, addresses, directories) is replaced by a word in angle brackets;
// everything else is compared as it is.
import { cpSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { dockerClient } from "../peers/docker-client.ts";
import { type FakeEngine, startFakeEngine } from "../peers/fake-engine.ts";
import { notaryClient } from "../peers/notary-client.ts";
import type { Finished } from "../peers/process.ts";
import { rawExchange } from "../peers/raw-http.ts";
import type { Scratch } from "../peers/scratch.ts";

/** A server under comparison. */
export interface Side {
  readonly name: string;
  /** One letter for its directories: paths are equally long on both sides, or tables would be laid out differently. */
  readonly letter: string;
  readonly url: string;
  readonly authority: string | undefined;
  /** What stands in for Debian's `notary` on this side. */
  readonly notaryProgram?: readonly [string, ...string[]];
  /** What programs print on stderr is not compared. */
  readonly withoutStderr?: true;
}

export interface Entry {
  /** The command as typed, with who typed it. */
  readonly command: string;
  readonly output: string;
}

/** Files both runs use: their paths and contents are the same on either side. */
export interface Props {
  readonly directory: Scratch;
  /** Digests of contents, in hex: shown as they are. */
  readonly digests: readonly string[];
}

export interface CommandOptions {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Said to another server. */
  readonly isElsewhere?: boolean;
}

export interface PlayOptions {
  readonly side: Side;
  readonly elsewhere: Side;
  readonly props: Props;
  readonly name: string;
}

export class Play implements AsyncDisposable {
  readonly entries: Entry[] = [];
  readonly side: Side;
  readonly #elsewhere: Side;
  readonly #props: Props;
  readonly #home: string;
  #engine: FakeEngine | undefined;

  /** `name`: of the script; people's directories lie below it. `elsewhere`: a server that knows nothing of this one. */
  constructor({ side, elsewhere, props, name }: PlayOptions) {
    this.side = side;
    this.#elsewhere = elsewhere;
    this.#props = props;
    this.#home = props.directory.at(`${name}-${side.letter}`);
    mkdirSync(this.#home, { recursive: true });
  }

  /** `notary ARGS`, by somebody with a trust directory of their own. */
  async notary(who: string, args: readonly string[], options: CommandOptions = {}): Promise<Finished> {
    const { url, authority } = options.isElsewhere === true ? this.#elsewhere : this.side;
    const program = this.side.notaryProgram;
    const client = notaryClient({ url, authority, trustDirectory: this.#of(who), program });
    const { isElsewhere: _, ...how } = options;
    const done = await client.runWith({ ...how, cwd: this.#props.directory.path }, ...args);
    this.#record(`${who}$ notary ${args.join(" ")}`, done);
    return done;
  }

  /** `docker ARGS`, with content trust on. */
  async docker(who: string, args: readonly string[], options: Pick<CommandOptions, "stdin"> = {}): Promise<Finished> {
    const engine = await this.#startedEngine();
    const client = dockerClient({ trustServer: this.side.url, directory: this.#of(who), engine: engine.host });
    const done = await client.runWith({ ...options, cwd: this.#props.directory.path }, ...args);
    this.#record(`${who}$ docker ${args.join(" ")}`, done);
    return done;
  }

  /** What the engine was asked since the last time. */
  async engineRequests(): Promise<void> {
    const engine = await this.#startedEngine();
    this.#add("engine was asked", engine.requests.splice(0).join("\n"));
  }

  /** A request as curl would send it. */
  async http(method: string, path: string): Promise<string> {
    const request = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
    const { status, body } = await rawExchange(this.side.url, [request], { method });
    this.#add(`${method} ${path}`, `${status}\n${body}`);
    return body.toString();
  }

  /** Somebody's whole directory as it is now, for somebody else (a second machine, a cache from before). */
  copy(from: string, to: string): void {
    cpSync(this.#of(from), this.#of(to), { recursive: true });
  }

  /** Somebody's directory: trust data, DOCKER_CONFIG. */
  home(who: string): string {
    return this.#of(who);
  }

  /** A note or a fact that is to be the same on both sides. */
  #add(command: string, output: string): void {
    this.entries.push({ command, output: this.#plain(output) });
  }

  #record(command: string, { status, stdout, stderr }: Finished): void {
    const error = stderr === "" || this.side.withoutStderr === true ? "" : `stderr:\n${stderr}`;
    this.#add(this.#plain(command), `exit ${status}\n${stdout}${error}`);
  }

  #of(who: string): string {
    const directory = `${this.#home}/${who}`;
    mkdirSync(dirname(directory), { recursive: true });
    return directory;
  }

  async #startedEngine(): Promise<FakeEngine> {
    const { digests } = this.#props;
    const image = (index: number) => ({ digest: `sha256:${digests[index] ?? ""}`, size: 1_234 + index });
    this.#engine ??= await startFakeEngine({ v1: image(0), v2: image(1) });
    return this.#engine;
  }

  #plain(text: string): string {
    const digests = new Set(this.#props.digests);
    const { host } = new URL(this.side.url);
    return (
      text
        .replaceAll(this.#home, "<home>")
        .replaceAll(this.#props.directory.path, "<props>")
        .replaceAll(host, "<server>")
        .replace(/127\.0\.0\.1:\d{4,5}->/g, "<client>->")
        // Notary takes the hashes of a target in another order each time, and names the first that is wrong.
        .replace(/sha(?:256|512)( checksum for \S+ did not match: expected )[0-9a-f]+/g, "<algorithm>$1<hash>")
        .replace(/\b[0-9a-f]{64}\b/g, (hex) => (digests.has(hex) ? hex : "<id>"))
        .replace(/(SIGNER +KEYS\n(?:\S+ +[0-9a-f, ]+\n)+)/g, (table) =>
          table.replace(/\b[0-9a-f]{12}\b/g, "<short id>"),
        )
        // Tables cut long paths, in places that depend on their length.
        .replace(/\.\.\.\S+\/private/g, "<location>")
        .replace(/\bmoved-[ab]\b/g, "moved")
        .replace(/"ID":"\d+"/g, '"ID":"<n>"')
        .replace(/time="[^"]+"/g, 'time="<time>"')
        .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, "<time>")
        .replace(/(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} [ \d]\d \d\d:\d\d:\d\d UTC \d{4}/g, "<time>")
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine?.[Symbol.asyncDispose]();
  }
}
