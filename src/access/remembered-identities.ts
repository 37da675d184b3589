// Who sent which authorization header, so that a client that asks a hundred times is verified once. Bounded, believed for a minute at
// most and never past the end of the credentials; a revoked API token empties it (its epoch).
import type { Clock } from "../bytes/index.ts";
import type { Identity } from "./identity.ts";

const maxBytes = 8 * 1024 * 1024;
const rememberMs = 60_000;
const entryBytes = 400;

interface Entry {
  readonly identity: Identity;
  readonly from: number;
  readonly until: number;
  readonly epoch: number;
}

export class RememberedIdentities {
  readonly #clock: Clock;
  readonly #epoch: () => number | undefined;
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  /** `epoch`: changes when anything remembered may be wrong; undefined: nobody can say now. */
  constructor(clock: Clock, epoch: () => number | undefined) {
    this.#clock = clock;
    this.#epoch = epoch;
  }

  get(authorization: string): Identity | undefined {
    const entry = this.#entries.get(authorization);
    if (entry === undefined) return undefined;
    const now = this.#clock();
    const isGood = entry.from <= now && now < entry.until && entry.epoch === this.#epoch();
    return isGood ? entry.identity : undefined;
  }

  put(authorization: string, identity: Identity): void {
    const epoch = this.#epoch();
    if (epoch === undefined) return;
    this.#drop(authorization);
    const from = this.#clock();
    const until = Math.min(identity.until, from + rememberMs);
    this.#entries.set(authorization, { identity, from, until, epoch });
    this.#bytes += authorization.length + entryBytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= maxBytes) break;
      this.#drop(oldest);
    }
  }

  #drop(authorization: string): void {
    if (this.#entries.delete(authorization)) this.#bytes -= authorization.length + entryBytes;
  }
}
