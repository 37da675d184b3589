// A notary-server that wants tokens, as most in the field do: Debian's `notary` and ours with NOTARY_AUTH, each in a directory of its own,
// with the right password and wrong ones; and our own commands, which ask it for routes that it does not have.
import assert from "node:assert/strict";
import { symlinkSync, writeFileSync } from "node:fs";
import process from "node:process";
import { countersignClient, sourceProgram } from "../peers/countersign.ts";
import { peerTest } from "../peers/find.ts";
import { notaryClient } from "../peers/notary-client.ts";
import { startServer } from "../peers/notary-server.ts";
import { type Scratch, scratch } from "../peers/scratch.ts";
import { startTokenIssuer, type TokenIssuer } from "../peers/token-issuer.ts";

async function startWithTokens(directory: Scratch, { options }: TokenIssuer) {
  const { process: running, address } = await startServer(
    directory,
    "tokens",
    {},
    {
      trust_service: { type: "local", key_algorithm: "ecdsa" },
      storage: { backend: "memory" },
      auth: { type: "token", options },
    },
  );
  return { url: address.url, [Symbol.asyncDispose]: () => running.stop() };
}

peerTest("NOTARY_AUTH: let in, refused and asked as with Debian's notary", ["notary", "notary-server"], async () => {
  using directory = scratch("front-authorization");
  await using issuer = await startTokenIssuer(directory);
  await using server = await startWithTokens(directory, issuer);
  const link = directory.at("notary");
  symlinkSync(sourceProgram, link);
  const clients = [undefined, [process.execPath, link] as const].map((program, index) =>
    notaryClient({ url: server.url, authority: undefined, trustDirectory: directory.at(`trust-${index}`), program }),
  );
  const both = async (credentials: string | undefined, words: (name: string) => readonly string[], stdin = "") => {
    const env = credentials === undefined ? {} : { NOTARY_AUTH: credentials };
    const [theirs, ours] = await Promise.all(
      clients.map(async (client, index) => {
        const gun = `registry.example.com/team/auth-${"ab".charAt(index)}`;
        const { status, stdout } = await client.runWith({ env, stdin }, ...words(gun));
        const shown = stdout.replaceAll(gun, "<gun>").replace(/\b[0-9a-f]{64}\b/g, "<id>");
        return { status, stdout: shown };
      }),
    );
    assert.deepEqual(ours, theirs, `${credentials ?? "nobody"}: ${words("<gun>").join(" ")}`);
    return ours;
  };
  const wrong = Buffer.from("publisher:not the password").toString("base64");
  const list = (gun: string) => ["list", gun] as const;
  const init = (gun: string) => ["init", "-p", gun] as const;
  assert.equal((await both(issuer.credentials, init))?.status, 0);
  assert.equal((await both(issuer.credentials, list))?.status, 0);
  await both(undefined, list, "publisher\na password\n");
  assert.equal((await both(wrong, (gun) => ["witness", "-p", gun, "targets"]))?.status, 1);
  await both("!no base64", (gun) => ["delete", "--remote", gun]);
  assert.equal((await both(issuer.credentials, (gun) => ["publish", gun]))?.status, 0);
  assert.equal((await both(issuer.credentials, (gun) => ["delete", "--remote", gun]))?.status, 0);
});

peerTest(
  "our own commands read and publish there, and a reader without a password is refused",
  ["notary-server"],
  async () => {
    using directory = scratch("own-authorization");
    await using issuer = await startTokenIssuer(directory);
    await using server = await startWithTokens(directory, issuer);
    const client = (name: string, credentials?: string) =>
      countersignClient({
        url: server.url,
        authority: undefined,
        home: directory.at(name),
        env: credentials === undefined ? {} : { COUNTERSIGN_AUTH: credentials },
      });
    const file = directory.at("hello.txt");
    writeFileSync(file, "hello");
    const [owner, stranger] = [client("owner", issuer.credentials), client("stranger")];
    const gun = "registry.example.com/team/own";
    await owner.ok("init", gun, "--no-recovery-kit");
    await owner.ok("sign", gun, "--file", file);
    await owner.ok("rotate", gun, "snapshot", "timestamp");
    await owner.ok("verify", gun, "--file", file);
    assert.match((await owner.ok("tags", gun)).stdout, /^hello.txt /m);
    assert.match((await owner.ok("status", gun)).stdout, /read as +notary1/);
    assert.equal((await stranger.run("tags", gun, "--trust-on-first-use")).status, 5);
    const reader = client("reader", issuer.credentials);
    assert.match((await reader.ok("tags", gun, "--trust-on-first-use")).stdout, /^hello.txt /m);
  },
);
