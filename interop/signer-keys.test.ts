// The signer's keys on a real PostgreSQL: the contract of the port, several signers on one database, and a passphrase replaced while
// they sign.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { encodeUtf8, isCountersignError, systemClock } from "../src/bytes/index.ts";
import { openSignerKeys, rotatePassphrase } from "../src/notary-signer/index.ts";
import { openPostgresSignerKeys, type SignerKeyStore } from "../src/storage/index.ts";
import { signerKeysContract } from "../src/storage/signer-keys/signer-keys-contract.ts";
import { findPeer, peerTest } from "./peers/find.ts";
import { type Postgres, startPostgres } from "./peers/postgres.ts";
import { scratch } from "./peers/scratch.ts";

const running = new AsyncDisposableStack();
let postgres: Postgres;
let databases = 0;

if (findPeer("postgres") !== undefined) {
  before(async () => {
    postgres = running.use(await startPostgres(running.use(scratch("signer-keys"))));
  });
  after(() => running.disposeAsync());
  signerKeysContract("postgresql", openEmpty);
}

function newDatabase(): Promise<string> {
  return postgres.createDatabase(`signer_${++databases}`);
}

async function openEmpty(): Promise<SignerKeyStore> {
  return openPostgresSignerKeys({ url: await newDatabase() });
}

const gun = "example.com/app";
const passphraseOf = (alias: string) => `the ${alias} passphrase`;

function opening(store: SignerKeyStore, defaultAlias: string) {
  return openSignerKeys({ store, passphraseOf, defaultAlias, clock: systemClock, testOnlyCost: 1024 });
}

peerTest("two signers on one new database agree on passphrase, keys and first uses", ["postgres"], async () => {
  const url = await newDatabase();
  await using one = await openPostgresSignerKeys({ url });
  await using two = await openPostgresSignerKeys({ url });
  const signers = await Promise.all([opening(one, "old"), opening(two, "old")]);
  const asked = await Promise.all(
    Array.from({ length: 40 }, (_, index) => signers[index % 2]?.create(`${gun}/${index >> 2}`, "timestamp", "ecdsa")),
  );
  assert.equal(new Set(asked.map((key) => key?.id)).size, 10);
  const contents = asked.map((key, index) => ({ id: key?.id ?? "", content: encodeUtf8(`message ${index}`) }));
  const signed = await Promise.all(
    contents.map(({ id, content }, index) => signers[(index + 1) % 2]?.sign(id, content)),
  );
  assert.ok(signed.every((each) => each !== undefined));
  const next = await signers[0].create(`${gun}/0`, "timestamp", "ecdsa");
  assert.ok(!asked.some((key) => key?.id === next.id));
});

peerTest("a passphrase is replaced while two signers make keys and sign with them", ["postgres"], async () => {
  const url = await newDatabase();
  await using one = await openPostgresSignerKeys({ url });
  await using two = await openPostgresSignerKeys({ url });
  const signers = [await opening(one, "old"), await opening(two, "old")] as const;
  const ids: string[] = [];
  let isRotating = true;
  const work = async (signer: (typeof signers)[number], name: string) => {
    for (let index = 0; isRotating || index < 30; index++) {
      const { id } = await signer.create(`${gun}/${name}/${index}`, "snapshot", "ed25519");
      ids.push(id);
      const known = ids[Math.floor((index * 7919) % ids.length)] ?? id;
      assert.ok((await signer.sign(known, encodeUtf8(`${index}`))) !== undefined);
    }
  };
  const working = Promise.all([work(signers[0], "a"), work(signers[1], "b")]);
  await using three = await openPostgresSignerKeys({ url });
  while (ids.length < 20) await new Promise((resolve) => setImmediate(resolve));
  const { resealed, damaged } = await rotatePassphrase({
    store: three,
    passphraseOf,
    from: "old",
    to: "new",
    batch: 7,
    testOnlyCost: 1024,
  });
  isRotating = false;
  await working;
  assert.ok(resealed >= 20);
  assert.deepEqual(damaged, []);
  // What was made under the old default after the last pass is caught by the next run.
  await rotatePassphrase({ store: three, passphraseOf, from: "old", to: "new", testOnlyCost: 1024 });
  assert.deepEqual(await three.aliasesInUse(), [{ alias: "new", keys: ids.length }]);
  const onlyNew = await opening(three, "new");
  for (const id of ids) assert.ok((await onlyNew.sign(id, encodeUtf8("after"))) !== undefined);
});

peerTest(
  "signers that start at once on an empty database make one schema; one of a newer program is left alone",
  ["postgres"],
  async () => {
    const url = await newDatabase();
    const stores = await Promise.all(Array.from({ length: 6 }, () => openPostgresSignerKeys({ url })));
    const signers = await Promise.all(stores.map((store) => opening(store, "first")));
    const made = await Promise.all(signers.map((signer) => signer.create(gun, "timestamp", "ecdsa")));
    assert.equal(new Set(made.map(({ id }) => id)).size, 1);
    await Promise.all(stores.map((store) => store.close()));
    const name = new URL(url).pathname.slice(1);
    await postgres.query(name, "UPDATE countersign_signer.schema_version SET version = 999");
    await assert.rejects(openPostgresSignerKeys({ url }), (error) => isCountersignError(error, "storage.newer"));
  },
);

peerTest("a database that is not there, or another program's schema, is told as such", ["postgres"], async () => {
  const foreign = await postgres.createDatabase(
    "signer_foreign",
    "CREATE SCHEMA countersign_signer; CREATE TABLE countersign_signer.photos (id integer)",
  );
  await assert.rejects(openPostgresSignerKeys({ url: foreign }), (error) =>
    isCountersignError(error, "storage.corrupt"),
  );
  const missing = foreign.replace("signer_foreign", "signer_none");
  await assert.rejects(openPostgresSignerKeys({ url: missing }), (error) =>
    isCountersignError(error, "storage.unavailable", "usage.invalid"),
  );
});
