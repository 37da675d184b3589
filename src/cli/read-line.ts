// One line from the terminal, with the characters hidden for passphrases. Small on purpose: raw mode, backspace, Ctrl-C, Ctrl-D.
import type { ReadStream } from "node:tty";

/** The line without its end, or undefined at end of input. Ctrl-C ends the process as it does anywhere else. */
export function readTerminalLine(
  input: ReadStream,
  options: { readonly hidden: boolean },
): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = "";
    const finish = (answer: string | undefined): void => {
      input.off("data", onData);
      input.off("end", onEnd);
      if (options.hidden) input.setRawMode(false);
      input.pause();
      resolve(answer);
    };
    const onEnd = (): void => finish(text === "" ? undefined : text);
    const onData = (chunk: string | Buffer): void => {
      for (const character of chunk.toString("utf8")) {
        if (character === "\r" || character === "\n") {
          finish(text);
          return;
        }
        if (character === "\u0004" && text === "") {
          finish(undefined);
          return;
        }
        if (character === "\u0003") {
          finish(undefined);
          process.kill(process.pid, "SIGINT");
          return;
        }
        if (character === "\u007f" || character === "\b") text = [...text].slice(0, -1).join("");
        else if (character >= " ") text += character;
      }
    };
    if (options.hidden) input.setRawMode(true);
    input.on("data", onData);
    input.on("end", onEnd);
    input.resume();
  });
}
