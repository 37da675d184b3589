// The programs that read a collection, each as a whole process, cold (no metadata cached; pins and Node's compiled code stay) or warm, and
// the servers they read from: ours for us, the real notary-server for the Go clients. One tag's digest is known, so no registry is asked.
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { OurClient, OurServer } from "../interop/peers/countersign.ts";
import { type DockerClient, dockerClient } from "../interop/peers/docker-client.ts";
import { findPeer } from "../interop/peers/find.ts";
import { type NotaryClient, notaryClient } from "../interop/peers/notary-client.ts";
import { type NotaryPostgres, startNotaryPostgres } from "../interop/peers/notary-server.ts";
import { runOk } from "../interop/peers/process.ts";
import type { Scratch } from "../interop/peers/scratch.ts";
import { loadCpu, serverCpu } from "./load.ts";
import { benchTarget } from "./notary-fill.ts";

/** Signed in every collection of the bench. */
export const knownTag = "v0";

export type Mode = "cold" | "warm";

/** undefined where the programs are not on this machine. */
export async function startNotaryPeer(
  directory: Scratch,
  running: AsyncDisposableStack,
): Promise<NotaryPostgres | undefined> {
  const peers = ["notary", "notary-server", "notary-signer", "postgres"] as const;
  if (peers.some((peer) => findPeer(peer) === undefined)) return undefined;
  return running.use(await startNotaryPostgres(directory, { tls: true, cpu: serverCpu }));
}

export function notaryReader(
  { url, authority }: Pick<NotaryPostgres, "url" | "authority">,
  directory: string,
): NotaryClient {
  return notaryClient({ url, authority, trustDirectory: directory, cpu: loadCpu });
}

/** undefined where there is no docker client that still has `docker trust`. */
export function dockerReader(
  { url, authority }: Pick<NotaryPostgres, "url" | "authority">,
  directory: string,
): (DockerClient & { readonly directory: string }) | undefined {
  if (findPeer("docker-trust") === undefined) return undefined;
  if (authority !== undefined) {
    const place = join(directory, "tls", new URL(url).host);
    mkdirSync(place, { recursive: true });
    copyFileSync(authority, join(place, "ca.crt"));
  }
  return { ...dockerClient({ trustServer: url, directory, cpu: loadCpu }), directory };
}

export async function verifyOurs(client: OurClient, gun: string, mode: Mode): Promise<number> {
  if (mode === "cold") forgetOurs(client);
  const { sha256 } = benchTarget(knownTag);
  const done = await client.ok("verify", `${gun}:${knownTag}`, "--digest", `sha256:${sha256.toString("hex")}`);
  return done.wallMs;
}

export async function tagsOurs(client: OurClient, gun: string, mode: Mode): Promise<number> {
  if (mode === "cold") forgetOurs(client);
  return (await client.ok("tags", gun)).wallMs;
}

export async function lookupNotary(client: NotaryClient, gun: string, mode: Mode): Promise<number> {
  if (mode === "cold") forgetNotary(client.trustDirectory, gun);
  return (await client.ok("lookup", gun, knownTag)).wallMs;
}

export async function listNotary(client: NotaryClient, gun: string, mode: Mode): Promise<number> {
  if (mode === "cold") forgetNotary(client.trustDirectory, gun);
  return (await client.ok("list", gun)).wallMs;
}

export async function inspectDocker(
  client: DockerClient & { readonly directory: string },
  gun: string,
  mode: Mode,
  tag?: string,
): Promise<number> {
  if (mode === "cold") forgetNotary(join(client.directory, "trust"), gun);
  const done = await client.run("trust", "inspect", tag === undefined ? gun : `${gun}:${tag}`);
  // It exits with 0 when it finds nothing, too.
  if (done.status !== 0 || !done.stdout.includes(benchTarget(knownTag).sha256.toString("hex"))) {
    throw new Error(`docker trust inspect ${gun}: exit ${done.status}\n${done.stdout.slice(0, 2_000)}${done.stderr}`);
  }
  return done.wallMs;
}

function forgetOurs(client: OurClient): void {
  const cache = join(client.home, "cache");
  if (!existsSync(cache)) return;
  for (const name of readdirSync(cache)) if (name !== ".compiled") rmSync(join(cache, name), { recursive: true });
}

function forgetNotary(trustDirectory: string, gun: string): void {
  rmSync(join(trustDirectory, "tuf", gun, "metadata"), { recursive: true, force: true });
}

const bareGetScript = `
const { get } = process.getBuiltinModule("node:https");
const [url, file] = process.argv.slice(1);
const ca = process.getBuiltinModule("node:fs").readFileSync(file);
get(url, { ca }, (answer) => answer.resume().on("end", () => process.exit(answer.statusCode === 200 ? 0 : 1)));
`;

/** One request by node:https and nothing else: what no program on Node that asks a TLS server can go below. */
export async function bareGet({ url, authority = "" }: Pick<OurServer, "url" | "authority">): Promise<number> {
  const { wallMs } = await runOk(process.execPath, ["-e", bareGetScript, `${url}/v2/`, authority], { cpu: loadCpu });
  return wallMs;
}

/** One more tag, published. */
export async function signOurs(client: OurClient, gun: string, tag: string): Promise<number> {
  const { sha256, length } = benchTarget(tag);
  const content = ["--digest", `sha256:${sha256.toString("hex")}`, "--length", String(length)];
  return (await client.ok("sign", `${gun}:${tag}`, ...content)).wallMs;
}

export async function signByNotary(client: NotaryClient, gun: string, tag: string): Promise<number> {
  const { sha256, length } = benchTarget(tag);
  const done = await client.ok("addhash", "-p", gun, tag, String(length), "--sha256", sha256.toString("hex"));
  return done.wallMs;
}
