// A line to a server on loopback that takes as long as one across a continent: every byte arrives 25 ms after it was sent, and a new
// connection costs the round trip that a handshake costs. The kernel accepts on loopback at once, so what the client says first waits for
// that round trip here; every client of ours speaks first, TLS as well as HTTP, so none can tell.
import { createConnection, createServer, type Socket } from "node:net";

export interface SlowLine extends AsyncDisposable {
  /** The server's address with the line's port. */
  readonly url: string;
  /** Connections made so far. */
  connections(): number;
}

/** `roundTripMs` is added to each round trip, half of it each way. Bytes keep their order and their pieces. */
export async function slowLine(to: string, roundTripMs: number): Promise<SlowLine> {
  const target = new URL(to);
  const sockets = new Set<Socket>();
  let made = 0;
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    made += 1;
    const opened = performance.now();
    const upstream = createConnection({ host: target.hostname, port: Number(target.port), allowHalfOpen: true });
    upstream.setNoDelay(true);
    carry(client, upstream, () => Math.max(performance.now(), opened + roundTripMs) + roundTripMs / 2);
    carry(upstream, client, () => performance.now() + roundTripMs / 2);
  });

  function carry(from: Socket, into: Socket, arrival: () => number): void {
    sockets.add(from);
    from.on("data", (chunk: Buffer) => later(arrival(), () => into.writable && into.write(chunk)));
    from.on("end", () => later(arrival(), () => into.end()));
    from.on("error", () => undefined);
    from.on("close", () => {
      sockets.delete(from);
      later(arrival(), () => into.destroy());
    });
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  target.port = String(typeof address === "object" && address !== null ? address.port : 0);
  return {
    url: target.href.replace(/\/$/, ""),
    connections: () => made,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Timers of one length fire in the order in which they were set, so the bytes of one direction cannot overtake each other. */
function later(at: number, act: () => void): void {
  setTimeout(act, Math.max(1, Math.round(at - performance.now()))).unref();
}
