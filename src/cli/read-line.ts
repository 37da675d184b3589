// One line from the terminal, with the characters hidden for passphrases. Small on purpose: raw mode, backspace, Ctrl-C, Ctrl-D.
import type { ReadStream } from "node:tty";

/** The line without its end, or undefined at end of input. What was typed ahead stays for the next question. */
export function readTerminalLine(
  input: ReadStream,
  options: { readonly hidden: boolean },
): Promise<string | undefined> {
  // Decodes across chunks: a character may arrive in two halves.
  input.setEncoding("utf8");
  return new Promise((resolve) => {
    let text = "";
    const finish = (answer: string | undefined, typedAhead = ""): void => {
      input.off("data", onData);
      input.off("end", onEnd);
      if (options.hidden) input.setRawMode(false);
      input.pause();
      if (typedAhead !== "") input.unshift(typedAhead);
      resolve(answer);
    };
    const onEnd = (): void => finish(text === "" ? undefined : text);
    const onData = (chunk: string | Buffer): void => {
      const characters = [...chunk.toString()];
      for (const [index, character] of characters.entries()) {
        if (character === "\r" || character === "\n") {
          finish(text, characters.slice(index + 1).join(""));
          return;
        }
        if (character === "\u0004" && text === "") {
          finish(undefined);
          return;
        }
        if (character === "\u0003") {
          // Raw mode hands Ctrl-C to us; it is to end the process as it does anywhere else.
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
