// How often somebody may do what costs the server most: a token bucket for each kind of work and each somebody (RFC 6585, section 4).
// Somebody is an identity where there is one, else an address; of IPv6, a /64, since whoever has one address there has them all.
import { isIPv6 } from "node:net";
import type { LimitedWork, RateLimit, RateLimits } from "../access/index.ts";
import type { Clock } from "../bytes/index.ts";

export type { LimitedWork, RateLimits };

/** With access control and nothing said: far above what publishers do, far below what hurts. */
export const defaultRateLimits: RateLimits = {
  uploads: { perMinute: 6_000, burst: 1_000 },
  keys: { perMinute: 6_000, burst: 1_000 },
  failures: { perMinute: 60, burst: 60 },
};

interface Bucket {
  left: number;
  at: number;
}

const maxBuckets = 50_000;

export class RateLimiter {
  readonly #limits: RateLimits;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(limits: RateLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Takes one. Seconds to wait when there is none; 0 when it was taken. */
  take(work: LimitedWork, whom: string): number {
    const limit = this.#limits[work];
    if (limit === undefined) return 0;
    const bucket = this.#bucket(work, whom, limit);
    if (bucket.left < 1) return secondsToNext(bucket, limit);
    bucket.left -= 1;
    return 0;
  }

  /** As `take`, without taking. */
  wait(work: LimitedWork, whom: string): number {
    const limit = this.#limits[work];
    if (limit === undefined) return 0;
    const bucket = this.#bucket(work, whom, limit);
    return bucket.left < 1 ? secondsToNext(bucket, limit) : 0;
  }

  limits(work: LimitedWork): boolean {
    return this.#limits[work] !== undefined;
  }

  #bucket(work: LimitedWork, whom: string, limit: RateLimit): Bucket {
    const key = `${work} ${whom}`;
    const now = this.#clock();
    const known = this.#buckets.get(key);
    const bucket = known ?? { left: limit.burst, at: now };
    const passed = Math.max(0, now - bucket.at);
    bucket.left = Math.min(limit.burst, bucket.left + (passed * limit.perMinute) / 60_000);
    bucket.at = now;
    // Last used goes last, so that what is dropped is what was left alone longest.
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > maxBuckets) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    return bucket;
  }
}

function secondsToNext({ left }: Bucket, { perMinute }: RateLimit): number {
  return perMinute <= 0 ? 3_600 : Math.max(1, Math.ceil(((1 - left) * 60) / perMinute));
}

/** The part of an address that stands for one somebody. */
export function addressGroup(address: string): string {
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [head = "", tail] = (address.split("%")[0] ?? "").split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? [] : new Array<string>(Math.max(0, 8 - before.length - after.length)).fill("0");
  const groups = [...before, ...zeros, ...after].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(":")}::/64`;
}
