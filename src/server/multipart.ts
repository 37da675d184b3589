// multipart/form-data as publishers send it (RFC 7578; notary-v1, section 6.2), read as a stream under limits: nothing is kept beyond
// the parts themselves, and a body that breaks a limit is left at once. File names keep their slashes: they are role names.
import { CountersignError } from "../bytes/index.ts";

export interface UploadPart {
  /** As sent, "" when the part has none. */
  readonly filename: string;
  readonly bytes: Uint8Array;
}

export interface MultipartLimits {
  readonly maxPartBytes: number;
  readonly maxTotalBytes: number;
  readonly maxParts: number;
}

const maxHeaderBytes = 8 * 1024;
/** Content that comes in smaller pieces is joined before it is kept: a million pieces of one byte would weigh a hundred times as much. */
const minPieceBytes = 4 * 1024;

/** @throws request.invalid, request.too_large */
export async function readMultipart(
  contentType: string | null,
  body: AsyncIterable<Uint8Array> | null,
  limits: MultipartLimits,
): Promise<readonly UploadPart[]> {
  const reader = new MultipartReader(boundaryOf(contentType), limits);
  for await (const chunk of body ?? []) reader.take(chunk);
  return reader.finish();
}

function boundaryOf(contentType: string | null): string {
  const match = /^multipart\/(?:form-data|mixed)\s*;(?:.*;)?\s*boundary=(?:"([^"\r\n]{1,200})"|([^\s";]{1,200}))/i.exec(
    contentType ?? "",
  );
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined) throw malformed("the body is not multipart/form-data with a boundary");
  return boundary;
}

/** preamble: before the first delimiter; afterDelimiter: a line end or the two dashes of the end follow. */
type State = "preamble" | "afterDelimiter" | "headers" | "content" | "epilogue";

class MultipartReader {
  readonly #delimiter: Buffer;
  readonly #limits: MultipartLimits;
  readonly #parts: UploadPart[] = [];
  // A delimiter begins with a line end; giving the body one makes the first delimiter like all others.
  #rest: Buffer = Buffer.from("\r\n");
  #state: State = "preamble";
  #filename = "";
  #content: Buffer[] = [];
  #contentBytes = 0;
  #totalBytes = 0;

  constructor(boundary: string, limits: MultipartLimits) {
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, "latin1");
    this.#limits = limits;
  }

  take(chunk: Uint8Array): void {
    this.#totalBytes += chunk.length;
    if (this.#totalBytes > this.#limits.maxTotalBytes) {
      throw new CountersignError("request.too_large", `the upload is over ${this.#limits.maxTotalBytes} bytes`);
    }
    const view = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    this.#rest = this.#rest.length === 0 ? view : Buffer.concat([this.#rest, view]);
    while (this.#step());
  }

  finish(): readonly UploadPart[] {
    if (this.#state !== "epilogue") throw malformed("the body ends inside a part");
    return this.#parts;
  }

  /** True when something was consumed and more may follow. */
  #step(): boolean {
    switch (this.#state) {
      case "preamble":
        return this.#skipPreamble();
      case "afterDelimiter":
        return this.#readLineEnd();
      case "headers":
        return this.#readHeaders();
      case "content":
        return this.#readContent();
      case "epilogue":
        this.#rest = Buffer.alloc(0);
        return false;
    }
  }

  #skipPreamble(): boolean {
    const at = this.#rest.indexOf(this.#delimiter);
    if (at < 0) {
      if (this.#rest.length > maxHeaderBytes) throw malformed("the body does not begin with its boundary");
      return false;
    }
    this.#rest = this.#rest.subarray(at + this.#delimiter.length);
    this.#state = "afterDelimiter";
    return true;
  }

  #readLineEnd(): boolean {
    // Blanks after a boundary are "transport padding" (RFC 2046, 5.1.1).
    let blanks = 0;
    while (this.#rest[blanks] === 0x20 || this.#rest[blanks] === 0x09) blanks++;
    if (blanks > 0) this.#rest = this.#rest.subarray(blanks);
    if (this.#rest.length < 2) return false;
    const mark = this.#rest.toString("latin1", 0, 2);
    if (mark !== "\r\n" && mark !== "--") throw malformed("a boundary is not followed by a line end");
    this.#state = mark === "--" ? "epilogue" : "headers";
    // The line end stays: it makes an empty header block look like any other.
    if (mark === "--") this.#rest = this.#rest.subarray(2);
    return true;
  }

  #readHeaders(): boolean {
    const end = this.#rest.indexOf("\r\n\r\n");
    if (end > maxHeaderBytes || (end < 0 && this.#rest.length > maxHeaderBytes))
      throw malformed("a part's headers are too long");
    if (end < 0) return false;
    if (this.#parts.length >= this.#limits.maxParts) {
      throw new CountersignError("request.too_large", `the upload has more than ${this.#limits.maxParts} parts`);
    }
    this.#filename = filenameOf(this.#rest.toString("utf8", 0, end));
    // Two bytes of the four stay, so that the delimiter of an empty part is found.
    this.#rest = this.#rest.subarray(end + 2);
    this.#content = [];
    this.#contentBytes = -2;
    this.#state = "content";
    return true;
  }

  #readContent(): boolean {
    const at = this.#rest.indexOf(this.#delimiter);
    const safe = at >= 0 ? at : Math.max(0, this.#rest.length - this.#delimiter.length);
    if (this.#contentBytes + safe > this.#limits.maxPartBytes) {
      const name = JSON.stringify(this.#filename.slice(0, 80));
      throw new CountersignError("request.too_large", `part ${name} is over ${this.#limits.maxPartBytes} bytes`);
    }
    if (at < 0 && safe < minPieceBytes) return false;
    this.#contentBytes += safe;
    if (safe > 0) this.#content.push(this.#rest.subarray(0, safe));
    this.#rest = this.#rest.subarray(at >= 0 ? at + this.#delimiter.length : safe);
    if (at < 0) return false;
    this.#parts.push({ filename: this.#filename, bytes: Buffer.concat(this.#content).subarray(2) });
    this.#content = [];
    this.#state = "afterDelimiter";
    return true;
  }
}

/** The file name that a part's Content-Disposition gives, with `\"` and `\\` undone; "" without one. */
function filenameOf(headers: string): string {
  const disposition = /\r\ncontent-disposition:([^\r]*)/i.exec(headers)?.[1] ?? "";
  const [, quoted, token] = /;\s*filename=(?:"((?:[^"\\]|\\.)*)"|([^\s";]+))/i.exec(disposition) ?? [];
  return quoted?.replace(/\\(.)/g, "$1") ?? token ?? "";
}

function malformed(reason: string): CountersignError {
  return new CountersignError("request.invalid", reason);
}
