// A reader of the simulator with a cache in each dialect and one memory, as a person's machine has them; and the few words that
// tests of readers need.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ErrorCode, isCountersignError } from "../bytes/index.ts";
import type { DialectName } from "../tuf/index.ts";
import { type Collection, type OpenOptions, openCollection, type Pin } from "../updater/index.ts";
import { InMemoryStore, MemoryCache } from "./memory-cache.ts";
import type { Simulator } from "./simulator.ts";

export class SimulatedReader {
  readonly simulator: Simulator;
  readonly caches: Readonly<Record<DialectName, MemoryCache>> = { notary1: new MemoryCache(), tuf1: new MemoryCache() };
  readonly memory = new InMemoryStore();
  pins: readonly Pin[];
  /** False: only the cache of the dialect at hand knows what was seen. */
  remembers = true;

  /** Pins the root keys that the simulator has now. */
  constructor(simulator: Simulator) {
    this.simulator = simulator;
    this.pins = simulator.keys.root.map((signer) => ({ kind: "key", id: signer.publicKey.id }));
  }

  open(dialect: DialectName, changes: Partial<OpenOptions> = {}): Promise<Collection> {
    return openCollection({
      gun: this.simulator.gun,
      dialect,
      source: this.simulator.source(dialect),
      cache: this.caches[dialect],
      ...(this.remembers ? { memory: this.memory } : {}),
      pins: this.pins,
      now: this.simulator.clock(),
      ...changes,
    });
  }
}

export const bothDialects: readonly DialectName[] = ["notary1", "tuf1"];

/** One test a dialect, named after both. */
export function inBothDialects(name: string, body: (dialect: DialectName) => Promise<void>): void {
  for (const dialect of bothDialects) test(`${name} (${dialect})`, () => body(dialect));
}

/** Passes when `work` fails with a coded error of one of `codes`; a clean result or a plain exception fails the test. */
export async function rejectsWith(work: Promise<unknown>, ...codes: readonly ErrorCode[]): Promise<void> {
  await assert.rejects(work, (error) => {
    if (isCountersignError(error, ...codes)) return true;
    throw new Error(`expected ${codes.join(" or ")}, got ${describe(error)}`, { cause: error });
  });
}

function describe(error: unknown): string {
  return isCountersignError(error) ? `${error.code}: ${error.message}` : String(error);
}
