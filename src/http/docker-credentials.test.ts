// docker's config.json and its helper programs: hanging, talkative, absent or printing rubbish.
import assert from "node:assert/strict";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { CountersignError, type ErrorCode } from "../bytes/index.ts";
import { temporaryDirectory } from "../testing/index.ts";
import type { Credential } from "./credentials.ts";
import { dockerCredentials } from "./docker-credentials.ts";
import { type RunProgram, runProgram } from "./run-program.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

async function lookUp(config: unknown, host: string, run?: RunProgram): Promise<Credential | undefined> {
  await using directory = await temporaryDirectory();
  const text = typeof config === "string" ? config : JSON.stringify(config);
  await writeFile(join(directory.path, "config.json"), text);
  return await dockerCredentials({ directory: directory.path, ...(run === undefined ? {} : { run }) })(host);
}

async function refused(work: Promise<unknown>, code: ErrorCode): Promise<void> {
  const error: unknown = await work.then(
    () => assert.fail(`expected ${code}`),
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof CountersignError, String(error));
  assert.equal(error.code, code, error.message);
  assert.doesNotMatch(JSON.stringify([error.message, error.hints]), /s3cret/);
}

const answers =
  (stdout: string, exitCode = 0): RunProgram =>
  async () => ({ kind: "ended", exitCode, stdout: Buffer.from(stdout) });

test("an entry is found under its own host only; Hub under its old address, by any of its names", async () => {
  const auths = {
    "https://index.docker.io/v1/": { auth: base64("hub:a:b") },
    "r.example:5000": { auth: base64("alice:pw") },
    "https://old.example/v1/": { auth: base64("bob:pw") },
    "t.example": { identitytoken: "tok" },
  };
  const hub = { kind: "password", username: "hub", password: "a:b" };
  for (const name of ["docker.io", "registry-1.docker.io"]) assert.deepEqual(await lookUp({ auths }, name), hub);
  assert.deepEqual(await lookUp({ auths }, "r.example:5000"), { kind: "password", username: "alice", password: "pw" });
  assert.deepEqual(await lookUp({ auths }, "old.example"), { kind: "password", username: "bob", password: "pw" });
  assert.deepEqual(await lookUp({ auths }, "t.example"), { kind: "identityToken", token: "tok" });
  for (const other of ["r.example", "r.example:5001", "evil-r.example:5000", "example", "__proto__", "constructor"]) {
    assert.equal(await lookUp({ auths }, other), undefined, other);
  }
});

test("no file is nobody; a broken file or entry is an error that shows nothing of it", async () => {
  await using directory = await temporaryDirectory();
  assert.equal(await dockerCredentials({ directory: directory.path })("r.example"), undefined);
  await refused(lookUp("{s3cret", "r.example"), "usage.invalid");
  await refused(
    lookUp({ auths: { "r.example": { auth: base64("s3cret-without-colon") } } }, "r.example"),
    "usage.invalid",
  );
});

test("a helper is asked for the one host, and says so when it has nothing", async () => {
  const asked: string[] = [];
  const run: RunProgram = async (program, arguments_, input) => {
    asked.push(`${program} ${arguments_.join(" ")} < ${Buffer.from(input)}`);
    return { kind: "ended", exitCode: 0, stdout: Buffer.from('{"Username":"u","Secret":"p"}') };
  };
  const config = { credHelpers: { "r.example": "mine" }, credsStore: "desktop" };
  assert.deepEqual(await lookUp(config, "r.example", run), { kind: "password", username: "u", password: "p" });
  await lookUp(config, "docker.io", run);
  assert.deepEqual(asked, [
    "docker-credential-mine get < r.example",
    "docker-credential-desktop get < https://index.docker.io/v1/",
  ]);
  const none = answers("credentials not found in native keychain\n", 1);
  assert.equal(await lookUp(config, "r.example", none), undefined);
  const token = answers('{"Username":"<token>","Secret":"t"}');
  assert.deepEqual(await lookUp(config, "r.example", token), { kind: "identityToken", token: "t" });
});

test("a helper that fails or prints rubbish is download.denied, without its words", async () => {
  const config = { credsStore: "mine" };
  for (const run of [
    answers("s3cret", 1),
    answers("s3cret"),
    answers('{"Username":1,"Secret":"s3cret"}'),
    answers(""),
  ]) {
    await refused(lookUp(config, "r.example", run), "download.denied");
  }
  const never: RunProgram = () => assert.fail("a path is not a program name");
  await refused(lookUp({ credsStore: "../../evil" }, "r.example", never), "download.denied");
});

test("a real program: hanging is late, endless is cut, absent is absent, and none of them throws", async () => {
  await using directory = await temporaryDirectory();
  const script = async (name: string, body: string): Promise<string> => {
    const path = join(directory.path, name);
    await writeFile(path, `#!/bin/sh\n${body}\n`);
    await chmod(path, 0o700);
    return path;
  };
  const run = (path: string, timeoutMs = 5000) =>
    runProgram(path, ["get"], Buffer.from("host"), { timeoutMs, maxBytes: 1000 });
  assert.equal((await run(await script("hang", "sleep 60"), 100)).kind, "late");
  assert.equal((await run(await script("endless", "while :; do echo xxxxxxxxxxxxxxxx; done"))).kind, "tooLong");
  assert.equal((await run(join(directory.path, "none"))).kind, "absent");
  const echo = await run(await script("echo", "cat; exit 3"));
  assert.deepEqual(echo.kind === "ended" && [echo.exitCode, Buffer.from(echo.stdout).toString()], [3, "host"]);
});
