// How many bytes of uploads may be in memory at once, over all publishers: without it a handful of clients that never finish
// could take all of it. What is over the budget is told to come back.
import { CountersignError } from "../bytes/index.ts";

export class UploadBudget {
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Runs `work` on a body whose bytes are counted until `work` is over. @throws server.busy */
  async spend<T>(
    body: AsyncIterable<Uint8Array> | null,
    work: (body: AsyncIterable<Uint8Array> | null) => Promise<T>,
  ): Promise<T> {
    let mine = 0;
    const take = (bytes: number) => {
      mine += bytes;
      this.#bytes += bytes;
      if (this.#bytes <= this.#maxBytes) return;
      throw new CountersignError("server.busy", "too many uploads at once; try again in a moment");
    };
    try {
      return await work(body === null ? null : counted(body, take));
    } finally {
      this.#bytes -= mine;
    }
  }
}

async function* counted(body: AsyncIterable<Uint8Array>, take: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    take(chunk.length);
    yield chunk;
  }
}
