// The report of a migration as a person reads it.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Finding, MigrationReport } from "../../migrate/index.ts";
import { openTerminal } from "../terminal.ts";
import { reportJson, showReport } from "./migrate-report.ts";

const counts = { found: 0, copied: 0, already: 0, leftOut: 0 };

function reportOf(findings: readonly Finding[]): MigrationReport {
  return {
    dryRun: false,
    ...{ server: "the server", signer: undefined, destination: "here", targets: 0, findings },
    collections: { ...counts, verified: 0, broken: 0, conflicts: 0 },
    documents: { found: 0, copied: 0, leftOut: 0, bytes: 0 },
    ...{ keys: counts, changes: counts },
  };
}

function shown(report: MigrationReport): string {
  let text = "";
  const streams = {
    out: (more: string) => {
      text += more;
    },
    err: () => assert.fail("a report is the answer"),
    ...{ outIsTerminal: false, errIsTerminal: false, inIsTerminal: false },
    readLine: async () => undefined,
  };
  showReport(openTerminal(streams, { json: false, quiet: false, env: {} }), report);
  return text;
}

function unopened(number: number, consequence: string): Finding {
  const place = { gun: `example.com/app-${number}`, role: "timestamp", keyId: "ab".repeat(32) };
  return { severity: "left_out", code: "key.unopened", ...place, message: "no passphrase", consequence };
}

test("a passphrase that is missing for a thousand keys is said once, with the first places; JSON has each", () => {
  const findings = Array.from({ length: 1_000 }, (_, number) => unopened(number, "set it"));
  const text = shown(reportOf(findings));
  assert.match(text, /^Left out \(1,000\)$/m);
  assert.equal(text.split("no passphrase").length, 2, text);
  assert.match(
    text,
    /^ {2}1,000 times: no passphrase \[key\.unopened\]\n {4}set it\n {4}- example\.com\/app-0 timestamp key abababababab$/m,
  );
  assert.match(text, /^ {4}and 990 more, which --json lists$/m);
  assert.ok(text.split("\n").length < 40, text);
  assert.deepEqual(reportJson(reportOf(findings)).findings, findings);
});

test("what follows differs from place to place: said at each", () => {
  const text = shown(reportOf([unopened(1, "until Monday"), unopened(2, "until Friday")]));
  assert.match(
    text,
    /app-1 timestamp key abababababab: until Monday\n.*app-2 timestamp key abababababab: until Friday$/m,
  );
});

test("a finding alone stands on one line, without what could rewrite the lines above it", () => {
  const text = shown(reportOf([{ ...unopened(1, "do\u001b[2Jthis"), gun: "evil\u001b[2J\nname" }]));
  assert.match(text, /^ {2}evil\S*name timestamp key abababababab: no passphrase \[key\.unopened\]$/m);
  assert.doesNotMatch(text, /\u001b/);
});
