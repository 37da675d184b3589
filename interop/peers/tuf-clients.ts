// TUF 1.0 clients that know nothing of us. python-tuf and tuf-js are installed once from their own registries at fixed versions into
// node_modules/.cache; go-tuf and tough are built by `npm run peers`, each into a small program of ours (interop/clients).
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { needPeer, type PeerName } from "./find.ts";
import { runOk } from "./process.ts";

export interface TufClient {
  readonly name: string;
  /** Refreshes and asks for targets. Rejects with the client's words when it refuses the repository as a whole. */
  read(request: TufRequest): Promise<TufAnswer>;
}

export interface TufRequest {
  /** The root document to start from. */
  readonly root: string;
  /** Base of `metadata/` and `targets/`, without a trailing slash. */
  readonly url: string;
  /** What vouches for a https server; undefined for plain HTTP. */
  readonly authority?: string | undefined;
  /** Where it keeps what it has seen; the same directory again is a reader who comes back. */
  readonly directory: string;
  readonly targets: readonly string[];
}

export interface TufAnswer {
  /** Target and content. */
  readonly found: Readonly<Record<string, string>>;
  /** Target and why there is none, in the client's words. */
  readonly refused: Readonly<Record<string, string>>;
}

/** What the clients of `tufClients` need. */
export const tufClientPeers: readonly PeerName[] = ["python3", "go-tuf", "tough"];

const cache = join(import.meta.dirname, "../../node_modules/.cache/countersign-interop");
const scripts = join(import.meta.dirname, "../clients");
const pythonPackages = ["tuf==7.0.1", "securesystemslib[crypto]==1.6.0"];
const tufJs = "tuf-js@6.0.2";

/** All four. */
export async function tufClients(): Promise<readonly TufClient[]> {
  const python = await pythonOfTuf();
  const installation = await tufJsInstallation();
  return [
    client("python-tuf", python, [join(scripts, "python-tuf-client.py")]),
    client("tuf-js", process.execPath, [join(scripts, "tuf-js-client.ts"), installation]),
    client("go-tuf", needPeer("go-tuf"), ["read"]),
    client("tough", needPeer("tough"), ["read"]),
  ];
}

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

/** The directory whose node_modules has tuf-js. */
export async function tufJsInstallation(): Promise<string> {
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
  return home;
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

/** Each is one program: COMMAND FIRST... ROOT METADATA_URL TARGETS_URL DIRECTORY TARGET..., one line of JSON a target. */
function client(name: string, command: string, first: readonly string[]): TufClient {
  return {
    name,
    read: async ({ root, url, authority, directory, targets }) => {
      const args = [...first, root, `${url}/metadata/`, `${url}/targets/`, directory, ...targets];
      const env = authority === undefined ? {} : { SSL_CERT_FILE: authority, NODE_EXTRA_CA_CERTS: authority };
      const { stdout } = await runOk(command, args, { env });
      const lines = stdout.split("\n").filter((line) => line !== "");
      const outcomes: { readonly target: string; readonly path?: string; readonly error?: string }[] = lines.map(
        (line) => JSON.parse(line),
      );
      return {
        found: Object.fromEntries(
          outcomes.flatMap(({ target, path }) => (path === undefined ? [] : [[target, readFileSync(path, "utf8")]])),
        ),
        refused: Object.fromEntries(
          outcomes.flatMap(({ target, error }) => (error === undefined ? [] : [[target, error]])),
        ),
      };
    },
  };
}
