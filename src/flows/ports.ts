// What a flow needs from outside, for one collection. The CLI and the library build these (connect.ts); tests bring their own.
import type { Clock } from "../bytes/index.ts";
import type { Home } from "../home/index.ts";
import type { TrustServer } from "../remote/index.ts";

/** Tells a person what takes long: one short sentence, no newline. */
export type Progress = (step: string) => void;

export interface ReadPorts {
  readonly home: Home;
  readonly clock: Clock;
  /** Of the collection in question. */
  readonly server: TrustServer;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}
