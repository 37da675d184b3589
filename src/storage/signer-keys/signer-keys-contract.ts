// What every store of signer keys has to do, as one test body. Test code, kept beside the adapters; the door does not export it.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PassphraseRecord, SignerKeyStore, StoredSignerKey } from "./signer-key-store.ts";

const record: PassphraseRecord = {
  alias: "first",
  salt: Uint8Array.of(1, 2, 3),
  cost: 1024,
  blockSize: 8,
  parallelization: 1,
  check: Uint8Array.of(4, 5),
};

function keyNumbered(number: number, changes: Partial<StoredSignerKey> = {}): StoredSignerKey {
  return {
    keyId: number.toString(16).padStart(64, "0"),
    gun: "example.com/app",
    role: "timestamp",
    algorithm: "ecdsa",
    publicKey: Uint8Array.of(number),
    alias: "first",
    sealed: Uint8Array.of(number, number),
    createdAt: number,
    usedAt: undefined,
    ...changes,
  };
}

/** Registers the contract's tests; `open` gives an empty store that is removed when disposed of. */
export function signerKeysContract(name: string, open: () => Promise<SignerKeyStore>): void {
  const withStore = (title: string, body: (store: SignerKeyStore) => Promise<void>) =>
    test(`${name}: ${title}`, async () => {
      await using store = await open();
      await store.addPassphrase(record);
      await body(store);
    });

  withStore(
    "a passphrase record stands as first written, or keys sealed under it could never be opened",
    async (store) => {
      const other = { ...record, salt: Uint8Array.of(9), check: Uint8Array.of(9) };
      assert.deepEqual(plain(await store.addPassphrase(other)), plain(record));
      assert.deepEqual(plain(await store.passphrase("first")), plain(record));
      assert.equal(await store.passphrase("__proto__"), undefined);
    },
  );

  withStore("a key reads back as it was, by id", async (store) => {
    const key = keyNumbered(1);
    assert.deepEqual(plain(await store.addKey(key)), plain(key));
    assert.deepEqual(plain(await store.key(key.keyId)), plain(key));
    assert.equal(await store.key("f".repeat(64)), undefined);
    await store.ping();
  });

  withStore("a key that has never signed is given again, also to many who ask at once", async (store) => {
    const asked = await Promise.all(Array.from({ length: 20 }, (_, index) => store.addKey(keyNumbered(index + 1))));
    assert.equal(new Set(asked.map((key) => key.keyId)).size, 1);
    const standing = asked[0]?.keyId ?? "";
    assert.equal((await store.unusedKey("example.com/app", "timestamp", "ecdsa"))?.keyId, standing);
    for (const [gun, role, algorithm] of [
      ["example.com/other", "timestamp", "ecdsa"],
      ["example.com/app", "snapshot", "ecdsa"],
      ["example.com/app", "timestamp", "ed25519"],
    ] as const) {
      assert.equal(await store.unusedKey(gun, role, algorithm), undefined);
    }
    assert.equal(await store.markUsed(standing, 5_000), true);
    assert.equal(await store.unusedKey("example.com/app", "timestamp", "ecdsa"), undefined);
    const next = keyNumbered(99);
    assert.equal((await store.addKey(next)).keyId, next.keyId);
  });

  withStore("the first use is remembered and no later one", async (store) => {
    const { keyId } = await store.addKey(keyNumbered(1));
    assert.equal(await store.markUsed(keyId, 1_700_000_000_000), true);
    assert.equal(await store.markUsed(keyId, 1_800_000_000_000), true);
    assert.equal((await store.key(keyId))?.usedAt, 1_700_000_000_000);
    assert.equal(await store.markUsed("f".repeat(64), 1), false);
  });

  withStore("an imported key never replaces the one of that id", async (store) => {
    const key = keyNumbered(1, { usedAt: 7 });
    assert.equal(await store.importKey(key), true);
    assert.equal(await store.importKey({ ...key, sealed: Uint8Array.of(66) }), false);
    assert.deepEqual(plain(await store.key(key.keyId)), plain(key));
    assert.equal(await store.importKey(keyNumbered(2)), true);
    assert.equal(await store.importKey(keyNumbered(3)), true, "two unused ones may come from elsewhere");
    assert.equal((await store.unusedKey("example.com/app", "timestamp", "ecdsa"))?.keyId, keyNumbered(2).keyId);
  });

  withStore("a removed key is gone, and removing it again says so", async (store) => {
    const { keyId } = await store.addKey(keyNumbered(1));
    assert.equal(await store.removeKey(keyId), true);
    assert.equal(await store.removeKey(keyId), false);
    assert.equal(await store.key(keyId), undefined);
  });

  withStore(
    "keys are listed by alias in pages, and sealed anew only while they are under the old one",
    async (store) => {
      await store.addPassphrase({ ...record, alias: "second" });
      for (let number = 1; number <= 5; number++) await store.importKey(keyNumbered(number));
      const page = await store.keysUnder("first", "", 3);
      assert.deepEqual(
        page.map((key) => key.createdAt),
        [1, 2, 3],
      );
      const rest = await store.keysUnder("first", page.at(-1)?.keyId ?? "", 3);
      assert.deepEqual(
        rest.map((key) => key.createdAt),
        [4, 5],
      );
      await store.removeKey(keyNumbered(3).keyId);
      const resealed = page.map(({ keyId }) => ({
        keyId,
        fromAlias: "first",
        toAlias: "second",
        sealed: Uint8Array.of(77),
      }));
      assert.equal(await store.reseal(resealed), 2);
      assert.equal(await store.reseal(resealed.map((key) => ({ ...key, sealed: Uint8Array.of(88) }))), 0);
      assert.deepEqual([...((await store.key(keyNumbered(1).keyId))?.sealed ?? [])], [77]);
      assert.deepEqual(plain(await store.aliasesInUse()), [
        { alias: "first", keys: 2 },
        { alias: "second", keys: 2 },
      ]);
    },
  );
}

/** Byte arrays of any kind as numbers, so that a Buffer equals a Uint8Array. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value ?? null, (_, member: unknown) => {
      if (member instanceof Uint8Array) return [...member];
      const isBuffer = typeof member === "object" && member !== null && "type" in member && "data" in member;
      return isBuffer ? member.data : member;
    }),
  );
}
