// What every MetadataSource must do. The adapter's test publishes the documents below in its own way (HTTP routes, a directory) and
// says `metadataSourceContract("trust server", async () => ...)`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf, isCountersignError, parseRoleName, type RoleName } from "../../bytes/index.ts";
import type { DialectName } from "../../tuf/index.ts";
import type { MetadataSource } from "../../updater/index.ts";

/** What the adapter under test is to serve; the newest root has version 2. */
export interface ServedDocuments {
  readonly roots: readonly [Uint8Array, Uint8Array];
  readonly timestamp: Uint8Array;
  readonly snapshot: { readonly version: number; readonly bytes: Uint8Array };
  readonly targets: { readonly version: number; readonly bytes: Uint8Array };
  readonly delegation: { readonly role: RoleName; readonly version: number; readonly bytes: Uint8Array };
}

export interface SourceUnderTest extends AsyncDisposable {
  readonly dialect: DialectName;
  readonly source: MetadataSource;
  readonly served: ServedDocuments;
}

const plenty = { maxBytes: 10_000_000 };

export function metadataSourceContract(name: string, open: () => Promise<SourceUnderTest>): void {
  const contract = (what: string, body: (under: SourceUnderTest) => Promise<void>) =>
    test(`source ${name}: ${what}`, async () => {
      await using under = await open();
      await body(under);
    });

  contract("answers each root by its version, and the newest", async ({ source, served }) => {
    same(await source.fetchRoot(1, plenty), served.roots[0]);
    same(await source.fetchRoot(2, plenty), served.roots[1]);
    same(await source.fetchRoot(undefined, plenty), served.roots[1]);
  });

  contract("a root that does not exist is not an error", async ({ source }) => {
    assert.equal(await source.fetchRoot(3, plenty), undefined);
  });

  contract("answers timestamp, snapshot, targets and a delegation", async ({ source, served }) => {
    same(await source.fetchTimestamp(plenty), served.timestamp);
    same(await source.fetchSnapshot(wantedOf(served.snapshot), plenty), served.snapshot.bytes);
    same(await source.fetchTargets(parseRoleName("targets"), wantedOf(served.targets), plenty), served.targets.bytes);
    const { role } = served.delegation;
    same(await source.fetchTargets(role, wantedOf(served.delegation), plenty), served.delegation.bytes);
  });

  contract("a role or version that does not exist is not an error", async ({ source }) => {
    const nowhere = { version: 999, digest: digestOf(new Uint8Array([1, 2, 3])) };
    assert.equal(await source.fetchTargets(parseRoleName("targets/nobody"), nowhere, plenty), undefined);
    assert.equal(await source.fetchSnapshot(nowhere, plenty), undefined);
  });

  contract("a document over the limit is refused, not cut", async ({ source, served }) => {
    const tight = { maxBytes: served.timestamp.length - 1 };
    await assert.rejects(source.fetchTimestamp(tight), (error) => isCountersignError(error, "download.too_large"));
    same(await source.fetchTimestamp({ maxBytes: served.timestamp.length }), served.timestamp);
  });

  contract("an aborted fetch ends with a coded error", async ({ source }) => {
    const options = { ...plenty, signal: AbortSignal.abort() };
    await assert.rejects(source.fetchTimestamp(options), (error) => isCountersignError(error));
  });
}

function wantedOf(document: { readonly version: number; readonly bytes: Uint8Array }) {
  return { version: document.version, digest: digestOf(document.bytes) };
}

function same(got: Uint8Array | undefined, expected: Uint8Array): void {
  assert.ok(got !== undefined, "missing");
  assert.deepEqual([...got], [...expected]);
}
