// A reader that works when it is told to, so that several can take turns: a line on standard input is a reading, a line on standard output
// the milliseconds it took.
import { join } from "node:path";
import { createInterface } from "node:readline";

export type ReadingMode = "cold" | "warm" | "refresh";

/** `read` is given a directory of its own for each cold reading, and the same one for those that follow. */
export async function measureOnRequest(
  directory: string,
  read: (metadataDir: string, mode: ReadingMode) => Promise<void>,
): Promise<void> {
  let runs = 0;
  for await (const line of createInterface({ input: process.stdin })) {
    const mode = line === "cold" || line === "warm" ? line : "refresh";
    if (mode === "cold") runs += 1;
    const started = performance.now();
    await read(join(directory, String(runs)), mode);
    console.log(performance.now() - started);
  }
  process.exit();
}
