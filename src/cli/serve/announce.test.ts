// What an operator is warned of when the server starts without TLS of its own.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunningServer } from "../../server/index.ts";
import { openTerminal } from "../terminal.ts";
import { announce } from "./announce.ts";
import type { AccessChoice } from "./choose-server.ts";

const dockerTokens = { realm: "https://auth.example.com/token", service: "s", issuer: "i" };
const open = { anonymousPull: [], apiTokens: true, oidc: [] };

function warnings(host: string, policy: AccessChoice["policy"] | undefined, isOff = true): readonly string[] {
  const lines: string[] = [];
  const streams = { out: () => undefined, err: (text: string) => lines.push(text), readLine: async () => undefined };
  const dumb = { outIsTerminal: false, errIsTerminal: false, inIsTerminal: false };
  const terminal = openTerminal({ ...streams, ...dumb }, { json: false, quiet: false, env: {} });
  const server: RunningServer = {
    url: `http://${host}:80`,
    host,
    port: 80,
    certificate: undefined,
    reloadTls: () => undefined,
    close: async () => undefined,
  };
  const access = policy === undefined ? {} : { access: { policy } };
  const tls = isOff ? { kind: "off" as const } : { kind: "generated" as const };
  const options = { dataDir: "data", allowNonLoopback: false, tls, ...access };
  announce(terminal, server, { options, config: undefined, logLevel: "error", logFormat: "json" });
  return lines.filter((line) => line.startsWith("warning"));
}

test("a server behind a proxy that does not know its https address would have passwords sent over http", () => {
  const [told, ...more] = warnings("127.0.0.1", open);
  assert.match(told ?? "", /no "url".*http/);
  assert.deepEqual(more, []);
  assert.deepEqual(warnings("127.0.0.1", { ...open, url: "https://trust.example.com" }), []);
  assert.deepEqual(warnings("127.0.0.1", { ...open, dockerTokens }), []);
  assert.deepEqual(warnings("127.0.0.1", undefined), []);
  assert.deepEqual(warnings("127.0.0.1", open, false), []);
});

test("tokens over plain http on an address that others reach are warned of", () => {
  assert.match(warnings("0.0.0.0", { ...open, dockerTokens })[0] ?? "", /plain http/);
  assert.equal(warnings("0.0.0.0", open).length, 2);
});
