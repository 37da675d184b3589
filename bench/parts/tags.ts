// `tags`: every signed tag listed, as a whole process from start to end, beside `notary list` and `docker trust inspect` of a collection
// of the same size. `docker trust inspect` prints JSON with every tag, the other two a table.
import process from "node:process";
import { runOk } from "../../interop/peers/process.ts";
import { scratch } from "../../interop/peers/scratch.ts";
import { type BenchSettings, tagSizes } from "../bench-settings.ts";
import { loadCpu, serverCpu } from "../load.ts";
import { benchTags, fillByNotary } from "../notary-fill.ts";
import { benchClient, fillOurs, startOurServer } from "../ours.ts";
import { dockerReader, inspectDocker, listNotary, notaryReader, startNotaryPeer, tagsOurs } from "../readers.ts";
import { type Figure, figures, findValue, type PartReport, type Target } from "../report.ts";
import { interleave } from "../rounds.ts";

const floor = "node -e 0";

export async function benchTagLists(settings: BenchSettings): Promise<PartReport> {
  using directory = scratch("bench-tags");
  await using running = new AsyncDisposableStack();
  const server = running.use(await startOurServer(directory, { program: settings.program, cpu: serverCpu }));
  const ours = benchClient(directory, server, settings.program, loadCpu);
  const stack = await startNotaryPeer(directory, running);
  const notary = stack === undefined ? undefined : notaryReader(stack, directory.at("notary"));
  const docker = stack === undefined ? undefined : dockerReader(stack, directory.at("docker"));
  const all: Figure[] = [];
  for (const count of settings.short ? tagSizes.short : tagSizes.full) {
    const gun = `bench.example/tags/tags-${count}`;
    await fillOurs(ours, server, gun, benchTags(count));
    if (notary !== undefined) await fillByNotary(notary, gun, benchTags(count));
    for (const mode of ["warm", "cold"] as const) {
      const subjects = [
        { name: "countersign", measure: () => tagsOurs(ours, gun, mode) },
        notary && { name: "notary", measure: () => listNotary(notary, gun, mode) },
        // It gives up on the largest: its own limit for metadata.
        docker && count <= 10_000
          ? { name: "docker trust", measure: () => inspectDocker(docker, gun, mode) }
          : undefined,
        { name: floor, measure: async () => (await runOk(process.execPath, ["-e", "0"], { cpu: loadCpu })).wallMs },
      ].filter((subject) => subject !== undefined);
      await interleave(2, subjects);
      all.push(...figures(caseName(mode, count), "ms", await interleave(settings.rounds, subjects)));
    }
  }
  const notes = ["wall time of whole processes on one processor, servers on the other; output goes to a pipe"];
  return { part: "tags", figures: all, targets: targets(all), notes };
}

function targets(all: readonly Figure[]): readonly Target[] {
  return tagSizes.full.flatMap((count): readonly Target[] => {
    const name = caseName("warm", count);
    const value = (subject: string) => findValue(all, name, subject, "ms");
    const [ours, notary, node] = [value("countersign"), value("notary"), value(floor)];
    const label = `tags, ${count.toLocaleString("en")} tags`;
    if (ours === undefined || node === undefined) return [];
    if (count < 10_000) {
      return [{ name: label, of: `x ${floor}`, value: ours / node, must: 2, moonshot: 1.3, better: "lower" }];
    }
    if (notary === undefined) return [];
    const times = { must: 2, moonshot: 4, better: "higher" } as const;
    return [{ name: label, of: "x faster than notary", value: notary / ours, ...times }];
  });
}

function caseName(mode: "cold" | "warm", count: number): string {
  return `${mode}, ${count.toLocaleString("en")} tags`;
}
