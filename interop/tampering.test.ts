// Somebody with the server's disk, or the reader's: a stored document edited, the database put back by one publish, a cached document
// edited, the server's clock of no use to anybody. Each is refused, each with its own reason.
import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { packedDocumentOf } from "../src/storage/packed-bytes.ts";
import { startOurServer } from "./peers/countersign.ts";
import { peerTest } from "./peers/find.ts";
import { openStage, type Stage, stagePeers, verdict } from "./peers/stage.ts";

/** Stops the server, lets `change` loose on its data, and starts it again on the same port. */
async function whileStopped(stage: Stage, change: (dataDirectory: string) => void) {
  await stage.server.process.stop();
  change(stage.server.dataDirectory);
  return startOurServer(stage.directory, { port: Number(new URL(stage.server.url).port) });
}

/** Edits one current document where it is stored. */
function editStored(dataDirectory: string, role: string, edit: (text: string) => string): void {
  using database = new DatabaseSync(databaseFile(dataDirectory));
  const rows = database.prepare("SELECT * FROM documents WHERE role = ? ORDER BY version DESC LIMIT 2").all(role);
  assert.equal(rows.length, 2, "one row in each dialect");
  for (const row of rows) {
    const text = Buffer.from(packedDocumentOf(row).bytes).toString();
    assert.notEqual(edit(text), text, `the edit changes the stored ${role}`);
    // As it is: the server would notice itself that a packed one is not what was stored.
    database.prepare("UPDATE documents SET bytes = ? WHERE id = ?").run(Buffer.from(edit(text)), row.id as number);
  }
}

function databaseFile(dataDirectory: string): string {
  const name = readdirSync(dataDirectory).find((file) => /\.(db|sqlite3?)$/.test(file));
  assert.ok(name, `a database in ${dataDirectory}`);
  return join(dataDirectory, name);
}

peerTest(
  "a targets document edited in the server's database is refused in either dialect, each for its own reason",
  stagePeers,
  async () => {
    await using stage = await openStage("stored");
    const image = `${stage.gun}:1.0`;
    await stage.publisher.ok("sign", image);
    await using _ = await whileStopped(stage, (data) =>
      // Another length for the image: still well-formed, and as long as before.
      editStored(data, "targets", (text) =>
        text.replace(`"length":${stage.good.size}`, `"length":${stage.good.size - 1}`),
      ),
    );
    // notary1 chains documents by hash; in tuf1 the snapshot names versions, and the signature tells.
    for (const [dialect, code] of [
      ["notary1", "metadata.hash_mismatch"],
      ["tuf1", "threshold.unmet"],
    ] as const) {
      const told = await verdict(stage.reader(`fresh-${dialect}`), image, "--trust-on-first-use", "--dialect", dialect);
      assert.equal(told.status, 1);
      assert.equal(told.reasons[0]?.code, code);
    }
  },
);

peerTest("a timestamp edited in the server's database is refused by its signature", stagePeers, async () => {
  await using stage = await openStage("timestamp");
  const image = `${stage.gun}:1.0`;
  await stage.publisher.ok("sign", image);
  await using _ = await whileStopped(stage, (data) =>
    editStored(data, "timestamp", (text) =>
      text.replace(/"expires":"(\d{4})/, (_, year) => `"expires":"${Number(year) + 1}`),
    ),
  );
  const done = await stage.publisher.json("verify", image);
  assert.equal(done.status, 1, done.text);
  assert.match(done.text, /threshold\.unmet/);
});

peerTest(
  "a database put back by one publish is refused as a rollback by whoever saw the newer one",
  stagePeers,
  async () => {
    await using stage = await openStage("rollback");
    const image = `${stage.gun}:1.0`;
    const reader = stage.reader("reader");
    await stage.publisher.ok("sign", image);
    const backup = stage.directory.at("backup");
    let port = 0;
    await using again = await whileStopped(stage, (data) => cpSync(data, backup, { recursive: true }));
    port = Number(new URL(again.url).port);
    await stage.registry.push(stage.layout, "other", "team/app", "1.0");
    await stage.publisher.ok("sign", image);
    assert.equal((await verdict(reader, image, "--trust-on-first-use")).signed?.digest, stage.other.digest);
    await again.process.stop();
    rmSync(stage.server.dataDirectory, { recursive: true });
    cpSync(backup, stage.server.dataDirectory, { recursive: true });
    await using _ = await startOurServer(stage.directory, { port });
    // The attacker also puts the old image back: without memory of the newer publish it would be trusted.
    await stage.registry.push(stage.layout, "good", "team/app", "1.0");
    const told = await verdict(reader, image);
    assert.equal(told.status, 1);
    assert.equal(told.reasons[0]?.code, "metadata.rollback");
  },
);

peerTest("cached documents, edited or rubbish, are never trusted: they are fetched again", stagePeers, async () => {
  await using stage = await openStage("cached");
  const image = `${stage.gun}:1.0`;
  await stage.publisher.ok("sign", image);
  const reader = stage.reader("reader");
  assert.equal((await verdict(reader, image, "--trust-on-first-use")).status, 0);
  await stage.registry.push(stage.layout, "other", "team/app", "1.0");
  const cache = stage.directory.at("reader", "cache");
  const files = readdirSync(cache, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".json"))
    .map((entry) => join(entry.parentPath, entry.name));
  assert.ok(files.length >= 4, files.join("\n"));
  const [good, other] = [stage.good, stage.other].map(({ digest }) => digest.slice("sha256:".length));
  const base64 = (hex: string | undefined) => Buffer.from(hex ?? "", "hex").toString("base64");
  for (const rewrite of [
    // The attacker's image put in the place of the signed one, in either dialect's spelling.
    (text: string) => text.replace(good ?? "", other ?? "").replace(base64(good), base64(other)),
    () => "{",
    () => "",
    (text: string) => `${text} `,
  ]) {
    const before = new Map(files.map((file) => [file, readFileSync(file, "utf8")]));
    for (const [file, text] of before) writeFileSync(file, rewrite(text));
    const told = await verdict(reader, image);
    assert.equal(told.status, 1);
    assert.equal(told.reasons[0]?.code, "image.mismatch", JSON.stringify(told.reasons));
    assert.equal(told.signed?.digest, stage.good.digest);
  }
});
