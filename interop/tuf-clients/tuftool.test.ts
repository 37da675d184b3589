// tuftool, the program that people who run tough publish and download with: it takes whole collections of ours, and our client follows a
// repository that it makes, updates and gives new root keys, as its own commands do that.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runTufClient } from "../../src/cli/tuf-client-driver-run.ts";
import { countersignClient, startOurServer } from "../peers/countersign.ts";
import { needPeer, peerTest } from "../peers/find.ts";
import { runOk } from "../peers/process.ts";
import { scratch } from "../peers/scratch.ts";
import { serveDirectory } from "../peers/web-directory.ts";
import { firstRoot } from "./reading.ts";

const tuftool = (...args: readonly string[]) => runOk(needPeer("tuftool"), args);

/** Names of files below a directory, with their content. */
function contents(directory: string): Readonly<Record<string, string>> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(paths.map((path) => [path.slice(directory.length + 1), readFileSync(path, "utf8")]));
}

/** A date that the specification allows: without a fraction of a second, which `in 7 days` would have. */
const inAWeek = new Date(Date.now() + 7 * 24 * 60 * 60 * 1000).toISOString().replace(/\.\d+Z$/, "Z");

peerTest("tuftool downloads all of a collection of ours, before and after a rotation", ["tuftool"], async () => {
  using directory = scratch("tuftool-reads");
  await using server = await startOurServer(directory, { tls: false });
  const gun = "files.example.com/team/tools";
  const base = `${server.url}/v2/${gun}/_trust/tuf1`;
  const publisher = countersignClient({ url: server.url, authority: undefined, home: directory.at("publisher") });
  await publisher.ok("init", gun, "--no-recovery-kit", "--tuf1-only");
  const root = await firstRoot(base, directory);
  const source = directory.at("source");
  mkdirSync(join(source, "dist/linux"), { recursive: true });
  writeFileSync(join(source, "top.txt"), "top");
  writeFileSync(join(source, "dist/linux/app"), "deep");
  await publisher.ok("collection", "layout", gun, "--bins", "hash-prefixes:3", "--must-serve", "tough");
  await publisher.ok("collection", "add", gun, source);
  const download = async (name: string) => {
    const place = ["-m", `${base}/metadata`, "-t", `${base}/targets`];
    const names = Object.keys(contents(source)).flatMap((path) => ["-n", path]);
    await tuftool("download", "--root", root, ...place, ...names, directory.at(name));
    return contents(directory.at(name));
  };
  assert.deepEqual(await download("first"), contents(source));
  await publisher.ok("rotate", gun, "root", "targets", "timestamp");
  writeFileSync(join(source, "top.txt"), "another top");
  await publisher.ok("collection", "layout", gun, "--bins", "same");
  await publisher.ok("collection", "replace", gun, source);
  assert.deepEqual(await download("second"), contents(source));
});

peerTest("our client follows what tuftool makes, updates and rotates", ["tuftool"], async () => {
  using directory = scratch("tuftool-makes");
  const [root, made, input] = [directory.at("root.json"), directory.at("made"), directory.at("input")];
  const key = (name: string): string => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    writeFileSync(directory.at(name), privateKey.export({ type: "pkcs8", format: "der" }));
    return directory.at(name);
  };
  const [one, two, online] = [key("one"), key("two"), key("online")];
  const three = directory.at("three");
  await tuftool("root", "init", root);
  await tuftool("root", "expire", root, inAWeek);
  await tuftool("root", "set-threshold", root, "root", "2");
  for (const role of ["targets", "snapshot", "timestamp"]) await tuftool("root", "set-threshold", root, role, "1");
  await tuftool("root", "add-key", root, "-k", one, "-k", two, "--role", "root");
  await tuftool("root", "add-key", root, "-k", online, "-r", "targets", "-r", "snapshot", "-r", "timestamp");
  await tuftool("root", "sign", root, "-k", one, "-k", two);
  copyFileSync(root, directory.at("first-root.json"));
  const publish = async (command: string, version: number, expires: string, ...more: readonly string[]) => {
    const roles = ["targets", "snapshot", "timestamp"];
    const numbers = roles.flatMap((role) => [`--${role}-version`, `${version}`, `--${role}-expires`, expires]);
    await tuftool(command, "--root", root, "-k", online, "-t", input, "-o", made, ...numbers, ...more);
  };
  mkdirSync(input);
  writeFileSync(join(input, "a.txt"), "first");
  await publish("create", 1, inAWeek);

  await using web = await serveDirectory(made);
  const state = directory.at("state");
  const client = async (...args: readonly string[]) => {
    let said = "";
    const complain = (text: string): void => {
      said += text;
    };
    const status = await runTufClient(["--metadata-dir", state, ...args], { clock: Date.now, complain });
    if (status !== 0) throw new Error(said);
  };
  const reads = async (name: string): Promise<void> => {
    const targets = directory.at(`targets-${name}`);
    const wanted = readdirSync(input).flatMap((path) => ["--target-name", path]);
    const place = ["--target-base-url", `${web.url}/targets`, "--target-dir", targets];
    await client("--metadata-url", `${web.url}/metadata`, ...wanted, ...place, "download");
    assert.deepEqual(contents(targets), contents(input));
  };
  mkdirSync(state);
  await client("init", directory.at("first-root.json"));
  await reads("created");

  copyFileSync(root, directory.at("old-root.json"));
  await tuftool("root", "bump-version", root);
  await tuftool("root", "gen-rsa-key", root, three, "--role", "root");
  await tuftool("root", "sign", root, "-k", two, "-k", three);
  await tuftool("root", "sign", root, "-k", one, "-k", two, "-c", directory.at("old-root.json"));
  writeFileSync(join(input, "a.txt"), "second");
  writeFileSync(join(input, "b.txt"), "new");
  await publish("update", 2, inAWeek, "-m", `${web.url}/metadata`);
  assert.ok(readdirSync(join(made, "metadata")).includes("2.root.json"));
  await reads("updated");
  // TUF 1.0.34, 4.2.1 has whole seconds alone, and python-tuf refuses it too.
  await publish("update", 3, "in 7 days", "-m", `${web.url}/metadata`);
  await assert.rejects(reads("with-fractions"), /signed\.expires: .*\[timestamp\.invalid\]/);
});
