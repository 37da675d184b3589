// Pins, settings, cache and locks on a real disk, named after the mistake or attack each one stops.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { CountersignError, type ErrorCode, parseGun, parseRoleName } from "../bytes/index.ts";
import { temporaryDirectory } from "../testing/index.ts";
import { parsePin } from "../updater/index.ts";
import { encodeFileName, locateHome, openHome, parseNamePattern, parsePinText, serverFor, withLock } from "./index.ts";

const gun = parseGun("registry.example.com/team/app");
const keyA = parsePin("aa".repeat(32));
const keyB = parsePin("bb".repeat(32));

function code(expected: ErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof CountersignError && error.code === expected;
}

describe("where things live", () => {
  it("keeps everything under COUNTERSIGN_HOME", () => {
    const found = locateHome({ COUNTERSIGN_HOME: "/h", XDG_CONFIG_HOME: "/x" });
    assert.deepEqual(found, { config: "/h", keys: "/h/keys", cache: "/h/cache", state: "/h/state" });
  });
  it("follows XDG, and ignores relative XDG paths as its specification says", () => {
    const found = locateHome({ XDG_CONFIG_HOME: "relative", XDG_CACHE_HOME: "/c" }, () => "/home/u");
    assert.equal(found.config, "/home/u/.config/countersign");
    assert.equal(found.cache, "/c/countersign");
    assert.equal(found.state, "/home/u/.local/state/countersign");
  });
});

describe("names from outside as file names", () => {
  it("never leaves the directory and never collides", () => {
    const names = [
      "..",
      ".",
      "",
      "a/b",
      "a%2Fb",
      "A",
      "a",
      "\u0000",
      "é",
      "e\u0301",
      "x".repeat(10_000),
      "x".repeat(10_001),
    ];
    const encoded = names.map(encodeFileName);
    assert.equal(new Set(encoded.map((name) => name.toLowerCase())).size, names.length);
    for (const name of encoded) {
      assert.match(name, /^[-a-z0-9_.%A-F]+$/);
      assert.ok(name.length < 250 && !name.startsWith("."));
    }
  });
});

describe("pins", () => {
  it("lets the exact name win over prefixes, and a longer prefix over a shorter one", async () => {
    await using dir = await temporaryDirectory();
    const { pins } = openHome({ COUNTERSIGN_HOME: dir.path });
    const entry = (name: string, pin: typeof keyA) => ({ name, pins: [pin], added: "", note: undefined });
    await pins.add(entry("registry.example.com/*", keyA));
    await pins.add(entry("registry.example.com/team/*", keyB));
    assert.deepEqual((await pins.find(gun))?.pins, [keyB]);
    await pins.add(entry(gun, keyA));
    assert.deepEqual((await pins.find(gun))?.name, gun);
    assert.equal(await pins.find(parseGun("registry.example.com.evil/team/app")), undefined);
  });
  it("does not replace a pin unasked, so that a look-alike key cannot slip in", async () => {
    await using dir = await temporaryDirectory();
    const { pins } = openHome({ COUNTERSIGN_HOME: dir.path });
    await pins.add({ name: gun, pins: [keyA], added: "", note: undefined });
    await assert.rejects(pins.add({ name: gun, pins: [keyB], added: "", note: undefined }), code("pin.exists"));
    assert.deepEqual((await pins.find(gun))?.pins, [keyA]);
    await pins.add({ name: gun, pins: [keyB], added: "", note: undefined }, { replace: true });
    assert.deepEqual((await pins.find(gun))?.pins, [keyB]);
  });
  it("refuses prefixes that stop inside a word, or that pin everything", () => {
    for (const bad of ["registry.example.com/team*", "*", "/*", "a*b/*", "", "../*"]) {
      assert.throws(() => parseNamePattern(bad), code("gun.invalid"), bad);
    }
  });
  it("stops on a damaged trust.json instead of trusting less or more", async () => {
    await using dir = await temporaryDirectory();
    const { pins } = openHome({ COUNTERSIGN_HOME: dir.path });
    const entry = (keys: unknown) => JSON.stringify({ version: 1, pins: [{ name: gun, keys }] });
    const damaged = [
      "",
      "{",
      "[]",
      '{"version":2,"pins":[]}',
      entry([]),
      entry("x"),
      entry([1]),
      '{"version":1,"version":1,"pins":[]}',
    ];
    for (const text of damaged) {
      await writeFile(join(dir.path, "trust.json"), text);
      await assert.rejects(pins.find(gun), code("config.invalid"), text);
    }
  });
  it("reads key ids as people copy them", () => {
    assert.deepEqual(parsePinText(` ${"AA ".repeat(32)}`), keyA);
    assert.deepEqual(parsePinText(`certificate:${"aa:".repeat(31)}aa`).kind, "certificate");
    assert.throws(() => parsePinText("aa"), code("usage.invalid"));
  });
  it("keeps both pins when two are added at once", async () => {
    await using dir = await temporaryDirectory();
    const names = Array.from({ length: 12 }, (_, index) => `host.example.com/app${index}`);
    await Promise.all(
      names.map((name) =>
        openHome({ COUNTERSIGN_HOME: dir.path }).pins.add({ name, pins: [keyA], added: "", note: undefined }),
      ),
    );
    assert.equal((await openHome({ COUNTERSIGN_HOME: dir.path }).pins.list()).length, names.length);
    assert.deepEqual(await readdir(dir.path), ["trust.json"]);
  });
});

