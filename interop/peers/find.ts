// Which real programs are on this machine. A suite that needs one that is absent is skipped by name, except where CI says that
// every peer must be there: then it fails, so that a green run cannot mean "nothing was compared".
import { spawnSync } from "node:child_process";
import { accessSync, constants, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { type TestContext, test } from "node:test";

export type PeerName =
  | "docker-registry"
  | "docker-trust"
  | "busybox"
  | "go-tuf"
  | "mariadbd"
  | "nginx"
  | "notary"
  | "notary-server"
  | "notary-signer"
  | "openssl"
  | "postgres"
  | "python3"
  | "skopeo"
  | "tough"
  | "tuftool"
  | "umoci"
  | "wrk";

const found = new Map<PeerName, string | undefined>();

/** The program's path, or undefined. */
export function findPeer(name: PeerName): string | undefined {
  if (!found.has(name)) found.set(name, search(name));
  return found.get(name);
}

/** The program's path; throws with its name and how to get it. */
export function needPeer(name: PeerName): string {
  const path = findPeer(name);
  if (path === undefined) throw new Error(`${name} is not on this machine; run: npm run peers`);
  return path;
}

/** A test that compares us with real programs: skipped by name where one is missing, failed where CI is set. */
export function peerTest(
  name: string,
  peers: readonly PeerName[],
  body: (context: TestContext) => Promise<void>,
): void {
  const missing = peers.filter((peer) => findPeer(peer) === undefined);
  if (missing.length === 0) test(name, { timeout: 300_000 }, body);
  else if (process.env.CI) test(name, () => Promise.reject(new Error(`missing peers: ${missing.join(", ")}`)));
  else test(name, { skip: `missing peers: ${missing.join(", ")} (npm run peers)` });
}

function search(name: PeerName): string | undefined {
  if (name === "postgres")
    return postgresDirectories()
      .map((directory) => join(directory, "postgres"))
      .find(isExecutable);
  if (name === "docker-trust") return searchPath("docker").find(hasTrust);
  if (name === "go-tuf" || name === "tough" || name === "tuftool") return [builtPeer(name)].find(isExecutable);
  return searchPath(name)[0];
}

/** Where `npm run peers` keeps what it has built. */
export function builtPeer(name: string): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "countersign-peers", name);
}

function searchPath(program: string): readonly string[] {
  return [...(process.env.PATH ?? "").split(delimiter), "/usr/bin", "/usr/sbin"]
    .filter((directory) => directory !== "" && !directory.includes("node_modules"))
    .map((directory) => join(directory, program))
    .filter(isExecutable);
}

/** Newest first. */
function postgresDirectories(): readonly string[] {
  try {
    const versions = readdirSync("/usr/lib/postgresql").sort((a, b) => Number(b) - Number(a));
    return versions.map((version) => join("/usr/lib/postgresql", version, "bin"));
  } catch {
    return [];
  }
}

/** docker 29 dropped `docker trust`; an older client is needed. */
function hasTrust(path: string): boolean {
  return spawnSync(path, ["trust", "inspect", "--help"], { stdio: "ignore" }).status === 0;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
