// multipart/form-data as both publish routes read it: parts named "files", told apart by their file names, slashes included
// (docs/api.md; notary-v1, section 6.2; RFC 7578). The body is a list of pieces, never one copy of everything.
import { randomUUID } from "node:crypto";
import { CountersignError, encodeUtf8 } from "../bytes/index.ts";
import type { StreamBody } from "../http/index.ts";

export interface FilePart {
  readonly filename: string;
  readonly bytes: Uint8Array;
}

export interface MultipartBody {
  readonly contentType: string;
  readonly body: StreamBody;
}

/** @throws request.invalid for a file name that could end its own quotes */
export function multipartBody(parts: readonly FilePart[]): MultipartBody {
  // Random, so that no document can hold it on purpose.
  const boundary = `countersign-${randomUUID()}`;
  const pieces: Uint8Array[] = [];
  for (const { filename, bytes } of parts) {
    if (/["\\\u0000-\u001f\u007f]/.test(filename)) {
      throw new CountersignError(
        "request.invalid",
        `no file name for an upload: ${JSON.stringify(filename.slice(0, 80))}`,
      );
    }
    pieces.push(
      encodeUtf8(
        `--${boundary}\r\nContent-Disposition: form-data; name="files"; filename="${filename}"\r\n` +
          "Content-Type: application/octet-stream\r\n\r\n",
      ),
      bytes,
      encodeUtf8("\r\n"),
    );
  }
  pieces.push(encodeUtf8(`--${boundary}--\r\n`));
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const open = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    for (const piece of pieces) yield* slices(piece);
  };
  return { contentType: `multipart/form-data; boundary=${boundary}`, body: { length, open } };
}

/** Small enough that progress moves and a slow line is not fed megabytes at once. */
function* slices(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let start = 0; start < bytes.length; start += 65_536) yield bytes.subarray(start, start + 65_536);
}