describe("settings", () => {
  it("finds the server by exact name, longest prefix, default", async () => {
    await using dir = await temporaryDirectory();
    const servers = [
      { name: "registry.example.com/*", url: "https://a" },
      { name: "registry.example.com/team/*", url: "https://b", tlsCa: "/ca.pem" },
    ];
    await writeFile(join(dir.path, "config.json"), JSON.stringify({ server: "https://d", servers }));
    const settings = await openHome({ COUNTERSIGN_HOME: dir.path }).settings();
    assert.equal(serverFor(settings, gun)?.tlsCa, "/ca.pem");
    assert.equal(serverFor(settings, parseGun("other.example.com/x"))?.url, "https://d");
  });
  it("refuses a misspelt setting instead of ignoring it", async () => {
    await using dir = await temporaryDirectory();
    await writeFile(join(dir.path, "config.json"), '{"sever":"https://d"}');
    await assert.rejects(openHome({ COUNTERSIGN_HOME: dir.path }).settings(), code("config.invalid"));
  });
});

describe("the metadata cache", () => {
  const role = parseRoleName("targets/releases");
  it("gives back what was written, privately, and leaves no temporary file", async () => {
    await using dir = await temporaryDirectory();
    const cache = openHome({ COUNTERSIGN_HOME: dir.path }).cache(gun, "tuf1");
    assert.equal(await cache.read(role), undefined);
    await cache.write(role, new Uint8Array([1]));
    await cache.write(role, new Uint8Array([2, 3]));
    assert.deepEqual([...((await cache.read(role)) ?? [])], [2, 3]);
    const directory = join(dir.path, "cache", encodeFileName(gun), "tuf1");
    assert.deepEqual(await readdir(directory), ["targets%2Freleases.json"]);
    assert.equal((await stat(join(directory, "targets%2Freleases.json"))).mode & 0o777, 0o600);
    assert.equal((await stat(directory)).mode & 0o777, 0o700);
    await cache.remove(role);
    assert.equal(await cache.read(role), undefined);
  });
  it("counts an unreadable file as absent: a damaged cache costs a download, not an outage", async () => {
    await using dir = await temporaryDirectory();
    const cache = openHome({ COUNTERSIGN_HOME: dir.path }).cache(gun, "tuf1");
    await mkdir(join(dir.path, "cache", encodeFileName(gun), "tuf1", "targets%2Freleases.json"), { recursive: true });
    assert.equal(await cache.read(role), undefined);
  });
  it("replaces a symbolic link planted in the cache instead of writing through it", async () => {
    await using dir = await temporaryDirectory();
    const cache = openHome({ COUNTERSIGN_HOME: dir.path }).cache(gun, "tuf1");
    const directory = join(dir.path, "cache", encodeFileName(gun), "tuf1");
    await mkdir(directory, { recursive: true });
    await writeFile(join(dir.path, "victim"), "precious");
    await symlink(join(dir.path, "victim"), join(directory, "targets%2Freleases.json"));
    await cache.write(role, new Uint8Array([1]));
    assert.equal(await readFile(join(dir.path, "victim"), "utf8"), "precious");
  });
  it("says read-only when a file stands where a directory should be", async () => {
    await using dir = await temporaryDirectory();
    await writeFile(join(dir.path, "cache"), "");
    const cache = openHome({ COUNTERSIGN_HOME: dir.path }).cache(gun, "tuf1");
    await assert.rejects(cache.write(role, new Uint8Array()), code("disk.read_only"));
  });
});

describe("the lock between processes", () => {
  it("is taken over from a process that died, and only then", async () => {
    await using dir = await temporaryDirectory();
    const path = join(dir.path, "lock");
    const child = spawn(process.execPath, ["-e", ""], { stdio: "ignore" });
    await once(child, "exit");
    await writeFile(path, `${child.pid} ${hostname()} 00`);
    assert.equal(await withLock(path, async () => "mine"), "mine");
    await writeFile(path, `${process.pid} ${hostname()} 00`);
    await assert.rejects(
      withLock(path, async () => "mine", { timeoutMs: 50 }),
      code("storage.locked"),
    );
    await writeFile(path, `${child.pid} another-machine 00`);
    await assert.rejects(
      withLock(path, async () => "mine", { timeoutMs: 50 }),
      code("storage.locked"),
    );
  });
  it("lets one in at a time, also when many take over the same dead lock", async () => {
    await using dir = await temporaryDirectory();
    const path = join(dir.path, "lock");
    const child = spawn(process.execPath, ["-e", ""], { stdio: "ignore" });
    await once(child, "exit");
    await writeFile(path, `${child.pid} ${hostname()} 00`);
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 20 }, () => withLock(path, work)));
    assert.equal(most, 1);
    assert.deepEqual(await readdir(dir.path), []);
  });
  it("is released when the work throws", async () => {
    await using dir = await temporaryDirectory();
    const path = join(dir.path, "lock");
    await assert.rejects(
      withLock(path, () => Promise.reject(new Error("x"))),
      /x/,
    );
    assert.equal(await withLock(path, async () => 1), 1);
  });
});
