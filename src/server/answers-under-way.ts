// Large answers that are being sent. A client that asks and does not read keeps the answer in memory, and one that asks a hundred times
// keeps a hundred: so there is a budget for them, and an end to waiting. An answer from memory that many read is there once, and counts once.
import type { ServerResponse } from "node:http";
import { ByteBudget } from "./byte-budget.ts";
import { addressGroup } from "./rate-limits.ts";

/** Smaller ones are in the hands of the kernel as soon as they are written, or weigh no more than the connection itself. */
const largeBytes = 128 * 1024;

export interface Patience {
  /** Longest time in which nothing comes, or nothing goes. */
  readonly idleMs: number;
  /** A client that is slower than this over a whole answer is cut off. */
  readonly minBytesPerMs: number;
}

export const defaultPatience: Patience = { idleMs: 30_000, minBytesPerMs: 16 };

interface Held {
  readonly whom: string;
  readers: number;
}

export class AnswersUnderWay {
  readonly #budget: ByteBudget;
  readonly #patience: Patience;
  readonly #held = new Map<Buffer, Held>();

  constructor(maxBytes: number, patience: Patience) {
    this.#budget = new ByteBudget(maxBytes);
    this.#patience = patience;
  }

  /** To be called before the answer is written. False: there is no room for it now. */
  admit(outgoing: ServerResponse, body: Buffer, address: string): boolean {
    if (body.length <= largeBytes || outgoing.destroyed) return true;
    const held = this.#held.get(body) ?? this.#hold(body, addressGroup(address));
    if (held === undefined) return false;
    held.readers++;
    const cut = () => outgoing.destroy();
    const { idleMs, minBytesPerMs } = this.#patience;
    outgoing.setTimeout(idleMs, cut);
    const deadline = setTimeout(cut, idleMs + body.length / minBytesPerMs);
    outgoing.once("close", () => {
      clearTimeout(deadline);
      this.#release(body, held);
    });
    return true;
  }

  #hold(body: Buffer, whom: string): Held | undefined {
    if (!this.#budget.take(whom, body.length)) return undefined;
    const held = { whom, readers: 0 };
    this.#held.set(body, held);
    return held;
  }

  #release(body: Buffer, held: Held): void {
    held.readers--;
    if (held.readers > 0) return;
    this.#held.delete(body);
    this.#budget.give(held.whom, body.length);
  }
}
