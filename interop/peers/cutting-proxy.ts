// A line between two programs that can be cut at a chosen word, kept silent, or be down: what networks do, when a test wants it.
import { createConnection, createServer, type Socket } from "node:net";

export type Direction = "to-server" | "to-client";

export interface CuttingProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections made to it so far, those that were refused among them. */
  readonly attempts: number;
  /** Both ends of the connection that carries `word` are cut in front of it, once. Resolves when that has happened. */
  cutBefore(direction: Direction, word: string): Promise<void>;
  /** Both ends of every connection, now. */
  cut(): void;
  /** From now on nothing passes, and nobody is told; connections made meanwhile are as silent. */
  freeze(): void;
  /** New connections are refused and old ones cut. */
  down(): void;
  /** Ends `freeze` and `down`; what was frozen is cut. */
  up(): void;
}

interface Cut {
  readonly direction: Direction;
  readonly word: string;
  readonly done: () => void;
}

export async function cuttingProxy(targetPort: number): Promise<CuttingProxy> {
  const lines = new Set<readonly [Socket, Socket]>();
  let cut: Cut | undefined;
  let attempts = 0;
  let state: "up" | "frozen" | "down" = "up";
  const drop = () => {
    for (const line of lines) for (const socket of line) socket.resetAndDestroy();
    lines.clear();
  };
  const server = createServer((client) => {
    attempts++;
    if (state === "down") {
      client.resetAndDestroy();
      return;
    }
    const target = createConnection(targetPort, "127.0.0.1");
    const line = [client, target] as const;
    lines.add(line);
    const pass = (direction: Direction, from: Socket, to: Socket) => {
      from.on("data", (chunk: Buffer) => {
        if (state === "frozen") return;
        if (cut?.direction === direction && chunk.includes(cut.word)) {
          client.resetAndDestroy();
          target.resetAndDestroy();
          cut.done();
          cut = undefined;
          return;
        }
        to.write(chunk);
      });
      from.on("error", () => undefined);
      from.on("close", () => {
        lines.delete(line);
        to.destroy();
      });
    };
    pass("to-server", client, target);
    pass("to-client", target, client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    get attempts() {
      return attempts;
    },
    cutBefore: (direction, word) =>
      new Promise((resolve) => {
        cut = { direction, word, done: resolve };
      }),
    cut: drop,
    freeze: () => {
      state = "frozen";
    },
    down: () => {
      state = "down";
      drop();
    },
    up: () => {
      if (state === "frozen") drop();
      state = "up";
    },
    [Symbol.asyncDispose]: async () => {
      drop();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
