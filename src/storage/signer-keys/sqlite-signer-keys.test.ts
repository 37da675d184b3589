// The signer's keys in SQLite: the contract, and that a second process cannot open them beside the first.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isCountersignError } from "../../bytes/index.ts";
import { temporaryDirectory } from "../../testing/index.ts";
import { signerKeysContract } from "./signer-keys-contract.ts";
import { openSqliteSignerKeys } from "./sqlite-signer-keys.ts";

signerKeysContract("sqlite", async () => {
  const directory = await temporaryDirectory();
  const store = openSqliteSignerKeys(directory.path);
  const dispose = async () => {
    await store.close();
    await directory[Symbol.asyncDispose]();
  };
  return { ...store, [Symbol.asyncDispose]: dispose };
});

test("the file is locked while it is open, and everything is there when it is opened again", async () => {
  await using directory = await temporaryDirectory();
  const first = openSqliteSignerKeys(directory.path);
  const record = {
    alias: "a",
    salt: Uint8Array.of(1),
    cost: 2,
    blockSize: 1,
    parallelization: 1,
    check: Uint8Array.of(2),
  };
  await first.addPassphrase(record);
  assert.throws(
    () => openSqliteSignerKeys(directory.path),
    (error) => isCountersignError(error, "storage.locked"),
  );
  await first.close();
  await first.close();
  await assert.rejects(first.passphrase("a"), (error) => isCountersignError(error, "storage.unavailable"));
  await using second = openSqliteSignerKeys(directory.path);
  assert.deepEqual([...((await second.passphrase("a"))?.salt ?? [])], [1]);
});
