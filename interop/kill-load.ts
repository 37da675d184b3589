// 64 publishers with a collection each and 64 with one between them, who go on whatever dies under them. After a lost answer a publisher
// reads what is there and goes on from it, as a person would. Any answer but success, a lost race or "not now" (503) ends the run:
// an outage is no verdict on what somebody uploaded.
import { availableParallelism, loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { parseRoleName, systemClock } from "../src/bytes/index.ts";
import { dialectNamed } from "../src/dialects/index.ts";
import { dialects, TestPublisher } from "../src/server/test-publisher.ts";
import { verifyBundle } from "../src/updater/index.ts";
import { Troubles } from "./kill-troubles.ts";

export interface LoadCount {
  acknowledged: number;
  lostRaces: number;
  /** 503. */
  outages: number;
  /** No answer: the server died. */
  unanswered: number;
}

export interface PublisherLoad extends AsyncDisposable {
  readonly count: Readonly<LoadCount>;
  /** Resolves once something has been acknowledged from now on; a stall is told with its reasons. */
  progress(): Promise<void>;
  /** Ends the publishing, then reads every collection afresh in both dialects. @throws when anything acknowledged is not there */
  finish(): Promise<{ readonly collections: number; readonly tags: number }>;
}

export interface LoadSize {
  readonly distinct: number;
  readonly sharing: number;
}

/** On a machine that does nothing else; where its processors have several times as much to do, everything takes as much longer. */
const patienceMs = 20_000;

const targetsRole = parseRoleName("targets");

/** The collections are made before this resolves. `name`: of the run, in their names. */
export async function startPublisherLoad(url: string, name: string, size: LoadSize): Promise<PublisherLoad> {
  const count: LoadCount = { acknowledged: 0, lostRaces: 0, outages: 0, unanswered: 0 };
  const state = { isDone: false, failure: undefined as Error | undefined };
  const troubles = new Troubles();
  const acknowledged = new Map<TestPublisher, string[]>();

  const newCollection = async (gun: string) => {
    const publisher = await TestPublisher.create(gun, fetch, systemClock, url);
    await publisher.init();
    acknowledged.set(publisher, []);
    return publisher;
  };
  const alone: TestPublisher[] = [];
  for (let index = 0; index < size.distinct; index++) alone.push(await newCollection(`example.com/${name}/${index}`));
  const shared = await newCollection(`example.com/${name}/shared`);

  const attempt = async (publisher: TestPublisher, tag: string): Promise<boolean> => {
    const documents = await publisher.nextTargets(tag, tag);
    const answer = await troubles.watch("publish", answerTo(publisher.publish(documents))).catch(() => undefined);
    if (answer === undefined) {
      count.unanswered++;
      return false;
    }
    const { status, text } = answer;
    if (status === 200) {
      publisher.accepted(documents);
      return true;
    }
    if (status === 503) count.outages++;
    else if (status === 409) count.lostRaces++;
    else throw new Error(`publishing ${tag} to ${publisher.gun} gave ${status}: ${text}`);
    troubles.note("publish", `${status} ${reason(text)}`);
    return false;
  };

  /** Reads the collection until that works; then the publisher builds on what is there. */
  const catchUp = async (publisher: TestPublisher) => {
    while (!state.isDone && !(await troubles.watch("read", readBack(publisher)).catch(missing))) await sleep(20);
  };

  const publishAlone = async (publisher: TestPublisher) => {
    const mine = acknowledged.get(publisher) ?? [];
    for (let serial = 0; !state.isDone; serial++) {
      const tag = `t${serial}`;
      if (await attempt(publisher, tag)) {
        count.acknowledged++;
        mine.push(tag);
      } else await catchUp(publisher);
    }
  };
  const publishTogether = async (index: number) => {
    const { gun, rootSigner, targetsSigner } = shared;
    const publisher = new TestPublisher(gun, fetch, systemClock, url, rootSigner, targetsSigner);
    for (const document of shared.documents.values()) publisher.accepted([document]);
    const mine = acknowledged.get(shared) ?? [];
    for (let serial = 0; !state.isDone; serial++) {
      await catchUp(publisher);
      const tag = `p${index}-${serial}`;
      if (!(await attempt(publisher, tag))) continue;
      count.acknowledged++;
      mine.push(tag);
    }
  };
  const fail = (error: unknown) => {
    state.failure ??= error instanceof Error ? error : new Error(String(error));
    state.isDone = true;
  };
  const together = Array.from({ length: size.sharing }, (_, index) => publishTogether(index));
  const all = [...alone.map(publishAlone), ...together].map((loop) => loop.catch(fail));

  const throwFailure = () => {
    if (state.failure !== undefined) throw state.failure;
  };
  return {
    count,
    async progress() {
      const before = count.acknowledged;
      troubles.clear();
      const started = performance.now();
      while (count.acknowledged === before) {
        throwFailure();
        const waitedMs = Math.round(performance.now() - started);
        if (waitedMs > patienceMs * crowding()) {
          throw new Error(`nothing was published for ${waitedMs} ms: ${JSON.stringify(count)}\n${troubles}`);
        }
        await sleep(5);
      }
    },
    async finish() {
      state.isDone = true;
      await Promise.all(all);
      throwFailure();
      let tags = 0;
      for (const [publisher, names] of acknowledged) {
        await verifyAfresh(publisher, names);
        tags += names.length;
      }
      return { collections: acknowledged.size, tags };
    },
    async [Symbol.asyncDispose]() {
      state.isDone = true;
      await Promise.all(all);
    },
  };
}

/** A server that is down or answers "not now" is tried again; any other answer to a read is wrong. */
function missing(error: unknown): false {
  if (error instanceof WrongAnswer) throw error;
  return false;
}

class WrongAnswer extends Error {}

/** Programs that want to run, for each processor. */
function crowding(): number {
  const [running = 0] = loadavg();
  return Math.max(1, running / availableParallelism());
}

async function answerTo(request: Promise<Response>): Promise<{ readonly status: number; readonly text: string }> {
  const response = await request;
  return { status: response.status, text: await response.text() };
}

/** What is the same for every collection in the body of an answer. */
function reason(text: string): string {
  return text
    .replaceAll(/example\.com\/[\w/]+/g, "GUN")
    .replaceAll(/\d+/g, "N")
    .slice(0, 300);
}

async function readBack(publisher: TestPublisher): Promise<true> {
  const found = [];
  for (const dialect of dialects) {
    const path = dialect === "notary1" ? "tuf/targets.json" : "tuf1/metadata/targets.json";
    const response = await publisher.get(path);
    if (response.status !== 200 && response.status !== 503) {
      throw new WrongAnswer(`${path} of ${publisher.gun} gave ${response.status}: ${await response.text()}`);
    }
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (response.status === 503) throw new Error(`503 ${reason(Buffer.from(bytes).toString())}`);
    found.push(dialectNamed(dialect).decodeTargets(targetsRole, bytes));
  }
  publisher.accepted(found);
  return true;
}

/** As somebody who has never seen the collection, in each dialect. */
async function verifyAfresh(publisher: TestPublisher, acknowledged: readonly string[]): Promise<void> {
  const sizes = new Set<number>();
  for (const dialect of dialects) {
    const response = await publisher.get(`bundle?dialect=${dialect}`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    const options = { gun: publisher.gun, pins: [], now: systemClock(), trustOnFirstUse: true };
    const collection = await verifyBundle(bytes, options);
    const found = new Set<string>((await collection.listTargets()).map((target) => target.name));
    const lost = acknowledged.filter((tag) => !found.has(tag));
    if (lost.length > 0) throw new Error(`${dialect} ${publisher.gun}: acknowledged and gone: ${lost.slice(0, 5)}`);
    sizes.add(found.size);
  }
  if (sizes.size !== 1) throw new Error(`${publisher.gun}: the dialects differ: a publish was stored by half`);
}
