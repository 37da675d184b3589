// The real streams of a process of its own.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { exitCodes } from "./exit-codes.ts";

const program = fileURLToPath(new URL("./main.ts", import.meta.url));

test("an answer that nobody reads is no success: a verdict piped into a program that has gone would count as good", async () => {
  for (const args of [["--help"], ["notary", "--help"]]) {
    const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    let told = "";
    child.stderr.setEncoding("utf8").on("data", (text) => {
      told += text;
    });
    const [code] = await once(child, "exit");
    assert.deepEqual([code, told], [exitCodes.cutOff, ""], args.join(" "));
  }
});
