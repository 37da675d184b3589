// Whom a trust directory trusts, from the `notary` command line: trust_pinning in all its forms, the cached root, and what an unexpired
// cache may answer when the server is away (notary-v1, sections 8 and 9).
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { notary1 } from "../../dialects/index.ts";
import { makeCertificate } from "../../testing/index.ts";
import { type FrontMachine, type FrontWorld, openFrontWorld, type Run } from "./front-world.ts";

const gun = "ex/app";
const dayMs = 24 * 60 * 60 * 1000;
const wrong = "0".repeat(64);
const noMatch =
  /could not validate the path to a trusted root: unable to match any certificates to trust_pinning config/;

async function ok(machine: FrontMachine, ...argv: readonly string[]): Promise<Run> {
  const run = await machine.run(...argv);
  assert.equal(run.status, 0, `notary ${argv.join(" ")}: ${run.out}${run.err}`);
  return run;
}

/** A collection on the server, and the id of its root certificate as trust_pinning names it. */
async function begun(world: FrontWorld): Promise<string> {
  const owner = world.machine("owner");
  await ok(owner, "init", "-p", gun);
  const answer = await fetch(`${world.url}/v2/${gun}/_trust/tuf/root.json`);
  const { signed } = notary1.decodeRoot(new Uint8Array(await answer.arrayBuffer()));
  return signed.roles.root.keyIds[0] ?? "";
}

function pinned(world: FrontWorld, name: string, pinning: unknown): FrontMachine {
  const machine = world.machine(name);
  mkdirSync(join(machine.home, ".notary"), { recursive: true });
  writeFileSync(join(machine.home, ".notary/config.json"), JSON.stringify({ trust_pinning: pinning }));
  return machine;
}

it("certs: the exact name decides, then the longest prefix, and a wrong pin is never passed over for a right one", async () => {
  await using world = await openFrontWorld();
  const right = await begun(world);
  const rows: readonly (readonly [string, Record<string, unknown>, boolean])[] = [
    ["exact", { certs: { [gun]: [right] } }, true],
    ["one of two", { certs: { [gun]: [wrong, right] } }, true],
    ["exact and wrong", { certs: { [gun]: [wrong], "ex/*": [right] } }, false],
    ["prefix", { certs: { "ex/*": [right] }, disable_tofu: true }, true],
    ["longest prefix", { certs: { "ex/*": [right], "ex/a*": [wrong] } }, false],
    ["certs before ca", { certs: { [gun]: [right] }, ca: { ex: "absent.pem" } }, true],
  ];
  for (const [what, pinning, isTrusted] of rows) {
    const { status, out } = await pinned(world, what, pinning).run("list", gun);
    assert.equal(status, isTrusted ? 0 : 1, `${what}: ${out}`);
    if (!isTrusted) assert.match(out, noMatch);
  }
});

it("disable_tofu with nothing pinned trusts nobody, reading and publishing; without it the first root is trusted", async () => {
  await using world = await openFrontWorld();
  await begun(world);
  const strict = pinned(world, "strict", { certs: { "other/app": [wrong] }, disable_tofu: true });
  await ok(strict, "delegation", "add", gun, "targets/qa", "--all-paths");
  for (const command of [
    ["list", gun],
    ["publish", gun],
    ["key", "rotate", gun, "snapshot", "-r"],
  ]) {
    const { status, out } = await strict.run(...command);
    assert.equal(status, 1, command.join(" "));
    assert.match(out, /could not validate the path to a trusted root: invalid trust pinning specified/);
  }
  await ok(pinned(world, "trusting", { certs: { "other/app": [wrong] } }), "list", gun);
});

it("a trust_pinning that cannot be understood is refused before anything is asked of a server", async () => {
  await using world = await openFrontWorld();
  const asked = world.requests.length;
  for (const pinning of [[], { certs: [] }, { certs: { [gun]: wrong } }, { disable_tofu: "yes" }, { ca: { ex: 1 } }]) {
    const { status, out, err } = await pinned(world, "puzzled", pinning).run("list", gun);
    assert.equal(status, 1, JSON.stringify(pinning));
    assert.match(out, /\n\* fatal: /);
    assert.match(err, /\[config.invalid\]/);
  }
  assert.equal(world.requests.length, asked);
});

