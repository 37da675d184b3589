// Sources that somebody or something has damaged: each wrong row is told with its reason, what readers can still use comes along, and what
// they could not use before is called broken, with the document and why.
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeHex, parseGun, parseRoleName, sha256 } from "../bytes/index.ts";
import { SampleDeployment, sampleGuns } from "./sample-deployment.ts";
import { codes, finding, run, withStorage } from "./sample-migration.ts";

const history = "docker.example.com/team/app";
const timestamp = { dialect: "notary1", role: parseRoleName("timestamp") } as const;

test("a collection that Notary broke by hashing other bytes is named with its documents, and kept for its owner", () =>
  withStorage(async (storage) => {
    const source = new SampleDeployment("server-snapshot-broken-by-trailing-newline");
    const report = await run(source, storage);
    const broken = finding(report, "document.unreachable");
    assert.equal(broken.severity, "broken");
    assert.match(broken.message, /names a (root|targets) that is not stored/);
    assert.equal((await storage.collection(parseGun("ex/r")))?.current.length, 4);
  }));

test("rows that are no document are left out, each with its reason, and their versions stay used up", () =>
  withStorage(async (storage) => {
    const source = new SampleDeployment("notary-full-history");
    const flipped = source.row(history, "targets", 3);
    flipped.data = flipped.data.slice();
    flipped.data[60] = (flipped.data[60] ?? 0) ^ 1;
    source.row(history, "timestamp", 1).isDeleted = true;
    source.addRow(history, "targets/UPPER", 1, Buffer.from("{}"));
    source.addRow(history, "snapshot", 99, Buffer.from("not json"));
    source.addRow(history, "targets", 98, source.row(history, "targets", 2).data);
    source.addRow(history, "timestamp", 97, source.row(history, "targets", 2).data);
    const report = await run(source, storage);
    const told = report.findings
      .filter(({ severity }) => severity === "left_out")
      .map(({ code, role, version }) => `${code} ${role} ${version}`);
    assert.deepEqual(
      told.toSorted(),
      [
        "row.deleted timestamp 1",
        "row.role targets/UPPER 1",
        "row.unreadable snapshot 99",
        "row.unreadable timestamp 97",
        "row.version targets 98",
        told.find((line) => line.endsWith("targets 3")) ?? "row.hash targets 3",
      ].toSorted(),
    );
    assert.equal(report.documents.leftOut, 6);
    assert.equal(report.collections.verified, 1, JSON.stringify(report.findings, undefined, 1));
    assert.equal(await storage.highestVersion(parseGun(history), timestamp), 97);
  }));

test("a row whose hash column lies is taken by its bytes where readers need it, and left out where not", () =>
  withStorage(async (storage) => {
    const source = new SampleDeployment("notary-full-history");
    source.row(history, "root", 3).sha256 = "00".repeat(32);
    source.row(history, "targets", 2).sha256 = "11".repeat(32);
    const report = await run(source, storage);
    const told = report.findings
      .filter(({ code }) => code === "row.hash")
      .map(({ severity, role, version }) => `${severity} ${role} ${version}`);
    assert.deepEqual(told, ["left_out targets 2", "warning root 3"]);
    assert.equal(report.collections.verified, 1);
  }));

test("a forged document in force is told: readers would refuse it", () =>
  withStorage(async (storage) => {
    const source = new SampleDeployment("docker-trust-signers");
    const gun = sampleGuns["docker-trust-signers"];
    const row = source.row(gun, "timestamp", 6);
    const text = Buffer.from(row.data)
      .toString()
      .replace(/"sig":"...../, '"sig":"AAAAA');
    row.data = Buffer.from(text);
    row.sha256 = encodeHex(sha256(row.data));
    const report = await run(source, storage);
    assert.deepEqual(codes(report), ["broken collection.unreadable", "warning key.missing"]);
    assert.equal(finding(report, "collection.unreadable").role, "timestamp");
  }));

test("a gap in the root chain and a root that does not decode are told, and fresh readers still verify", () =>
  withStorage(async (storage) => {
    const source = new SampleDeployment("notary-full-history");
    source.remove(history, "root", 2);
    const report = await run(source, storage);
    assert.equal(report.collections.verified, 1);
    assert.match(finding(report, "root.chain").message, /does not follow version 1/);
  }));

test("without a usable root nothing is taken, and the report says that the name falls free", () =>
  withStorage(async (storage) => {
    const source = new SampleDeployment("docker-push-then-signer");
    source.remove("127.0.0.1:14440/team/three", "root", 1);
    await source.addKey("127.0.0.1:14440/team/three", "timestamp");
    const report = await run(source, storage);
    assert.equal(finding(report, "collection.no_root").severity, "left_out");
    assert.deepEqual([report.collections.leftOut, report.keys.leftOut, report.documents.copied], [1, 1, 0]);
    assert.equal(await storage.collection(parseGun("127.0.0.1:14440/team/three")), undefined);
  }));

test("dates that have passed are warnings, not breakage: the collection verifies as of its time", () =>
  withStorage(async (storage) => {
    const later = Date.parse("2032-01-01T00:00:00Z");
    const report = await run(new SampleDeployment("notary-full-history"), storage, { clock: () => later });
    const expired = report.findings
      .filter(({ code }) => code === "document.expired")
      .map(({ severity, role }) => `${severity} ${role}`);
    assert.deepEqual(expired.slice(-1), ["note timestamp"]);
    assert.ok(expired.includes("warning targets") && expired.includes("warning snapshot"), expired.join());
    assert.deepEqual([report.collections.verified, report.collections.broken], [1, 0]);
  }));

test("a root certificate past its date is breakage that nobody can mend, and is said so", () =>
  withStorage(async (storage) => {
    const later = Date.parse("2040-01-01T00:00:00Z");
    const report = await run(new SampleDeployment("notary-full-history"), storage, { clock: () => later });
    assert.equal(finding(report, "certificate.expired").severity, "broken");
    assert.equal(report.collections.broken, 1);
  }));

test("a snapshot that is gone breaks the chain: told, and the one before it stands in for the owner's repair", () =>
  withStorage(async (storage) => {
    const source = new SampleDeployment("docker-trust-signers");
    const gun = sampleGuns["docker-trust-signers"];
    source.remove(gun, "snapshot", 6);
    const report = await run(source, storage);
    const told = finding(report, "document.unreachable");
    assert.deepEqual([told.severity, told.role], ["broken", "snapshot"]);
    assert.equal(report.collections.broken, 1);
    const snapshot = { dialect: "notary1", role: parseRoleName("snapshot") } as const;
    assert.equal((await storage.current(parseGun(gun), snapshot))?.version, 5);
  }));
