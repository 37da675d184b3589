// HTTP as bytes on a socket: what no HTTP library would send (lying lengths, odd methods, half a request), and the answer as it came.
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

export interface RawAnswer {
  /** 0 when the connection ended without an answer. */
  readonly status: number;
  readonly version: string;
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  /** Chunks joined; as many bytes as Content-Length says. */
  readonly body: Buffer;
  /** What followed: the answers to pipelined requests. */
  readonly rest: Buffer;
  /** Whether the server closed the connection, as far as was waited. */
  readonly closed: boolean;
}

export interface RawOptions {
  readonly method?: string;
  /** Give up waiting for (more of) an answer after this. */
  readonly timeoutMs?: number;
  /** Wait for the end of the connection instead of the end of the answer. */
  readonly untilClosed?: boolean;
  /** Whatever is given here is sent piece by piece, with this pause between pieces. */
  readonly pauseMs?: number;
}

/** Sends the pieces as they are to `url`'s host and port and reads one answer. TLS is not checked: loopback tests only. */
export async function rawExchange(
  url: string,
  pieces: readonly (string | Uint8Array)[],
  { method = "GET", timeoutMs = 10_000, untilClosed = false, pauseMs = 0 }: RawOptions = {},
): Promise<RawAnswer> {
  const socket = await open(url);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  let received: Buffer = Buffer.alloc(0);
  const timer = setTimeout(() => resolve(false), timeoutMs);
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    if (!untilClosed && parse(received, method, false) !== undefined) resolve(false);
  });
  socket.once("error", () => resolve(true));
  const ended = new Promise<void>((done) => socket.once("close", () => done()));
  void ended.then(() => resolve(true));
  const sending = (async () => {
    for (const piece of pieces) {
      if (socket.destroyed || !socket.writable) return;
      await Promise.race([new Promise<void>((done) => socket.write(piece, () => done())), ended]);
      if (pauseMs > 0) await new Promise((done) => setTimeout(done, pauseMs));
    }
  })();
  const closed = await promise;
  clearTimeout(timer);
  socket.destroy();
  await sending.catch(() => undefined);
  return { ...(parse(received, method, true) ?? nothing), closed };
}

const nothing = {
  status: 0,
  version: "",
  headers: new Map<string, string>(),
  body: Buffer.alloc(0),
  rest: Buffer.alloc(0),
};

export async function open(url: string): Promise<Socket> {
  const { protocol, hostname, port } = new URL(url);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket =
    protocol === "https:"
      ? connectTls(
          { host: hostname, port: Number(port), rejectUnauthorized: false, ALPNProtocols: ["http/1.1"] },
          resolve,
        )
      : connect(Number(port), hostname, resolve);
  socket.once("error", reject);
  await promise;
  socket.off("error", reject);
  socket.on("error", () => undefined);
  return socket;
}

/** undefined while the answer is not complete; `isEnd`: nothing more will come. */
function parse(received: Buffer, method: string, isEnd: boolean): Omit<RawAnswer, "closed"> | undefined {
  const end = received.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [statusLine = "", ...lines] = received.toString("latin1", 0, end).split("\r\n");
  const match = /^(HTTP\/\d\.\d) (\d{3})/.exec(statusLine);
  if (match === null) return undefined;
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  const status = Number(match[2]);
  if (status === 100) return parse(received.subarray(end + 4), method, isEnd);
  const after = received.subarray(end + 4);
  const found = bodyOf(after, headers, status, method, isEnd);
  return found === undefined ? undefined : { status, version: match[1] ?? "", headers, ...found };
}

function bodyOf(after: Buffer, headers: ReadonlyMap<string, string>, status: number, method: string, isEnd: boolean) {
  if (method === "HEAD" || status === 204 || status === 304) return { body: Buffer.alloc(0), rest: after };
  if (headers.get("transfer-encoding") === "chunked") return chunked(after, isEnd);
  const length = headers.get("content-length");
  if (length === undefined) return isEnd ? { body: after, rest: Buffer.alloc(0) } : undefined;
  if (after.length < Number(length) && !isEnd) return undefined;
  return { body: after.subarray(0, Number(length)), rest: after.subarray(Number(length)) };
}

function chunked(bytes: Buffer, isEnd: boolean) {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const line = bytes.indexOf("\r\n", at);
    if (line < 0) break;
    const size = Number.parseInt(bytes.toString("latin1", at, line), 16);
    const start = line + 2;
    if (Number.isNaN(size) || bytes.length < start + size + 2) break;
    chunks.push(bytes.subarray(start, start + size));
    at = start + size + 2;
    if (size === 0) return { body: Buffer.concat(chunks), rest: bytes.subarray(at) };
  }
  return isEnd ? { body: Buffer.concat(chunks), rest: Buffer.alloc(0) } : undefined;
}
