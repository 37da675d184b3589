// What a command of `notary` is given: its flags, its settings, the trust directory, somewhere to print. stdout holds what Notary prints
// there, `* fatal:` included; stderr holds its log lines and whatever we add.
import type { Clock } from "../../bytes/index.ts";
import type { Environment, NotaryDirectory } from "../../home/index.ts";
import type { PassphraseProvider } from "../../signers/index.ts";
import type { NotaryFlags } from "./command-line.ts";
import type { NotarySettings } from "./settings.ts";

export type LogLevel = "warning" | "error";

export interface NotaryContext {
  readonly flags: NotaryFlags;
  readonly args: readonly string[];
  readonly settings: NotarySettings;
  readonly env: Environment;
  readonly clock: Clock;
  readonly directory: NotaryDirectory;
  readonly passphrases: PassphraseProvider;
  /** Text on stdout, as it is. */
  say(text: string): void;
  /** Bytes on stdout. */
  sayBytes(bytes: Uint8Array): void;
  /** One of Notary's log lines, on stderr. */
  log(level: LogLevel, message: string): void;
  /** A line of ours beside what Notary says, on stderr. */
  note(text: string): void;
  /** One line of stdin; undefined: there is none. `isSecret`: on a terminal only, and unseen. */
  ask(question: string, options?: { readonly isSecret?: boolean }): Promise<string | undefined>;
  readonly canAsk: boolean;
  /** All of stdin. @throws limit.exceeded */
  readInput(maxBytes: number): Promise<Uint8Array>;
}

/** Answers when the command is done; every failure is thrown. */
export type NotaryCommand = (context: NotaryContext) => Promise<void>;
