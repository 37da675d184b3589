// The same sessions against Debian's notary-server (with notary-signer and PostgreSQL) and against ours, with the clients people have:
// outputs and exit statuses are equal but for what is listed in session-differences.ts.
import { startOurServer } from "../peers/countersign.ts";
import { peerTest } from "../peers/find.ts";
import { startNotaryPostgres } from "../peers/notary-server.ts";
import { scratch } from "../peers/scratch.ts";
import { compare } from "./compare.ts";
import { assertOnlyWanted } from "./differences.ts";
import { dockerScripts } from "./docker-scripts.ts";
import { notaryScripts } from "./notary-scripts.ts";
import { makeProps } from "./props.ts";
import { sessionDifferences } from "./session-differences.ts";

const peers = ["notary", "notary-server", "notary-signer", "postgres", "openssl", "docker-trust"] as const;

peerTest("clients see the same on notary-server and on ours", peers, async (context) => {
  using directory = scratch("sessions");
  await using stack = new AsyncDisposableStack();
  const [theirs, ours] = await Promise.all([
    startNotaryPostgres(directory, { tls: true }).then((server) => stack.use(server)),
    startOurServer(directory, { tls: true }).then((server) => stack.use(server)),
  ]);
  const sides = [
    { name: "notary-server", letter: "a", url: theirs.url, authority: theirs.authority },
    { name: "ours", letter: "b", url: ours.url, authority: ours.authority },
  ] as const;
  const props = makeProps(directory);
  for (const script of [...notaryScripts, ...dockerScripts]) {
    await context.test(script.name, async () => {
      const observed = await compare(script, sides, props);
      assertOnlyWanted(
        observed,
        sessionDifferences.map(({ topic, where }) => ({
          topic,
          where: where.filter((place) => place.startsWith(`${script.key}: `)),
        })),
      );
    });
  }
});
