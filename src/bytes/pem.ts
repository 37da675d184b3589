// PEM text blocks (RFC 7468) with the header lines of RFC 1421 that Notary's key files use (`role: targets`). Several
// blocks a text and explanations between them are taken; inside a block everything is strict.
import { CountersignError } from "./errors.ts";
import { decodeBase64, encodeBase64 } from "./text.ts";

export interface PemBlock {
  /** `PRIVATE KEY`, `CERTIFICATE`, ... */
  readonly label: string;
  /** Header name -> value, both trimmed. */
  readonly headers: ReadonlyMap<string, string>;
  readonly bytes: Uint8Array;
}

/** Longest text taken, in characters: far above any bundle of keys or certificates. */
export const maxPemLength = 1 << 20;

/** All blocks of a text, in order; none is an empty list. @throws encoding.invalid, limit.exceeded */
export function parsePem(text: string): readonly PemBlock[] {
  if (text.length > maxPemLength) {
    throw new CountersignError("limit.exceeded", `PEM text of ${text.length} characters; the limit is ${maxPemLength}`);
  }
  const blocks: PemBlock[] = [];
  let label: string | undefined;
  let lines: string[] = [];
  for (const rawLine of text.split("\n")) {
    const line = rawLine.trim();
    const boundary = /^-----(BEGIN|END) ([A-Z0-9][A-Z0-9 ]*)-----$/.exec(line);
    if (boundary === null) {
      if (line.startsWith("-----")) throw invalid("a boundary line that is neither BEGIN nor END");
      if (label !== undefined) lines.push(line);
    } else if (boundary[1] === "BEGIN") {
      if (label !== undefined) throw invalid(`a block "${label}" that does not end`);
      label = boundary[2];
      lines = [];
    } else {
      if (label === undefined || boundary[2] !== label) throw invalid(`an END "${boundary[2]}" without its BEGIN`);
      blocks.push({ label, ...parseBody(lines) });
      label = undefined;
    }
  }
  if (label !== undefined) throw invalid(`a block "${label}" that does not end`);
  return blocks;
}

function parseBody(lines: readonly string[]): Pick<PemBlock, "headers" | "bytes"> {
  const headers = new Map<string, string>();
  let at = 0;
  for (; at < lines.length; at++) {
    const line = lines[at] ?? "";
    const colon = line.indexOf(":");
    if (colon < 0) break;
    const name = line.slice(0, colon).trim();
    if (name === "") throw invalid("a header without a name");
    if (headers.has(name)) throw invalid(`a header ${JSON.stringify(name.slice(0, 40))} given twice`);
    headers.set(name, line.slice(colon + 1).trim());
  }
  return { headers, bytes: decodeBase64(lines.slice(at).join("")) };
}

/**
 * One block, as Go's encoding/pem writes it: Proc-Type first, then the headers sorted, a blank line, 64 columns.
 * @throws encoding.invalid for a header that would read back as something else
 */
export function formatPem(label: string, bytes: Uint8Array, headers: ReadonlyMap<string, string> = new Map()): string {
  const lines = [`-----BEGIN ${label}-----`];
  const rank = (name: string) => `${name === "Proc-Type" ? 0 : 1}${name}`;
  for (const [name, value] of [...headers].sort(([a], [b]) => (rank(a) < rank(b) ? -1 : 1))) {
    if (name === "" || name.includes(":") || /[\r\n]/.test(name + value))
      throw invalid("a header that breaks its line");
    lines.push(`${name}: ${value}`);
  }
  if (headers.size > 0) lines.push("");
  const body = encodeBase64(bytes);
  for (let at = 0; at < body.length; at += 64) lines.push(body.slice(at, at + 64));
  return `${[...lines, `-----END ${label}-----`].join("\n")}\n`;
}

function invalid(what: string): CountersignError {
  return new CountersignError("encoding.invalid", `not valid PEM: ${what}`);
}
