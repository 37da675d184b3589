// How many bytes of uploads may be in memory at once: without it a handful of clients that never finish could take all of it. What is
// over the budget is told to come back.
import { CountersignError } from "../bytes/index.ts";
import { ByteBudget } from "./byte-budget.ts";

export class UploadBudget {
  readonly #budget: ByteBudget;

  constructor(maxBytes: number) {
    this.#budget = new ByteBudget(maxBytes);
  }

  /** Runs `work` on a body whose bytes count for `whom` until `work` is over. @throws server.busy */
  async spend<T>(
    whom: string,
    body: AsyncIterable<Uint8Array> | null,
    work: (body: AsyncIterable<Uint8Array> | null) => Promise<T>,
  ): Promise<T> {
    let mine = 0;
    const take = (bytes: number) => {
      if (!this.#budget.take(whom, bytes)) {
        throw new CountersignError("server.busy", "too many uploads at once; try again in a moment");
      }
      mine += bytes;
    };
    try {
      return await work(body === null ? null : counted(body, take));
    } finally {
      this.#budget.give(whom, mine);
    }
  }
}

async function* counted(body: AsyncIterable<Uint8Array>, take: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    take(chunk.length);
    yield chunk;
  }
}
