// Key files as they come: half written, of another cipher, without headers, twice. Nothing is stored that is not whole, and nothing is lost.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { runNotary } from "./front.ts";

async function openDesk() {
  const path = await mkdtemp(join(tmpdir(), "countersign-test-"));
  const said = { out: "", err: "" };
  const run = async (passphrase: string, ...argv: readonly string[]): Promise<number> => {
    said.out = "";
    said.err = "";
    const streams = {
      out: (text: string) => {
        said.out += text;
      },
      err: (text: string) => {
        said.err += text;
      },
      outIsTerminal: false,
      errIsTerminal: false,
      inIsTerminal: false,
      readLine: async () => undefined,
    };
    const names = ["ROOT", "TARGETS", "SNAPSHOT", "DELEGATION"].map((role) => [
      `NOTARY_${role}_PASSPHRASE`,
      passphrase,
    ]);
    const env = { HOME: path, COUNTERSIGN_HOME: join(path, "own"), ...Object.fromEntries(names) };
    const program = {
      streams,
      env,
      clock: () => Date.UTC(2026, 10, 22),
      commands: [],
      stopSignal: () => new AbortController().signal,
      onSignal: () => undefined,
    };
    return runNotary(argv, program);
  };
  const keys = (): readonly string[] => {
    try {
      return readdirSync(join(path, ".notary/private"));
    } catch {
      return [];
    }
  };
  return { path, run, keys, said, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

it("an encrypted key without its id in a header is stored, where Notary loses it", async () => {
  await using desk = await openDesk();
  const pair = join(desk.path, "pair");
  assert.equal(await desk.run("right-passphrase", "key", "generate", "ecdsa", "-r", "alice", "-o", pair), 0);
  assert.equal(statSync(`${pair}-key.pem`).mode & 0o777, 0o600);
  assert.equal(await desk.run("wrong-passphrase", "key", "import", `${pair}-key.pem`), 1);
  assert.deepEqual(desk.keys(), []);
  assert.equal(await desk.run("right-passphrase", "key", "import", `${pair}-key.pem`), 0);
  assert.equal(await desk.run("right-passphrase", "key", "import", `${pair}-key.pem`), 0, "the same key again");
  const [name = ""] = desk.keys();
  assert.equal(desk.keys().length, 1);
  assert.equal(statSync(join(desk.path, ".notary/private", name)).mode & 0o777, 0o600);
  assert.equal(await desk.run("", "key", "list"), 0);
  assert.match(desk.said.out, new RegExp(`^alice +${name.slice(0, 64)} `, "m"));
});

it("an export comes back without a passphrase, and one of half a key does not", async () => {
  await using desk = await openDesk();
  assert.equal(await desk.run("right-passphrase", "key", "generate", "ecdsa", "-r", "root"), 0);
  const exported = join(desk.path, "all.pem");
  assert.equal(await desk.run("", "key", "export", "-o", exported), 0);
  await using other = await openDesk();
  const half = join(other.path, "half.pem");
  const text = readFileSync(exported, "utf8");
  writeFileSync(half, text.slice(0, text.length / 2));
  assert.equal(await other.run("", "key", "import", half), 1);
  assert.deepEqual(other.keys(), []);
  assert.equal(await other.run("", "key", "import", exported), 0);
  assert.deepEqual(other.keys(), desk.keys());
});

it("a key of a cipher nobody reads, and a targets key of no collection, end with 1", async () => {
  await using desk = await openDesk();
  const file = join(desk.path, "odd.pem");
  const body = Buffer.alloc(64, 1).toString("base64");
  writeFileSync(
    file,
    `-----BEGIN ENCRYPTED PRIVATE KEY-----\nrole: alice\n\n${body}\n-----END ENCRYPTED PRIVATE KEY-----\n`,
  );
  assert.equal(await desk.run("right-passphrase", "key", "import", file), 1);
  const pair = join(desk.path, "pair");
  await desk.run("right-passphrase", "key", "generate", "ecdsa", "-r", "targets", "-o", pair);
  assert.equal(await desk.run("right-passphrase", "key", "import", `${pair}-key.pem`), 1);
  assert.match(desk.said.err, /Cannot have canonical role key without a gun/);
  assert.deepEqual(desk.keys(), []);
  assert.equal(await desk.run("right-passphrase", "key", "import", "-g", "ex/app", `${pair}-key.pem`), 0);
});

it("a header that names a path outside the directory names nothing", async () => {
  await using desk = await openDesk();
  const file = join(desk.path, "odd.pem");
  const body = Buffer.alloc(64, 1).toString("base64");
  const headers = "path: ../../../etc/evil\nrole: alice";
  writeFileSync(
    file,
    `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${headers}\n\n${body}\n-----END ENCRYPTED PRIVATE KEY-----\n`,
  );
  assert.equal(await desk.run("right-passphrase", "key", "import", file), 1);
  assert.deepEqual(desk.keys(), []);
});

it("a plain key that a job brings at every run is no failure at the second one, and under another role it is", async () => {
  await using desk = await openDesk();
  const file = join(desk.path, "plain.pem");
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  writeFileSync(file, privateKey.export({ type: "sec1", format: "pem" }));
  assert.equal(await desk.run("right-passphrase", "key", "import", file, "-r", "ci"), 0);
  const stored = () => readFileSync(join(desk.path, ".notary/private", desk.keys()[0] ?? ""), "utf8");
  const before = stored();
  assert.equal(await desk.run("right-passphrase", "key", "import", file, "-r", "ci"), 0);
  assert.equal(await desk.run("right-passphrase", "key", "import", file, "-r", "other"), 1);
  assert.match(desk.said.err, /\[key.exists\]\n {2}- nothing was changed/);
  assert.deepEqual([desk.keys().length, stored()], [1, before]);
});
