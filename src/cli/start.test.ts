// The program's exit code is the answer of many scripts: nothing that happens to its process may turn a failure into 0.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { it } from "node:test";
import { loopbackServer } from "../testing/index.ts";

const main = join(import.meta.dirname, "main.ts");

it("a program that ends before it has answered has failed", async () => {
  // Ends the process in the middle of its work, as a fault of the machine might.
  const end = "data:text/javascript,process.on('SIGUSR2', () => process.exit())";
  await using server = await loopbackServer(() => child.kill("SIGUSR2"));
  const verify = [
    "verify",
    "registry.example.com/a:1",
    "--server",
    server.origin,
    "--digest",
    `sha256:${"0".repeat(64)}`,
  ];
  const argv = ["--import", end, main, ...verify, "--trust-on-first-use"];
  const child = spawn(process.execPath, argv, { stdio: "ignore" });
  assert.equal(await new Promise((resolve) => child.on("exit", resolve)), 70);
});
