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
  const { protocol, hostname: host, port } = new URL(to);
  const sockets = new Set<Socket>();
  let made = 0;
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    made += 1;
    const opened = performance.now();
    const upstream = createConnection({ host, port: Number(port), allowHalfOpen: true, noDelay: true });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => sockets.delete(socket));
    }
    carry(client, upstream, () => Math.max(performance.now(), opened + roundTripMs) + roundTripMs / 2);
    carry(upstream, client, () => performance.now() + roundTripMs / 2);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    url: `${protocol}//${host}:${typeof address === "object" && address !== null ? address.port : 0}`,
    connections: () => made,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** One direction: what happens at one end happens at the other at its time of arrival, in the same order. */
function carry(from: Socket, into: Socket, arrival: () => number): void {
  const underWay: { readonly at: number; readonly act: () => void }[] = [];
  const deliver = (): void => {
    for (let next = underWay[0]; next !== undefined; next = underWay[0]) {
      const wait = next.at - performance.now();
      if (wait > 0.5) {
        setTimeout(deliver, wait);
        return;
      }
      underWay.shift();
      next.act();
    }
  };
  const send = (act: () => void): void => {
    if (underWay.push({ at: arrival(), act }) === 1) deliver();
  };
  from.on("data", (chunk: Buffer) => send(() => into.writable && into.write(chunk)));
  from.on("end", () => send(() => into.end()));
  from.on("close", () => send(() => into.destroy()));
}
