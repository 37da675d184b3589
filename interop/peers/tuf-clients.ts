// Two TUF 1.0 clients that know nothing of us, installed once from their own registries at fixed versions into node_modules/.cache.
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { needPeer } from "./find.ts";
import { runOk } from "./process.ts";

export interface TufClient {
  readonly name: string;
  /** Gives the downloaded file's path. Rejects with the client's words when it refuses. */
  download(request: TufDownload): Promise<string>;
}

export interface TufDownload {
  /** The root document to start from. */
  readonly root: string;
  /** Base of `metadata/` and `targets/`, without a trailing slash; plain HTTP. */
  readonly url: string;
  /** A directory that does not exist yet. */
  readonly directory: string;
  readonly target: string;
}

const cache = join(import.meta.dirname, "../../node_modules/.cache/countersign-interop");
const clients = join(import.meta.dirname, "../clients");
const pythonPackages = ["tuf==7.0.1", "securesystemslib[crypto]==1.6.0"];
const tufJs = "tuf-js@6.0.2";

/** The Python that has python-tuf: to read repositories, and to make them. */
export async function pythonOfTuf(): Promise<string> {
  const home = join(cache, "python-tuf-7.0.1");
  const python = join(home, "bin/python");
  await installOnce(home, async () => {
    await runOk(needPeer("python3"), ["-m", "venv", home]);
    await runOk(
      python,
      ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...pythonPackages],
      installOptions(),
    );
  });
  return python;
}

export async function pythonTuf(): Promise<TufClient> {
  const python = await pythonOfTuf();
  return {
    name: "python-tuf",
    download: ({ root, url, directory, target }) => {
      mkdirSync(directory);
      const script = join(clients, "python-tuf-client.py");
      return lastLine(python, [script, root, `${url}/metadata/`, `${url}/targets/`, directory, target]);
    },
  };
}

export async function tufJsClient(): Promise<TufClient> {
  const home = join(cache, "tuf-js-6.0.2");
  await installOnce(home, async () => {
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, "package.json"), '{"private":true}');
    await runOk(
      "npm",
      ["install", "--prefix", home, "--no-audit", "--no-fund", "--ignore-scripts", tufJs],
      installOptions(),
    );
  });
  return {
    name: "tuf-js",
    download: ({ root, url, directory, target }) => {
      const script = join(clients, "tuf-js-client.ts");
      const args = [script, home, root, `${url}/metadata`, `${url}/targets`, directory, target];
      return lastLine(process.execPath, args);
    },
  };
}

/** Half an installation is none: the mark is written last. */
async function installOnce(home: string, install: () => Promise<void>): Promise<void> {
  const mark = join(home, "installed");
  if (existsSync(mark)) return;
  rmSync(home, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  await install();
  writeFileSync(mark, "");
}

/** Installing needs the user's own settings: registries, proxies, certificates. */
function installOptions() {
  const env = Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  return { env, timeoutMs: 180_000 };
}

async function lastLine(command: string, args: readonly string[]): Promise<string> {
  const { stdout } = await runOk(command, args);
  return stdout.trim().split("\n").at(-1) ?? "";
}
