// stdin and stdout as bytes: `verify` passes content through, and answers to questions may come from a pipe.
import { readSync, writeSync } from "node:fs";
import { CountersignError } from "../../bytes/index.ts";
import { exitCodes } from "../exit-codes.ts";

/** Waits for a reader that is slow; a reader that went away ends the program as it ends Notary's. */
export function writeBytes(bytes: Uint8Array): void {
  let rest = bytes;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "EPIPE") process.exit(exitCodes.cutOff);
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

/** @throws limit.exceeded */
export async function readAllInput(maxBytes: number): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of process.stdin) {
    const bytes = Buffer.from(part);
    length += bytes.length;
    if (length > maxBytes) throw new CountersignError("limit.exceeded", `stdin is longer than ${maxBytes} bytes`);
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}

/** One line, without its end, read byte by byte so that what follows is left for the next question; undefined at end of input. */
export async function readInputLine(): Promise<string | undefined> {
  const bytes: number[] = [];
  const one = Buffer.alloc(1);
  while (bytes.length < 65_536) {
    if (!readByte(one)) return bytes.length === 0 ? undefined : Buffer.from(bytes).toString("utf8");
    if (one[0] === 10) break;
    bytes.push(one[0] ?? 0);
  }
  return Buffer.from(bytes).toString("utf8").replace(/\r$/, "");
}

function readByte(into: Buffer): boolean {
  for (;;) {
    try {
      return readSync(0, into) === 1;
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "EOF") return false;
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}
