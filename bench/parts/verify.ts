// `verify`: a whole process from start to end that says whether a tag is trusted, cold (nothing cached) and warm, beside `notary lookup`
// and `docker trust inspect` of the same tag in a collection of the same size, and beside `node -e 0`, the floor of every program on Node.
import process from "node:process";
import { runOk } from "../../interop/peers/process.ts";
import { scratch } from "../../interop/peers/scratch.ts";
import type { BenchSettings } from "../bench-settings.ts";
import { tagSizes } from "../bench-settings.ts";
import { loadCpu, serverCpu } from "../load.ts";
import { benchTags, fillByNotary } from "../notary-fill.ts";
import { benchClient, fillOurs, startOurServer } from "../ours.ts";
import {
  bareGet,
  dockerReader,
  inspectDocker,
  knownTag,
  lookupNotary,
  notaryReader,
  startNotaryPeer,
  verifyOurs,
} from "../readers.ts";
import { type Figure, figures, findValue, type PartReport, type Target } from "../report.ts";
import { interleave } from "../rounds.ts";

const floor = "node -e 0";

export async function benchVerify(settings: BenchSettings): Promise<PartReport> {
  using directory = scratch("bench-verify");
  await using running = new AsyncDisposableStack();
  const server = running.use(await startOurServer(directory, { program: settings.program, cpu: serverCpu }));
  const ours = benchClient(directory, server, settings.program, loadCpu);
  const stack = await startNotaryPeer(directory, running);
  const notary = stack === undefined ? undefined : notaryReader(stack, directory.at("notary-trust"));
  const docker = stack === undefined ? undefined : dockerReader(stack, directory.at("docker"));
  const all: Figure[] = [];
  for (const count of settings.short ? tagSizes.short : tagSizes.full) {
    const gun = `bench.example/verify/tags-${count}`;
    await fillOurs(ours, server, gun, benchTags(count));
    if (notary !== undefined) await fillByNotary(notary, gun, benchTags(count));
    const rounds = count >= 10_000 || settings.short ? settings.rounds : settings.rounds * 2;
    for (const mode of ["warm", "cold"] as const) {
      const subjects = [
        { name: "countersign", measure: () => verifyOurs(ours, gun, mode) },
        ...(notary === undefined ? [] : [{ name: "notary", measure: () => lookupNotary(notary, gun, mode) }]),
        // It gives up on the largest: its own limit for metadata.
        ...(docker === undefined || count > 10_000
          ? []
          : [{ name: "docker trust", measure: () => inspectDocker(docker, gun, mode, knownTag) }]),
        { name: "bare https GET", measure: () => bareGet(server) },
        { name: floor, measure: async () => (await runOk(process.execPath, ["-e", "0"], { cpu: loadCpu })).wallMs },
      ];
      // Twice: the records of compiled code settle with the second run.
      await interleave(2, subjects);
      const results = await interleave(rounds, subjects);
      all.push(...figures(`${mode}, ${count.toLocaleString("en")} tags`, "ms", results));
    }
  }
  const notes = [
    "wall time of whole processes on one processor, servers on the other; NODE_EXTRA_CA_CERTS unset for every program",
    "bare https GET is one request by node:https: what no program on Node that asks a TLS server can go below",
    "ours by the digest given, as notary's lookup: no registry is asked; both check a TLS server and the whole chain",
  ];
  return { part: "verify", figures: all, targets: targets(all), notes };
}

function targets(all: readonly Figure[]): readonly Target[] {
  const row = (name: string, label: string, peer: string, must: number, moonshot: number): readonly Target[] => {
    const [ours, theirs] = [findValue(all, name, "countersign", "ms"), findValue(all, name, peer, "ms")];
    if (ours === undefined || theirs === undefined) return [];
    return [{ name: label, of: `x ${peer}`, value: ours / theirs, must, moonshot, better: "lower" }];
  };
  return [
    ...row("warm, 1 tags", "warm verify, 1 tag", floor, 2, 1.3),
    ...row("warm, 1,000 tags", "warm verify, 1,000 tags", floor, 2, 1.3),
    ...row("warm, 10,000 tags", "warm verify, 10,000 tags", "notary", 0.5, 0.25),
    ...row("warm, 100,000 tags", "warm verify, 100,000 tags", "notary", 0.3, 0.1),
    ...row("cold, 100,000 tags", "cold verify, 100,000 tags", "notary", 0.4, 0.25),
  ];
}
