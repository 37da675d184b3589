// The programs that carry out repository plans, each with the library whose name it has.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { needPeer, type PeerName } from "../peers/find.ts";
import { runOk } from "../peers/process.ts";
import type { Scratch } from "../peers/scratch.ts";
import { pythonOfTuf } from "../peers/tuf-clients.ts";
import { type RepositoryPlan, repositoryPlans } from "./repository-plans.ts";

export interface RepositoryMaker {
  readonly name: string;
  readonly peer: PeerName;
  /** What it can make. */
  readonly plans: readonly RepositoryPlan[];
  /** COMMAND FIRST... PLANS.json DIRECTORY */
  command(): Promise<readonly [string, ...string[]]>;
}

export const repositoryMakers: readonly RepositoryMaker[] = [
  {
    name: "python-tuf",
    peer: "python3",
    plans: repositoryPlans,
    command: async () => [await pythonOfTuf(), join(import.meta.dirname, "make-with-python-tuf.py")],
  },
  {
    name: "go-tuf",
    peer: "go-tuf",
    plans: repositoryPlans,
    command: async () => [needPeer("go-tuf"), "make"],
  },
  {
    name: "tough",
    peer: "tough",
    // It has no word for succinct bins.
    plans: repositoryPlans.filter(({ states }) => states.every(({ succinctBits }) => succinctBits === undefined)),
    command: async () => [needPeer("tough"), "make"],
  },
];

/** Gives the directory: PLAN/STATE/ has metadata/ and targets/ as they are once that state is published; states count from 1. */
export async function makeRepositories(
  maker: RepositoryMaker,
  directory: Scratch,
  wanted: readonly RepositoryPlan[] = maker.plans,
): Promise<string> {
  const plans = directory.at("plans.json");
  writeFileSync(plans, JSON.stringify(wanted));
  const made = directory.at("made");
  const [command, ...first] = await maker.command();
  await runOk(command, [...first, plans, made]);
  return made;
}
