// A web server in front of a tree of documents that remembers what it has handed out, and counts: readers of different make then wait for
// the same thing, and what a reading costs on the wire is known without asking the reader.
import { createServer } from "node:http";

export interface RecordingMirror extends AsyncDisposable {
  readonly url: string;
  /** Since the last call. */
  taken(): { readonly requests: number; readonly bytes: number };
}

/** `origin` without a slash at the end. */
export async function recordingMirror(origin: string): Promise<RecordingMirror> {
  const known = new Map<string, Promise<{ readonly status: number; readonly body: Buffer }>>();
  let counted = { requests: 0, bytes: 0 };
  const fetchOnce = async (path: string) => {
    const answer = await fetch(`${origin}${path}`);
    return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) };
  };
  const server = createServer(async (request, response) => {
    const path = request.url ?? "/";
    const fetching = known.get(path) ?? fetchOnce(path);
    known.set(path, fetching);
    const { status, body } = await fetching;
    counted = { requests: counted.requests + 1, bytes: counted.bytes + (status === 200 ? body.length : 0) };
    response.writeHead(status, { "content-length": body.length, "content-type": "application/json" }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no address");
  return {
    url: `http://127.0.0.1:${address.port}`,
    taken() {
      const taken = counted;
      counted = { requests: 0, bytes: 0 };
      return taken;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
