// Kills a real server again and again, at every write point and at random moments, while somebody publishes, and holds it to
// invariant 4: each acknowledged publish is there, readers of both dialects verify the collection, and publishing goes on. Run with a
// few rounds by the tests and with hundreds by the interop suite: runCrashRounds({ dataDir, rounds }).
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { CountersignError, parseRoleName, systemClock } from "../bytes/index.ts";
import { dialectNamed } from "../dialects/index.ts";
import { verifyBundle } from "../updater/index.ts";
import { dialects, TestPublisher } from "./test-publisher.ts";

export interface CrashOptions {
  readonly dataDir: string;
  readonly rounds: number;
}

export interface CrashReport {
  readonly kills: number;
  readonly acknowledged: number;
  /** Publishes that were on disk though their answer never arrived: allowed. */
  readonly unacknowledgedButStored: number;
  readonly byPoint: Readonly<Record<string, number>>;
}

const points = ["begin", "write", "before-commit", "after-commit", "random"] as const;
const childPath = fileURLToPath(new URL("./crash-child.ts", import.meta.url));
const targetsRole = parseRoleName("targets");

/** @throws CountersignError bug.unexpected naming what was lost or does not verify */
export async function runCrashRounds({ dataDir, rounds }: CrashOptions): Promise<CrashReport> {
  const acknowledged: string[] = [];
  const attempted: string[] = [];
  const byPoint: Record<string, number> = {};
  let kills = 0;
  let publisher = await firstPublisher(dataDir);
  for (let round = 0; round < rounds; round++) {
    const point = points[round % points.length] ?? "random";
    const isRandom = point === "random";
    const child = await startChild(dataDir, isRandom ? [] : [point, String(1 + (round % 4))]);
    publisher = await moved(publisher, child.url);
    await verifyAll(publisher, acknowledged);
    if (isRandom) setTimeout(() => child.process.kill("SIGKILL"), 5 + Math.random() * 60);
    await publishUntilDead(publisher, acknowledged, attempted);
    await child.exited;
    kills++;
    byPoint[point] = (byPoint[point] ?? 0) + 1;
  }
  const last = await startChild(dataDir, []);
  publisher = await moved(publisher, last.url);
  const stored = await verifyAll(publisher, acknowledged);
  last.process.kill("SIGKILL");
  await last.exited;
  const unacknowledgedButStored = attempted.filter((name) => stored.has(name) && !acknowledged.includes(name)).length;
  return { kills, acknowledged: acknowledged.length, unacknowledgedButStored, byPoint };
}

async function firstPublisher(dataDir: string): Promise<TestPublisher> {
  const child = await startChild(dataDir, []);
  const publisher = await TestPublisher.create("example.com/crash", fetch, systemClock, child.url);
  await publisher.init();
  child.process.kill("SIGKILL");
  await child.exited;
  return publisher;
}

/** One new tag a publish, until the server is gone. */
async function publishUntilDead(publisher: TestPublisher, acknowledged: string[], attempted: string[]): Promise<void> {
  for (;;) {
    const name = `tag-${attempted.length}`;
    attempted.push(name);
    const documents = await publisher.nextTargets(name, name);
    let status: number;
    try {
      status = (await publisher.publish(documents)).status;
    } catch {
      return;
    }
    if (status !== 200) throw broken(`publishing ${name} gave ${status}`);
    acknowledged.push(name);
    publisher.accepted(documents);
  }
}

/** Both dialects verify and hold every acknowledged tag; gives the tags found. */
async function verifyAll(publisher: TestPublisher, acknowledged: readonly string[]): Promise<ReadonlySet<string>> {
  let names: ReadonlySet<string> = new Set();
  for (const dialect of dialects) {
    const bytes = new Uint8Array(await (await publisher.get(`bundle?dialect=${dialect}`)).arrayBuffer());
    const options = { gun: publisher.gun, pins: [], now: systemClock(), trustOnFirstUse: true };
    const collection = await verifyBundle(bytes, options);
    const found = new Set((await collection.listTargets()).map((target) => target.name));
    const lost = acknowledged.find((name) => !found.has(name));
    if (lost !== undefined) throw broken(`${dialect}: ${lost} was acknowledged and is gone`);
    if (names.size > 0 && names.size !== found.size) throw broken("the dialects differ: a publish was stored by half");
    names = found;
  }
  return names;
}

/** The same publisher at the restarted server's address, building on what that server has. */
async function moved(before: TestPublisher, origin: string): Promise<TestPublisher> {
  const publisher = new TestPublisher(before.gun, fetch, systemClock, origin, before.rootSigner, before.targetsSigner);
  for (const document of before.documents.values()) publisher.accepted([document]);
  for (const dialect of dialects) {
    const path = dialect === "notary1" ? "tuf/targets.json" : "tuf1/metadata/targets.json";
    const bytes = new Uint8Array(await (await publisher.get(path)).arrayBuffer());
    publisher.accepted([dialectNamed(dialect).decodeTargets(targetsRole, bytes)]);
  }
  return publisher;
}

interface Child {
  readonly url: string;
  readonly process: ChildProcess;
  readonly exited: Promise<unknown>;
}

async function startChild(dataDir: string, crash: readonly string[]): Promise<Child> {
  const child = spawn(process.execPath, [childPath, dataDir, ...crash], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  let text = "";
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if (text.includes("\n")) break;
  }
  const url = text.trim();
  if (url === "") throw broken("the server did not start");
  return { url, process: child, exited };
}

function broken(what: string): CountersignError {
  return new CountersignError("bug.unexpected", what);
}
