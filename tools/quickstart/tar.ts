// Writes tar archives (POSIX.1-1988 ustar, regular files and directories only): what a container layer is. Deterministic: no times,
// no owners, so that the same files give the same digest on every machine.

export interface TarEntry {
  /** Relative, with forward slashes; a trailing slash makes a directory. At most 100 bytes of ASCII. */
  readonly path: string;
  readonly content: Uint8Array;
  readonly executable?: boolean;
}

const blockBytes = 512;

export function makeTar(entries: readonly TarEntry[]): Buffer {
  const blocks = entries.flatMap((entry) => [header(entry), padded(entry.content)]);
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockBytes)]);
}

function header({ path, content, executable }: TarEntry): Buffer {
  if (path.length > 100) throw new Error(`too long for a ustar name: ${path}`);
  const isDirectory = path.endsWith("/");
  const block = Buffer.alloc(blockBytes);
  const octal = (value: number, width: number) => `${value.toString(8).padStart(width - 1, "0")}\0`;
  block.write(path, 0, "ascii");
  block.write(octal(isDirectory || executable === true ? 0o755 : 0o644, 8), 100);
  block.write(octal(0, 8) + octal(0, 8) + octal(content.length, 12) + octal(0, 12), 108);
  block.fill(" ", 148, 156);
  block.write(isDirectory ? "5" : "0", 156);
  block.write("ustar\x0000", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

function padded(content: Uint8Array): Buffer {
  return Buffer.concat([content, Buffer.alloc((blockBytes - (content.length % blockBytes)) % blockBytes)]);
}
