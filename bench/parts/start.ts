// `start`: what a process costs before it does anything. Every command of ours pays it; `node -e 0` is the floor.
import process from "node:process";
import { sourceProgram } from "../../interop/peers/countersign.ts";
import { findPeer } from "../../interop/peers/find.ts";
import { runOk } from "../../interop/peers/process.ts";
import { scratch } from "../../interop/peers/scratch.ts";
import type { BenchSettings } from "../bench-settings.ts";
import { loadCpu } from "../load.ts";
import { figures, type PartReport } from "../report.ts";
import { interleave } from "../rounds.ts";

export async function benchStart({ program, rounds }: BenchSettings): Promise<PartReport> {
  using directory = scratch("bench-start");
  const env = { HOME: directory.path };
  const subject = (name: string, command: string, ...args: readonly string[]) => ({
    name,
    measure: async () => (await runOk(command, args, { env, cpu: loadCpu })).wallMs,
  });
  const notary = findPeer("notary");
  const subjects = [
    subject("node -e 0", process.execPath, "-e", "0"),
    subject("countersign version", process.execPath, program, "version"),
    subject("countersign --help", process.execPath, program, "--help"),
    subject("from source", process.execPath, sourceProgram, "version"),
    ...(notary === undefined ? [] : [subject("notary version", notary, "version")]),
  ];
  // The first two runs of each fill the records of compiled code and the page cache.
  await interleave(2, subjects);
  const results = await interleave(rounds * 3, subjects);
  const notes = ["NODE_EXTRA_CA_CERTS is unset for every program: with it, Node loads all its certificates at start"];
  return { part: "start", figures: figures("process start to end", "ms", results), targets: [], notes };
}
