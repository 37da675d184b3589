// A misbehaving HTTP server for tests of adapters: on loopback, on a free port, gone when the block ends.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

export interface LoopbackServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  readonly origin: string;
  readonly host: string;
  /** `METHOD /path?query`, in the order they came. */
  readonly requests: string[];
  /** Of each request, in the same order. */
  readonly headers: IncomingMessage["headers"][];
}

export type LoopbackHandler = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

/** The handler is called with the whole body; it may answer, stay silent or break the connection. */
export async function loopbackServer(handler: LoopbackHandler): Promise<LoopbackServer> {
  const requests: string[] = [];
  const headers: IncomingMessage["headers"][] = [];
  const server = createServer(async (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    headers.push(request.headers);
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
      handler(request, response, Buffer.concat(chunks));
    } catch {
      response.destroy();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    origin: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    requests,
    headers,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
