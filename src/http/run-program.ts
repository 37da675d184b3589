// Running a small program that answers on stdout. Rule: no shell, a deadline after which it is killed with its children,
// a limit on what it may say, and stderr is thrown away (a helper may print secrets there).

export type ProgramResult =
  | { readonly kind: "ended"; readonly exitCode: number; readonly stdout: Uint8Array }
  | { readonly kind: "absent"; readonly cause: unknown }
  | { readonly kind: "late" }
  | { readonly kind: "tooLong" };

export type RunProgram = (
  program: string,
  arguments_: readonly string[],
  input: Uint8Array,
  limits: { readonly timeoutMs: number; readonly maxBytes: number },
) => Promise<ProgramResult>;

/** Never throws; a program that cannot be started at all is "absent". */
export const runProgram: RunProgram = async (program, arguments_, input, limits) => {
  const { spawn } = await import("node:child_process");
  return new Promise((resolve) => {
    // A group of its own, so that what the helper started ends with it.
    const child = spawn(program, [...arguments_], { stdio: ["pipe", "pipe", "ignore"], detached: true });
    const chunks: Uint8Array[] = [];
    let length = 0;
    const finish = (result: ProgramResult): void => {
      clearTimeout(timer);
      resolve(result);
    };
    const stop = (result: ProgramResult): void => {
      killGroup(child.pid);
      child.stdout.destroy();
      child.stdin.destroy();
      child.unref();
      finish(result);
    };
    const timer = setTimeout(() => stop({ kind: "late" }), limits.timeoutMs);
    child.once("error", (cause) => finish({ kind: "absent", cause }));
    child.stdout.on("data", (chunk: Uint8Array) => {
      length += chunk.length;
      chunks.push(chunk);
      if (length > limits.maxBytes) stop({ kind: "tooLong" });
    });
    child.once("close", (code) => finish({ kind: "ended", exitCode: code ?? -1, stdout: Buffer.concat(chunks) }));
    // A program that ends without reading breaks the pipe; its exit code tells.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
};

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}
