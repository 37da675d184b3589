// API tokens of our own: `cst_<id>_<secret>`, 256 random bits of secret, kept as a hash. Rule: a token revoked through this process
// stops at once; one revoked through another process that shares the database stops within `reloadMs`.
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock } from "../bytes/index.ts";
import type {
  ApiTokenBook,
  ApiTokenInfo,
  ApiTokenStore,
  Grants,
  KeepSecret,
  NewApiToken,
  StoredApiToken,
} from "./access-control.ts";
import { allows, encodeGrants, parseStoredGrants } from "./grants.ts";
import { type Authenticated, notBelieved } from "./identity.ts";

const pattern = /^cst_([0-9a-f]{16})_[A-Za-z0-9_-]{43}$/;
const reloadMs = 2_000;
const endOfTime = Number.MAX_SAFE_INTEGER;
/** Compared with when no token has the id, so that a wrong id takes the same way as a wrong secret. */
const nobodysHash = new Uint8Array(32);

export class ApiTokens implements ApiTokenBook {
  readonly #store: ApiTokenStore;
  readonly #clock: Clock;
  #tokens: ReadonlyMap<string, { readonly stored: StoredApiToken; readonly grants: Grants }> = new Map();
  #loadedAt = Number.NEGATIVE_INFINITY;
  #loading: Promise<void> | undefined;
  #epoch = 0;

  constructor(store: ApiTokenStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Changes whenever a token may have gone. undefined: what is in memory is too old to say. */
  get epoch(): number | undefined {
    return this.#isFresh() ? this.#epoch : undefined;
  }

  /** True for a text that wants to be a token of ours. */
  static isOne(token: string): boolean {
    return token.startsWith("cst_");
  }

  /** @throws storage.* */
  async authenticate(token: string): Promise<Authenticated> {
    const id = pattern.exec(token)?.[1];
    if (id === undefined) return notBelieved("malformed API token");
    await this.#refresh();
    const found = this.#tokens.get(id);
    const kept = found?.stored.hash;
    const isRight = timingSafeEqual(hashOf(token), kept?.length === nobodysHash.length ? kept : nobodysHash);
    if (found === undefined || !isRight) return notBelieved("unknown or revoked API token");
    const { stored, grants } = found;
    const until = stored.expiresAt ?? endOfTime;
    if (until <= this.#clock()) return notBelieved("the API token has expired");
    const who = `token:${stored.name.slice(0, 100)} (${id})`;
    return { isBelieved: true, identity: { who, until, allows: (resource) => allows(grants, resource) } };
  }

  async list(): Promise<readonly ApiTokenInfo[]> {
    return (await this.#store.apiTokens()).map(infoOf).toSorted((a, b) => a.createdAt - b.createdAt);
  }

  async create(
    { name, grants, expiresAt }: NewApiToken,
    keep: KeepSecret = () => undefined,
  ): Promise<{ info: ApiTokenInfo; secret: string }> {
    const id = randomBytes(8).toString("hex");
    const secret = `cst_${id}_${randomBytes(32).toString("base64url")}`;
    keep(secret);
    const createdAt = this.#clock();
    const stored = { id, hash: hashOf(secret), name, grants: encodeGrants(grants), createdAt, expiresAt };
    await this.#store.addApiToken(stored);
    this.#forget();
    return { info: infoOf(stored), secret };
  }

  async revoke(id: string): Promise<boolean> {
    try {
      return await this.#store.removeApiToken(id);
    } finally {
      this.#forget();
    }
  }

  #isFresh(): boolean {
    const age = this.#clock() - this.#loadedAt;
    // A clock set back must not make an old list live longer.
    return age >= 0 && age < reloadMs;
  }

  /** A reading under way when a token went must not bring it back. */
  #forget(): void {
    this.#epoch++;
    this.#loadedAt = Number.NEGATIVE_INFINITY;
    this.#loading = undefined;
  }

  async #refresh(): Promise<void> {
    while (!this.#isFresh()) {
      const epoch = this.#epoch;
      const loading = this.#loading ?? this.#load(epoch);
      this.#loading = loading;
      try {
        await loading;
      } finally {
        if (this.#loading === loading) this.#loading = undefined;
      }
      if (epoch === this.#epoch) return;
    }
  }

  async #load(epoch: number): Promise<void> {
    const startedAt = this.#clock();
    const stored = await this.#store.apiTokens();
    if (epoch !== this.#epoch) return;
    const known = this.#tokens;
    this.#tokens = new Map(
      stored.map((each) => [each.id, { stored: each, grants: parseStoredGrants(each.grants) }] as const),
    );
    // What was remembered of a token that somebody else revoked is remembered no longer.
    if ([...known.keys()].some((id) => !this.#tokens.has(id))) this.#epoch++;
    this.#loadedAt = startedAt;
  }
}

function hashOf(token: string): Uint8Array {
  return createHash("sha256").update(token).digest();
}

function infoOf({ id, name, grants, createdAt, expiresAt }: StoredApiToken): ApiTokenInfo {
  return { id, name, grants: parseStoredGrants(grants), createdAt, expiresAt };
}
