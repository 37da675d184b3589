// Test code: a migration of the sample deployment as the tests run it, and what they ask its report.
import assert from "node:assert/strict";
import { createSecretKey } from "node:crypto";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { passphrasesFromEnvironment } from "../notary-signer/index.ts";
import { openSqliteStorage, type Storage } from "../storage/index.ts";
import { sealedUnder } from "./key-destinations.ts";
import { type MigrationOptions, migrateNotary } from "./migrate-notary.ts";
import type { Finding, FindingCode, MigrationReport } from "./report.ts";
import { type SampleDeployment, sampleNow, samplePassphrase } from "./sample-deployment.ts";

export const master = createSecretKey(Buffer.alloc(32, 7));

/** With an empty storage of the new server. */
export async function withStorage(body: (storage: Storage) => Promise<void>): Promise<void> {
  await using directory = await mkdtempDisposable(join(tmpdir(), "countersign-migrate-"));
  await using storage = openSqliteStorage(directory.path);
  await body(storage);
}

/** Into `storage`; a dry run without one. */
export function run(
  source: SampleDeployment,
  storage: Storage | undefined,
  more: Partial<MigrationOptions> = {},
): Promise<MigrationReport> {
  return migrateNotary({
    server: source,
    signer: source,
    destination: { description: "here", storage },
    keys: sealedUnder(master),
    passphraseOf: passphrasesFromEnvironment({ NOTARY_SIGNER_TESTALIAS: samplePassphrase }),
    clock: () => sampleNow,
    ...more,
  });
}

/** What is worse than a note, as `severity code`, each once. */
export function codes(report: MigrationReport, gun?: string): readonly string[] {
  const wanted = report.findings.filter(
    (finding) => finding.severity !== "note" && (gun === undefined || finding.gun === gun),
  );
  return [...new Set(wanted.map(({ severity, code }) => `${severity} ${code}`))].sort();
}

/** The first finding of that code. */
export function finding(report: MigrationReport, code: FindingCode): Finding {
  const found = report.findings.find((each) => each.code === code);
  assert.ok(found !== undefined, `no ${code} in ${JSON.stringify(report.findings, undefined, 1)}`);
  return found;
}
