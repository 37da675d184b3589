// One file of a repository, bounded. The transport is told the limit and is not believed: what it hands over is counted again, because a
// body without an end would fill this machine (endless data, TUF 1.0.34, 1.5.2). 404 and 403 both say "not there" to the search for
// newer roots, since object stores answer 403 for what does not exist; to everything else only 404 does.
import { Buffer } from "node:buffer";
import { CountersignError } from "../bytes/index.ts";
import { describeUrl } from "../http/index.ts";
import type { TufRequest, TufTransport } from "./ports.ts";

/** undefined: 404, or one of `absentStatuses`. @throws download.* */
export async function fetchBytes(
  transport: TufTransport,
  request: TufRequest,
  absentStatuses: readonly number[] = [404],
): Promise<Uint8Array | undefined> {
  const chunks = await openBody(transport, request, absentStatuses);
  if (chunks === undefined) return undefined;
  const read: Uint8Array[] = [];
  for await (const chunk of chunks) read.push(chunk);
  const whole = Buffer.concat(read);
  return new Uint8Array(whole.buffer, whole.byteOffset, whole.length); // a view: a copy of 256 MB is felt
}

/** The body as it comes, at most `maxBytes` of it. undefined: not there. @throws download.* */
export async function openBody(
  transport: TufTransport,
  request: TufRequest,
  absentStatuses: readonly number[] = [404],
): Promise<AsyncIterable<Uint8Array> | undefined> {
  const answer = await transport.get(request);
  if (answer.status === 200) return bounded(answer.body, request);
  if (absentStatuses.includes(answer.status)) return undefined;
  throw refusal(answer.status, request.url);
}

async function* bounded(body: AsyncIterable<Uint8Array>, request: TufRequest): AsyncGenerator<Uint8Array, void, void> {
  let received = 0;
  for await (const chunk of body) {
    received += chunk.length;
    if (received > request.maxBytes) {
      throw new CountersignError(
        "download.too_large",
        `${describeUrl(request.url)} is longer than the limit of ${request.maxBytes} bytes`,
      );
    }
    yield chunk;
  }
}

function refusal(status: number, url: URL): CountersignError {
  const message = `${describeUrl(url)}: answered ${status}`;
  if (status === 401 || status === 403) return new CountersignError("download.denied", message);
  if (status === 429 || status >= 500) {
    return new CountersignError("download.unavailable", message, { hints: ["try again later"] });
  }
  return new CountersignError("download.failed", message);
}
