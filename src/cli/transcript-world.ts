// The world a transcript runs in: a directory, a home, a clock, a trust server in this process, image layouts made by hand. Directives:
//   @ server start | stop | tls        {server} is its URL; tls: with the certificate it makes for itself
//   @ server guarded [PATTERN...]      with API tokens, and what anybody may read; its first token is in server/admin-token
//   @ collection                       the server, and registry.example.com/team/app made by this user; {root} is its root key
//   @ env NAME=VALUE | @ env NAME      sets or clears a variable
//   @ home NAME                        another user of the same machine
//   @ clock +15d                       moves the clock of the program and the server (m, h, d)
//   @ layout DIR TAG TEXT              an image whose content depends on TEXT; adds the tag to the layout
//   @ write PATH TEXT | @ delete PATH | @ copy FROM TO
//   @ spoil PATH                       turns a byte in the middle of a file
//   @ type TEXT...                     a person at a terminal, who will answer with these lines
import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { CountersignError } from "../bytes/index.ts";
import { type RunningServer, startServer } from "../server/index.ts";
import { runCli } from "./run.ts";
import { commandTable } from "./table.ts";
import { splitWords } from "./transcript-format.ts";

export interface CommandOutcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number;
}

const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** One transcript's world, rooted in `directory`, which is the working directory too. */
export class TranscriptWorld implements AsyncDisposable {
  readonly known = new Map<string, string>();
  readonly #directory: string;
  readonly #env = new Map<string, string>();
  // Starts at the real time, since the Date header of answers is Node's own.
  #now = Date.now();
  #server: RunningServer | undefined;
  #port = 0;
  #answers: string[] | undefined;

  constructor(directory: string) {
    this.#directory = directory;
    this.#env.set("COUNTERSIGN_HOME", join(directory, "home"));
    this.#env.set("DOCKER_CONFIG", join(directory, "docker"));
    this.#env.set("HOME", directory);
    this.#env.set("COUNTERSIGN_PUBLISHER", "ci@example.com");
  }

