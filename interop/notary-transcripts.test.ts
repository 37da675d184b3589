// Debian's notary-server and ours are asked the same odd questions in the same run, byte by byte over a socket. Status line, headers and
// body are equal but for what notary-transcripts/differences.ts lists. The captured transcripts are replayed in src/server.
import assert from "node:assert/strict";
import { test } from "node:test";
import { requestDifferences } from "./notary-transcripts/differences.ts";
import { type Question, requests } from "./notary-transcripts/requests.ts";
import { updates } from "./notary-transcripts/updates.ts";
import { newPeople, World } from "./notary-transcripts/world.ts";
import { startOurServer } from "./peers/countersign.ts";
import { peerTest } from "./peers/find.ts";
import { startNotaryPostgres } from "./peers/notary-server.ts";
import { scratch } from "./peers/scratch.ts";
import { assertOnlyWanted, documentedTopics, type Observed } from "./sessions/differences.ts";
import { sessionDifferences } from "./sessions/session-differences.ts";

const peers = ["notary-server", "notary-signer", "postgres", "openssl"] as const;

peerTest("notary-server and ours give the same answers to odd requests and odd updates", peers, async () => {
  using directory = scratch("transcripts");
  await using stack = new AsyncDisposableStack();
  const [theirs, ours] = await Promise.all([
    startNotaryPostgres(directory).then((server) => stack.use(server)),
    startOurServer(directory, { tls: false }).then((server) => stack.use(server)),
  ]);
  const people = await newPeople();
  const worlds = await Promise.all([World.open(theirs.url, people), World.open(ours.url, people)] as const);
  const observed: Observed[] = [];
  for (const question of [...requests, ...updates]) observed.push(...(await compare(question, worlds)));
  assertOnlyWanted(observed, requestDifferences);
});

test("every wanted difference has its reason on the page, and the page has no other", () => {
  const used = new Set([...requestDifferences, ...sessionDifferences].map(({ topic }) => topic));
  assert.deepEqual([...documentedTopics()].sort(), [...used].sort());
});

async function compare(question: Question, [left, right]: readonly [World, World]): Promise<readonly Observed[]> {
  const [theirs, ours] = await Promise.all([question.ask(left), question.ask(right)]);
  return theirs === ours ? [] : [{ where: question.name, theirs, ours }];
}
