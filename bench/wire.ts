// A load generator that costs little: requests are bytes made before the clock starts, sent over kept sockets, and of an answer only the
// status, the length and the body are looked at. With a full HTTP client the load took more processor time than the fastest
// server under it, and what was measured was the client.
import { connect, type Socket } from "node:net";

export interface WireAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** One part of a multipart body: the file name and what it holds. */
export interface WirePart {
  readonly filename: string;
  readonly bytes: Uint8Array;
}

/** A whole request, ready to be sent. */
export function getRequest(path: string): Buffer {
  return Buffer.from(`GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`);
}

/** As Notary's client and ours send uploads. */
export function uploadRequest(path: string, parts: readonly WirePart[]): Buffer {
  const boundary = "----bench-boundary-0123456789";
  const pieces: Uint8Array[] = [];
  for (const { filename, bytes } of parts) {
    const disposition = `form-data; name="files"; filename="${filename}"`;
    const type = "application/octet-stream";
    pieces.push(
      Buffer.from(`--${boundary}\r\nContent-Disposition: ${disposition}\r\nContent-Type: ${type}\r\n\r\n`),
      bytes,
      Buffer.from("\r\n"),
    );
  }
  pieces.push(Buffer.from(`--${boundary}--\r\n`));
  const body = Buffer.concat(pieces);
  const head = [
    `POST ${path} HTTP/1.1`,
    "Host: bench",
    `Content-Type: multipart/form-data; boundary=${boundary}`,
    `Content-Length: ${body.length}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), body]);
}

/** One kept connection, one request at a time. */
export class Wire implements Disposable {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #waiting: { readonly resolve: (answer: WireAnswer) => void; readonly reject: (error: Error) => void } | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk) => this.#take(chunk));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("the server closed the connection")));
  }

  /** `url`: http only. */
  static open(url: string): Promise<Wire> {
    const { hostname, port } = new URL(url);
    const { promise, resolve, reject } = Promise.withResolvers<Wire>();
    const socket = connect(Number(port), hostname);
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(new Wire(socket));
    });
    return promise;
  }

  /** Rejects when the connection ends before the answer is whole. */
  send(request: Uint8Array): Promise<WireAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) reject(new Error("the connection is closed"));
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const answer = wholeAnswer(this.#received);
    if (answer === undefined) return;
    this.#received = Buffer.alloc(0);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(answer);
  }

  #fail(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(error);
  }
}

/** @throws when the answer is not 200 */
export async function sendOk(wire: Wire, request: Uint8Array): Promise<WireAnswer> {
  const answer = await wire.send(request);
  if (answer.status !== 200) throw new Error(`status ${answer.status}: ${answer.body.toString().slice(0, 300)}`);
  return answer;
}

/** undefined: more is to come. */
function wholeAnswer(bytes: Buffer): WireAnswer | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const head = bytes.toString("latin1", 0, end);
  const status = Number(head.slice(9, 12));
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) {
    const body = bytes.subarray(end + 4);
    return body.length < Number(length) ? undefined : { status, body: body.subarray(0, Number(length)) };
  }
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
    const body = unchunked(bytes.subarray(end + 4));
    return body === undefined ? undefined : { status, body };
  }
  return { status, body: Buffer.alloc(0) };
}

function unchunked(bytes: Buffer): Buffer | undefined {
  const pieces: Buffer[] = [];
  for (let at = 0; ; ) {
    const line = bytes.indexOf("\r\n", at);
    if (line < 0) return undefined;
    const size = Number.parseInt(bytes.toString("latin1", at, line), 16);
    if (bytes.length < line + 2 + size + 2) return undefined;
    if (size === 0) return Buffer.concat(pieces);
    pieces.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}