  /** Runs `NAME=VALUE... countersign ARGUMENTS`. */
  async run(line: string): Promise<CommandOutcome> {
    const words = [...splitWords(line)];
    const env = new Map(this.#env);
    while (/^[A-Z_]+=/.test(words[0] ?? "")) {
      const [name = "", ...value] = (words.shift() ?? "").split("=");
      env.set(name, value.join("="));
    }
    if (words.shift() !== "countersign") throw new Error(`not a countersign command: ${line}`);
    let stdout = "";
    let stderr = "";
    const answers = this.#answers;
    const exit = await runCli(words, {
      commands: commandTable,
      streams: {
        out: (text) => {
          stdout += text;
        },
        err: (text) => {
          stderr += text;
        },
        outIsTerminal: false,
        errIsTerminal: answers !== undefined,
        inIsTerminal: answers !== undefined,
        readLine: async () => answers?.shift(),
      },
      env: { ...Object.fromEntries(env), TERM: "dumb" },
      clock: () => this.#now,
      stopSignal: () => AbortSignal.abort(),
      onSignal: () => {},
    });
    this.#answers = undefined;
    return { stdout, stderr, exit };
  }

  async direct(words: readonly string[]): Promise<void> {
    const [verb, first = "", second = "", ...rest] = words;
    const path = join(this.#directory, first);
    const text = [second, ...rest].join(" ");
    if (verb === "server" && first === "guarded") return this.#start("off", words.slice(2));
    if (verb === "server") return first === "stop" ? this.#stop() : this.#start(first === "tls" ? "generated" : "off");
    if (verb === "collection") return this.#startWithCollection();
    if (verb === "env") return this.#setVariable(first);
    if (verb === "home") this.#env.set("COUNTERSIGN_HOME", path);
    else if (verb === "clock") this.#now += duration(first);
    else if (verb === "layout") await addToLayout(path, second, rest.join(" "));
    else if (verb === "write") await writeAt(path, text);
    else if (verb === "delete") await rm(path, { recursive: true });
    else if (verb === "copy") await replaceTree(path, join(this.#directory, second));
    else if (verb === "spoil") await spoil(path);
    else if (verb === "type") this.#answers = words.slice(1).map(String);
    else throw new CountersignError("bug.unexpected", `unknown directive: ${words.join(" ")}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }

  #setVariable(text: string): void {
    const [name = "", ...value] = text.split("=");
    if (value.length === 0) this.#env.delete(name);
    else this.#env.set(name, value.join("="));
  }

  /** A restart takes the same port, so that {server} stays true. */
  async #start(kind: "generated" | "off", anonymousPull?: readonly string[]): Promise<void> {
    const dataDir = join(this.#directory, "server");
    const guarded =
      anonymousPull === undefined ? {} : { access: { policy: { anonymousPull, apiTokens: true, oidc: [] } } };
    const options = { dataDir, port: this.#port, tls: { kind }, clock: () => this.#now };
    this.#server = await startServer({ ...options, ...guarded });
    this.#port = this.#server.port;
    this.known.set("server", this.#server.url);
    this.#env.set("COUNTERSIGN_SERVER", this.#server.url);
  }

  /** Making a collection costs several key derivations, so it is made once a process and copied. */
  async #startWithCollection(): Promise<void> {
    made ??= makeCollection();
    const { directory, rootKey } = await made;
    await cp(directory, this.#directory, { recursive: true });
    this.known.set("root", rootKey);
    this.#env.set("COUNTERSIGN_PASSPHRASE", "correct-horse");
    await this.#start("off");
  }

  async #stop(): Promise<void> {
    await this.#server?.close();
    this.#server = undefined;
  }
}

let made: Promise<{ readonly directory: string; readonly rootKey: string }> | undefined;

async function makeCollection(): Promise<{ readonly directory: string; readonly rootKey: string }> {
  const directory = await mkdtemp(join(tmpdir(), "countersign-test-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  await using world = new TranscriptWorld(directory);
  await world.direct(["env", "COUNTERSIGN_PASSPHRASE=correct-horse"]);
  await world.direct(["server", "start"]);
  const kit = join(directory, "app.recovery-kit.txt");
  const { stdout } = await world.run(`countersign init registry.example.com/team/app --recovery-kit ${kit} --json`);
  return { directory, rootKey: JSON.parse(stdout).rootKeys[0] };
}

function duration(text: string): number {
  const [, count, letter = ""] = /^([+-]\d+)([mhd])$/.exec(text) ?? [];
  const unit = unitMs[letter];
  if (count === undefined || unit === undefined) throw new Error(`not a duration: ${text}`);
  return Number(count) * unit;
}

async function replaceTree(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await cp(from, to, { recursive: true });
}

async function spoil(path: string): Promise<void> {
  const bytes = await readFile(path);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  await writeFile(path, bytes);
}

async function writeAt(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

/** Adds an image of one layer to an OCI layout directory (image-spec 1.1). The same text gives the same digest. */
export async function addToLayout(directory: string, tag: string, text: string): Promise<string> {
  const blob = async (bytes: string): Promise<{ digest: string; size: number }> => {
    const hex = createHash("sha256").update(bytes).digest("hex");
    await writeAt(join(directory, "blobs", "sha256", hex), bytes);
    return { digest: `sha256:${hex}`, size: Buffer.byteLength(bytes) };
  };
  const layer = await blob(text);
  const rootfs = { type: "layers", diff_ids: [layer.digest] };
  const config = await blob(JSON.stringify({ architecture: "amd64", os: "linux", rootfs }));
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: { mediaType: "application/vnd.oci.image.config.v1+json", ...config },
    layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar", ...layer }],
  });
  const described = {
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    ...(await blob(manifest)),
    annotations: { "org.opencontainers.image.ref.name": tag },
  };
  const indexPath = join(directory, "index.json");
  const present = await readFile(indexPath, "utf8").catch(() => '{"manifests":[]}');
  const others = JSON.parse(present).manifests.filter(
    (one: typeof described) => one.annotations["org.opencontainers.image.ref.name"] !== tag,
  );
  await writeAt(join(directory, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  await writeAt(indexPath, JSON.stringify({ schemaVersion: 2, manifests: [...others, described] }));
  return described.digest;
}