it("ca: a root certificate of that authority and of no other", async () => {
  await using world = await openFrontWorld();
  const now = Date.UTC(2026, 10, 22, 12);
  const years = { notBefore: now - dayMs, notAfter: now + 365 * dayMs };
  const [authority, stranger] = ["Ours", "Theirs"].map((name) => makeCertificate({ name, now, isCa: true, ...years }));
  assert.ok(authority !== undefined && stranger !== undefined);
  const { certificate, key, pem } = makeCertificate({ name: gun, now, issuer: authority, ...years });
  assert.ok(certificate.checkIssued(authority.certificate));
  const owner = world.machine("owner");
  mkdirSync(owner.home, { recursive: true });
  const [keyFile, certificateFile] = [join(owner.home, "root.pem"), join(owner.home, "root.crt")];
  const sealed = { cipher: "aes-256-cbc", passphrase: "correct-horse" };
  writeFileSync(keyFile, key.export({ type: "pkcs8", format: "pem", ...sealed }));
  writeFileSync(certificateFile, pem);
  await ok(owner, "init", "-p", gun, "--rootkey", keyFile, "--rootcert", certificateFile);
  for (const [name, { pem: file }, isTrusted] of [
    ["right", authority, true],
    ["wrong", stranger, false],
  ] as const) {
    const machine = pinned(world, name, { ca: { "ex/": "ca.pem" }, disable_tofu: true });
    writeFileSync(join(machine.home, ".notary/ca.pem"), file);
    const { status, out } = await machine.run("list", gun);
    assert.equal(status, isTrusted ? 0 : 1, out);
    if (!isTrusted) assert.match(out, noMatch);
  }
});

it("an unexpired cached root wins over pins, and another collection of that name is not taken for it", async () => {
  await using world = await openFrontWorld();
  const right = await begun(world);
  const reader = pinned(world, "reader", { certs: { [gun]: [right] } });
  await ok(reader, "list", gun);
  pinned(world, "reader", { certs: { [gun]: [wrong] } });
  await ok(reader, "list", gun);
  const owner = world.machine("owner");
  await ok(owner, "delete", "--remote", gun);
  const thief = world.machine("thief");
  await ok(thief, "init", "-p", gun);
  const { status, out, err } = await reader.run("list", gun);
  assert.equal(status, 1);
  assert.match(
    out,
    /could not rotate trust to a new trusted root: failed to validate data with current trusted certificates/,
  );
  assert.match(err, /ask its owner\n {2}- if the owner says it is right: notary delete ex\/app/);
});

it("with the server away an unexpired cache answers, with Notary's warning; expired, damaged or absent it does not", async () => {
  await using world = await openFrontWorld();
  await begun(world);
  const reader = world.machine("reader");
  await ok(reader, "list", gun);
  const down = () => ({ status: 500 });
  world.happen(down);
  const cached = await ok(reader, "list", gun);
  assert.match(cached.err, /level=error msg="could not reach http:\/\/127\.0\.0\.1:/);
  assert.match(cached.err, /level=warning msg="Error while downloading remote metadata, using cached timestamp/);
  const stranger = await world.machine("stranger").run("list", gun);
  assert.equal(stranger.status, 1);
  assert.match(stranger.out, /unable to reach trust server at this time: 500\./);
  world.happen(() => ({ status: 404 }));
  const gone = await reader.run("list", gun);
  assert.equal(gone.status, 1);
  assert.match(gone.out, /does not have trust data for ex\/app/);
  world.happen(down);
  const targets = join(reader.home, ".notary/tuf", gun, "metadata/targets.json");
  const text = readFileSync(targets, "utf8");
  writeFileSync(targets, text.replace('"version":1', '"version":7'));
  assert.equal((await reader.run("list", gun)).status, 1, "a damaged cache");
  writeFileSync(targets, text);
  await ok(reader, "list", gun);
  world.advance(15 * dayMs);
  const late = await reader.run("list", gun);
  assert.equal(late.status, 1);
  assert.match(late.out, /^\n\* fatal: timestamp expired at /);
  assert.match(late.err, /the server did not answer \(GET .* answered 500\), and what is kept here has expired/);
  assert.doesNotMatch(late.err, /renew/);
});
