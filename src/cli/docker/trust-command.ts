// What a command of `docker trust` is: a description in docker's form (help and error texts are made from it) and a function.
import type { Clock } from "../../bytes/index.ts";
import type { Environment } from "../../home/index.ts";
import type { Streams } from "../terminal.ts";

export interface TrustOption {
  /** Long name without dashes. */
  readonly name: string;
  readonly short?: string;
  /** What docker's help calls the value; absent = a flag. */
  readonly value?: "string" | "list";
  /** Lines of its text, broken where docker breaks them. */
  readonly text: readonly string[];
}

export interface TrustSpec {
  /** Words after `trust`: `sign`, `key generate`. */
  readonly words: readonly string[];
  /** What follows them in the usage line. */
  readonly usage: string;
  readonly summary: string;
  /** `exactly` gives another error text than `min`. */
  readonly names: { readonly exactly: number } | { readonly min: number };
  readonly options: readonly TrustOption[];
}

export interface TrustArguments {
  readonly names: readonly string[];
  flag(name: string): boolean;
  values(name: string): readonly string[];
}

export interface TrustContext {
  readonly args: TrustArguments;
  readonly streams: Streams;
  readonly env: Environment;
  readonly clock: Clock;
  /** The directory that relative paths start from. */
  readonly workingDirectory: string;
}

export interface TrustCommand {
  readonly spec: TrustSpec;
  /** Answers the exit status. */
  run(context: TrustContext): Promise<number>;
}

/** A line of docker's answer. */
export function say(streams: Streams, text: string): void {
  streams.out(`${text}\n`);
}
