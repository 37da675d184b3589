// Runs every transcript of testdata/. A failing one shows the command and both texts.
// UPDATE_TRANSCRIPTS is not offered on purpose: a transcript is a specification and is written by hand.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { temporaryDirectory } from "../testing/index.ts";
import { fillIn, matchLine, parseTranscript } from "./transcript-format.ts";
import { TranscriptWorld } from "./transcript-world.ts";

const folder = join(import.meta.dirname, "testdata");

describe("transcripts", async () => {
  for (const file of (await readdir(folder)).sort()) {
    it(file.replace(/\.txt$/, "").replaceAll("-", " "), async () => {
      const steps = parseTranscript(await readFile(join(folder, file), "utf8"));
      await using directory = await temporaryDirectory();
      await using world = new TranscriptWorld(directory.path);
      const before = process.cwd();
      process.chdir(directory.path);
      try {
        for (const step of steps) {
          if (step.kind === "directive") {
            await world.direct(step.words.map((word) => fillIn(word, world.known)));
            continue;
          }
          const outcome = await world.run(fillIn(step.text, world.known));
          const where = `${file}:${step.line}: $ ${step.text}`;
          const context = `${where}\n--- stdout\n${outcome.stdout}--- stderr\n${outcome.stderr}--- exit ${outcome.exit}`;
          compare(step.stdout, outcome.stdout, world.known, `stdout of ${context}`);
          compare(step.stderr, outcome.stderr, world.known, `stderr of ${context}`);
          assert.equal(outcome.exit, step.exit, context);
        }
      } finally {
        process.chdir(before);
      }
    });
  }
});

/** `...` alone on a line stands for any number of lines. */
function compare(expected: readonly string[], actual: string, known: Map<string, string>, context: string): void {
  const lines = actual.replace(/\n+$/, "") === "" ? [] : actual.replace(/\n+$/, "").split("\n");
  let at = 0;
  for (const [index, wanted] of expected.entries()) {
    if (wanted.trim() === "...") {
      const next = expected[index + 1];
      if (next === undefined) return;
      while (at < lines.length && !matchLine(next, lines[at] ?? "", new Map(known))) at += 1;
      continue;
    }
    const line = lines[at];
    assert.ok(
      line !== undefined && matchLine(wanted, line, known),
      `expected: ${wanted}\ngot:      ${line}\n${context}`,
    );
    at += 1;
  }
  assert.equal(at, lines.length, `unexpected: ${lines[at]}\n${context}`);
}
