// Our client reads over HTTP what other implementations made: every key type, thresholds, delegations three deep, every layout of bins,
// rotated roots, a role renamed. The driver is run as the program it is.
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import process from "node:process";
import { runTufClient } from "../../src/cli/tuf-client-driver-run.ts";
import { peerTest } from "../peers/find.ts";
import { run, runOk } from "../peers/process.ts";
import { scratch } from "../peers/scratch.ts";
import { pythonOfTuf } from "../peers/tuf-clients.ts";

interface Expectation {
  readonly found: Readonly<Record<string, string>>;
  readonly absent: readonly string[];
}

/** Serves a directory on loopback, decoding addresses as web servers do. */
async function serve(directory: string) {
  const server = createServer((request, response) => {
    try {
      const path = decodeURIComponent((request.url ?? "").slice(1));
      // Metadata files carry encoded names; a web server looks for the decoded one first and these trees hold the encoded.
      const name = path.includes("/metadata/") ? (request.url ?? "").slice(1) : path;
      response.end(readFileSync(join(directory, name)));
    } catch {
      response.writeHead(404).end("not here");
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Ended {
  readonly status: number;
  readonly stderr: string;
}

const driver = join(import.meta.dirname, "../../src/cli/tuf-client-driver.ts");

function asProgram(...args: readonly string[]): Promise<Ended> {
  return run(process.execPath, [driver, ...args]);
}

async function inProcess(...args: readonly string[]): Promise<Ended> {
  let stderr = "";
  const complain = (text: string): void => {
    stderr += text;
  };
  return { status: await runTufClient(args, { clock: Date.now, complain }), stderr };
}

peerTest("repositories of python-tuf are read by countersign-tuf-client", ["python3"], async () => {
  const python = await pythonOfTuf();
  using directory = scratch("python-tuf-repositories");
  const made = directory.at("made");
  await runOk(python, [join(import.meta.dirname, "make-with-python-tuf.py"), made]);
  await using server = await serve(made);
  const names = readdirSync(made);
  assert.equal(names.length, 12);
  for (const name of names) {
    const expected: Expectation = JSON.parse(readFileSync(join(made, name, "expect.json"), "utf8"));
    const state = directory.at(`state-${name}`);
    mkdirSync(state);
    const metadata = ["--metadata-dir", state, "--metadata-url", `${server.url}/${name}/metadata`];
    // The program itself once; what it runs for the others, which saves three dozen starts.
    const client = name === "ed25519-plain" ? asProgram : inProcess;
    const initialised = await client("--metadata-dir", state, "init", join(made, name, "root.json"));
    assert.equal(initialised.status, 0, initialised.stderr);
    const targets = directory.at(`targets-${name}`);
    const paths = Object.keys(expected.found);
    const wanted = paths.flatMap((path) => ["--target-name", path]);
    const place = ["--target-base-url", `${server.url}/${name}/targets`, "--target-dir", targets];
    const done = await client(...metadata, ...wanted, ...place, "download");
    assert.equal(done.status, 0, `${name}: ${done.stderr}`);
    const contents = readdirSync(targets).map((file) => readFileSync(join(targets, file), "utf8"));
    assert.deepEqual(contents.sort(), paths.map((path) => `content of ${path}`).sort());
    for (const path of expected.absent) {
      const missed = await client(...metadata, "--target-name", path, ...place, "download");
      assert.equal(missed.status, 1, `${name}: ${path}`);
      assert.match(missed.stderr, /target\.missing/);
    }
  }
});
