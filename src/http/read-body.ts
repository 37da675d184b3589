// Bodies as a whole, or not at all. Rule: every body is read or discarded; one left alone holds its connection.
import { isCountersignError } from "../bytes/index.ts";
import type { StreamedResponse } from "./http-client.ts";

export async function collect(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

/** Reads a small rest so that the connection can be used again; cuts a long one off. Never fails. */
export async function discard(response: StreamedResponse): Promise<void> {
  let length = 0;
  try {
    for await (const chunk of response.body) {
      length += chunk.length;
      if (length > 65_536) return;
    }
  } catch (error) {
    if (!isCountersignError(error)) throw error;
  }
}
