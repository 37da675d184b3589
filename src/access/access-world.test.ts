// Test code: an AccessControl over a policy, with token storage in memory and a clock that tests move.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createHttpClient } from "../http/index.ts";
import {
  type FakeClock,
  fakeClock,
  makeCertificate,
  newEcKey,
  publicJwk,
  temporaryDirectory,
} from "../testing/index.ts";
import type { AccessControl, Action, ApiTokenStore, Decision, Resource, StoredApiToken } from "./access-control.ts";
import { openAccess } from "./open-access.ts";
import type { AccessPolicy } from "./policy.ts";

export class MemoryTokens implements ApiTokenStore {
  readonly kept = new Map<string, StoredApiToken>();
  reads = 0;
  failure: Error | undefined;

  async apiTokens(): Promise<readonly StoredApiToken[]> {
    this.reads++;
    if (this.failure !== undefined) throw this.failure;
    return [...this.kept.values()];
  }

  async addApiToken(token: StoredApiToken): Promise<void> {
    this.kept.set(token.id, token);
  }

  async removeApiToken(id: string): Promise<boolean> {
    return this.kept.delete(id);
  }
}

export interface AccessWorld {
  readonly access: AccessControl;
  readonly clock: FakeClock;
  readonly store: MemoryTokens;
  decide(authorization: string | undefined, resource: Resource): Promise<Decision>;
  /** "yes", or why not. */
  verdict(token: string | undefined, gun?: string, ...actions: readonly Action[]): Promise<string>;
}

export async function openWorld(policy: Partial<AccessPolicy>, clock: FakeClock = fakeClock()): Promise<AccessWorld> {
  const store = new MemoryTokens();
  const whole = { anonymousPull: [], apiTokens: false, oidc: [], ...policy };
  const client = createHttpClient({ sleep: async () => undefined });
  const access = await openAccess(whole, { storage: store, clock: clock.now, client });
  const decide = (authorization: string | undefined, resource: Resource) =>
    access.decide(authorization, resource, { address: "192.0.2.1", origin: "https://trust.example.com" });
  return {
    access,
    clock,
    store,
    decide,
    async verdict(token, gun = "team/app", ...actions) {
      const resource = {
        kind: "collection",
        gun,
        actions: actions.length === 0 ? (["pull"] as const) : actions,
      } as const;
      const decision = await decide(token === undefined ? undefined : `Bearer ${token}`, resource);
      return decision.isAllowed ? "yes" : decision.why;
    },
  };
}

/** An issuer of docker tokens: an authority in the server's bundle, and a key that it certified. */
export async function dockerIssuer(clock: FakeClock = fakeClock()) {
  const directory = await temporaryDirectory();
  const authority = makeCertificate({ name: "authority", now: clock.now(), isCa: true });
  const leaf = makeCertificate({ name: "signing key", now: clock.now(), issuer: authority });
  const listed = newEcKey();
  const bundlePath = join(directory.path, "bundle.pem");
  const jwksPath = join(directory.path, "jwks.json");
  const other = makeCertificate({ name: "another authority", now: clock.now(), isCa: true });
  await writeFile(bundlePath, `${other.pem}\n${authority.pem}`);
  await writeFile(jwksPath, JSON.stringify({ keys: [publicJwk(listed, { kid: "listed" })] }));
  const options = {
    realm: "https://auth.example.com/token",
    service: "notary-lab",
    issuer: "lab-issuer",
    rootCertBundlePath: bundlePath,
    jwksPath,
  };
  const seconds = Math.floor(clock.now() / 1_000);
  const claims = {
    iss: "lab-issuer",
    sub: "u",
    aud: "notary-lab",
    exp: seconds + 600,
    nbf: seconds - 5,
    access: [{ type: "repository", name: "team/app", actions: ["pull"] }],
  };
  return { directory, authority, leaf, listed, options, claims, clock, jwksPath, bundlePath };
}
