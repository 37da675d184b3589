// `latency`: the same commands over a line that adds 50 ms to each round trip, which is how far most people are from their trust server.
// What counts here is how often a program waits for an answer: connections, handshakes, requests one after the other.
import { scratch } from "../../interop/peers/scratch.ts";
import type { BenchSettings } from "../bench-settings.ts";
import { loadCpu, serverCpu } from "../load.ts";
import { benchTags, fillByNotary } from "../notary-fill.ts";
import { benchClient, fillOurs, startOurServer } from "../ours.ts";
import {
  bareGet,
  dockerReader,
  inspectDocker,
  knownTag,
  listNotary,
  lookupNotary,
  notaryReader,
  signByNotary,
  signOurs,
  startNotaryPeer,
  tagsOurs,
  verifyOurs,
} from "../readers.ts";
import { type Figure, figures, findValue, type PartReport, type Target } from "../report.ts";
import { interleave } from "../rounds.ts";
import { slowLine } from "../slow-line.ts";

const roundTripMs = 50;

export async function benchLatency(settings: BenchSettings): Promise<PartReport> {
  using directory = scratch("bench-latency");
  await using running = new AsyncDisposableStack();
  const server = running.use(await startOurServer(directory, { program: settings.program, cpu: serverCpu }));
  const ourLine = running.use(await slowLine(server.url, roundTripMs));
  const near = benchClient(directory, server, settings.program, loadCpu);
  const ours = benchClient(directory, { ...server, url: ourLine.url }, settings.program, loadCpu);
  const stack = await startNotaryPeer(directory, running);
  const theirLine = stack === undefined ? undefined : running.use(await slowLine(stack.url, roundTripMs));
  const far = stack === undefined || theirLine === undefined ? undefined : { ...stack, url: theirLine.url };
  const notary = far === undefined ? undefined : notaryReader(far, directory.at("notary"));
  const docker = far === undefined ? undefined : dockerReader(far, directory.at("docker"));

  const all: Figure[] = [];
  let next = 0;
  for (const count of settings.short ? [1_000] : [1, 1_000, 10_000]) {
    const gun = `bench.example/latency/tags-${count}`;
    await fillOurs(near, server, gun, benchTags(count));
    if (stack !== undefined) await fillByNotary(notaryReader(stack, directory.at("notary")), gun, benchTags(count));
    const size = `${count.toLocaleString("en")} tags`;
    const measure = async (name: string, subjects: readonly (Subject | undefined)[]) => {
      const here = subjects.filter((subject) => subject !== undefined);
      await interleave(2, here);
      all.push(...figures(name, "ms", await interleave(settings.rounds, here)));
    };
    for (const mode of ["cold", "warm"] as const) {
      await measure(`verify ${mode}, ${size}`, [
        { name: "countersign", measure: () => verifyOurs(ours, gun, mode) },
        notary && { name: "notary", measure: () => lookupNotary(notary, gun, mode) },
        docker && { name: "docker trust", measure: () => inspectDocker(docker, gun, mode, knownTag) },
        { name: "bare https GET", measure: () => bareGet({ ...server, url: ourLine.url }) },
      ]);
    }
    await measure(`tags warm, ${size}`, [
      { name: "countersign", measure: () => tagsOurs(ours, gun, "warm") },
      notary && { name: "notary", measure: () => listNotary(notary, gun, "warm") },
      docker && { name: "docker trust", measure: () => inspectDocker(docker, gun, "warm") },
    ]);
    await measure(`sign, ${size}`, [
      { name: "countersign", measure: () => signOurs(ours, gun, `w${next++}`) },
      notary && { name: "notary", measure: () => signByNotary(notary, gun, `w${next++}`) },
    ]);
  }
  const notes = [
    `${roundTripMs} ms a round trip, half of it each way; a new connection waits for one more; the servers are on this machine`,
    "bare https GET is the floor of every program on Node: TCP, TLS 1.3 and one request are three round trips",
    "both check a TLS server and the whole chain; ours reads every publish back before it says done",
  ];
  return { part: "latency", figures: all, targets: targets(all), notes };
}

interface Subject {
  readonly name: string;
  measure(): Promise<number>;
}

function targets(all: readonly Figure[]): readonly Target[] {
  const row = (name: string, label: string, times: number): readonly Target[] => {
    const [ours, theirs] = [findValue(all, name, "countersign", "ms"), findValue(all, name, "notary", "ms")];
    if (ours === undefined || theirs === undefined) return [];
    return [
      {
        name: label,
        of: "x faster than notary",
        value: theirs / ours,
        must: times,
        moonshot: times * 2,
        better: "higher",
      },
    ];
  };
  return [1, 1_000, 10_000].flatMap((count) => {
    const size = `${count.toLocaleString("en")} tags`;
    return [
      ...row(`verify cold, ${size}`, `cold verify at ${roundTripMs} ms, ${size}`, 3),
      ...row(`verify warm, ${size}`, `warm verify at ${roundTripMs} ms, ${size}`, 2),
    ];
  });
}
