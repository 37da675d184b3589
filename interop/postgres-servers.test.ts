// Two trust servers on one PostgreSQL, as behind a balancer: what is published at one is what the other answers, also where it has answered before from
// memory; both publish; and with the database gone readers and publishers hear "not now" until it is back.
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../src/bytes/index.ts";
import { type RunningServer, startServer } from "../src/server/index.ts";
import { TestPublisher } from "../src/server/test-publisher.ts";
import { peerTest } from "./peers/find.ts";
import { startPostgres } from "./peers/postgres.ts";
import { type Scratch, scratch } from "./peers/scratch.ts";

async function serving(
  stack: AsyncDisposableStack,
  directory: Scratch,
  name: string,
  url: string,
): Promise<RunningServer> {
  const dataDir = directory.at(name);
  mkdirSync(dataDir, { recursive: true });
  // The second one opens what the first has sealed.
  if (name !== "one") copyFileSync(directory.at("one", "master.key"), join(dataDir, "master.key"));
  const server = await startServer({ dataDir, port: 0, tls: { kind: "off" }, storage: { kind: "postgres", url } });
  stack.defer(() => server.close());
  return server;
}

peerTest("two servers on one database are one server to publishers and readers", ["postgres"], async () => {
  using directory = scratch("postgres-servers");
  await using stack = new AsyncDisposableStack();
  const postgres = stack.use(await startPostgres(directory));
  const url = await postgres.createDatabase("shared");
  const one = await serving(stack, directory, "one", url);
  const two = await serving(stack, directory, "two", url);

  const atOne = await TestPublisher.create("example.com/app", fetch, systemClock, one.url);
  await atOne.init();
  const atTwo = new TestPublisher(atOne.gun, fetch, systemClock, two.url, atOne.rootSigner, atOne.targetsSigner);
  const timestamp = async (publisher: TestPublisher): Promise<string> => {
    const response = await publisher.get("tuf/timestamp.json");
    assert.equal(response.status, 200);
    return response.text();
  };
  for (const publisher of [atOne, atTwo]) await timestamp(publisher);

  for (let serial = 0; serial < 6; serial++) {
    const [here, there] = serial % 2 === 0 ? [atOne, atTwo] : [atTwo, atOne];
    here.accepted([...there.documents.values()]);
    const documents = await here.nextTargets(`t${serial}`, `t${serial}`);
    assert.equal((await here.publish(documents)).status, 200);
    for (const publisher of [here, there]) publisher.accepted(documents);
    const fresh = await timestamp(here);
    // A notice takes a moment; the other server may answer from memory until then.
    for (const until = performance.now() + 2_000; (await timestamp(there)) !== fresh && performance.now() < until; )
      await sleep(5);
    assert.equal(await timestamp(there), fresh, `publish ${serial}`);
  }

  await postgres.crash(async () => {
    const documents = await atOne.nextTargets("away", "away");
    assert.equal((await atOne.publish(documents)).status, 503);
    // Not 404: nobody knows whether it is there.
    assert.equal((await fetch(`${two.url}/v2/example.com/unread/_trust/tuf/root.json`)).status, 503);
  });
  // A server that was refused asks again after a pause of up to a second, and says 503 meanwhile.
  const documents = await atOne.nextTargets("back", "back");
  const publish = async (): Promise<number> => (await atOne.publish(documents)).status;
  let status = await publish();
  for (const until = performance.now() + 3_000; status === 503 && performance.now() < until; status = await publish())
    await sleep(20);
  assert.equal(status, 200);
});
