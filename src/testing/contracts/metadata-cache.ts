// What every MetadataCache must do. Run it on an adapter: `metadataCacheContract("disk", async () => ...)`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeUtf8, parseRoleName, parseTuf1RoleName, type RoleName } from "../../bytes/index.ts";
import type { MetadataCache } from "../../updater/index.ts";

export interface CacheUnderTest extends AsyncDisposable {
  readonly cache: MetadataCache;
  /** A second adapter over the same place, as another process would open it. */
  reopen(): Promise<MetadataCache>;
}

// Role names that a file system, a URL or an object might read as something else.
const awkwardNames: readonly RoleName[] = [
  ...["targets", "targets/releases", "targets/releases/alice"].map((name) => parseRoleName(name)),
  ...[
    "__proto__",
    "constructor",
    "..",
    "../root",
    "/etc/passwd",
    "a/../root",
    "CON",
    "Releases",
    "releases",
    "%2e%2e",
    "é",
  ].map((name) => parseTuf1RoleName(name)),
];

export function metadataCacheContract(name: string, open: () => Promise<CacheUnderTest>): void {
  const contract = (what: string, body: (under: CacheUnderTest) => Promise<void>) =>
    test(`cache ${name}: ${what}`, async () => {
      await using under = await open();
      await body(under);
    });
  const root = parseRoleName("root");
  const timestamp = parseRoleName("timestamp");

  contract("an empty cache has nothing, and removing nothing is no error", async ({ cache }) => {
    assert.equal(await cache.read(root), undefined);
    await cache.remove(root);
  });

  contract("what was written is read back to the byte, also by another process", async ({ cache, reopen }) => {
    const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);
    await cache.write(root, bytes);
    assert.deepEqual(plain(await cache.read(root)), plain(bytes));
    assert.deepEqual(plain(await (await reopen()).read(root)), plain(bytes));
  });

  contract("the last write wins and leaves nothing of the longer one before it", async ({ cache }) => {
    await cache.write(timestamp, encodeUtf8("a long first version"));
    await cache.write(timestamp, encodeUtf8("short"));
    assert.deepEqual(plain(await cache.read(timestamp)), plain(encodeUtf8("short")));
  });

  contract("a removed document is gone, the others stay", async ({ cache }) => {
    await cache.write(root, encodeUtf8("root"));
    await cache.write(timestamp, encodeUtf8("timestamp"));
    await cache.remove(timestamp);
    assert.equal(await cache.read(timestamp), undefined);
    assert.deepEqual(plain(await cache.read(root)), plain(encodeUtf8("root")));
  });

  contract("no role name escapes, collides or is lost", async ({ cache, reopen }) => {
    for (const role of awkwardNames) await cache.write(role, encodeUtf8(`document of ${role}`));
    const again = await reopen();
    for (const role of awkwardNames) {
      assert.deepEqual(plain(await again.read(role)), plain(encodeUtf8(`document of ${role}`)), role);
    }
  });

  contract("a name of 255 bytes works", async ({ cache }) => {
    const role = parseTuf1RoleName("é".repeat(127));
    await cache.write(role, encodeUtf8("long"));
    assert.deepEqual(plain(await cache.read(role)), plain(encodeUtf8("long")));
  });

  // Within one process an adapter may hand out the array it was given; readers never write into documents.
  contract("changing the array after writing changes nothing that is kept", async ({ cache, reopen }) => {
    const bytes = encodeUtf8("original");
    await cache.write(root, bytes);
    bytes.fill(0);
    assert.deepEqual(plain(await (await reopen()).read(root)), plain(encodeUtf8("original")));
  });
}

// Adapters may answer a Buffer; what counts are the bytes.
function plain(bytes: Uint8Array | undefined): number[] | undefined {
  return bytes === undefined ? undefined : [...bytes];
}
