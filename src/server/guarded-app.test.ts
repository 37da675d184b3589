// Test code: an app with access control over a real database, tokens for every right, and one collection that is there.
import { createSecretKey, randomBytes } from "node:crypto";
import { type AccessControl, type AccessPolicy, type Action, openAccess } from "../access/index.ts";
import { openSqliteStorage, type Storage } from "../storage/index.ts";
import { type FakeClock, fakeClock, temporaryDirectory } from "../testing/index.ts";
import { type App, type AppOptions, createApp } from "./app.ts";
import { localRoleSigner } from "./local-role-signer.ts";
import { baseUrl, TestPublisher } from "./test-publisher.ts";

export interface GuardedApp extends AsyncDisposable {
  readonly app: App;
  readonly access: AccessControl;
  readonly storage: Storage;
  readonly clock: FakeClock;
  readonly log: Readonly<Record<string, unknown>>[];
  /** A token with these actions on a pattern. */
  token(pattern: string, ...actions: readonly Action[]): Promise<string>;
  admin(): Promise<string>;
  catalog(): Promise<string>;
  send(method: string, path: string, token?: string, more?: SendMore): Promise<Response>;
  /** Publishes a collection of this name, as somebody who may. */
  publish(name: string): Promise<TestPublisher>;
}

export interface SendMore {
  readonly body?: AsyncIterable<Uint8Array>;
  readonly authorization?: string;
  readonly address?: string;
}

export async function openGuardedApp(
  policy: Partial<AccessPolicy> = {},
  options: Pick<AppOptions, "rateLimits" | "gunPrefixes"> = {},
): Promise<GuardedApp> {
  const dir = await temporaryDirectory();
  const storage = openSqliteStorage(dir.path);
  const clock = fakeClock();
  const whole = { anonymousPull: [], apiTokens: true, oidc: [], ...policy };
  const access = await openAccess(whole, { storage, clock: clock.now });
  const log: Readonly<Record<string, unknown>>[] = [];
  const signer = localRoleSigner(storage, createSecretKey(randomBytes(32)), clock.now);
  const app = createApp({
    storage,
    signer,
    clock: clock.now,
    access,
    log: (event, fields) => log.push({ event, ...fields }),
    ...options,
  });
  const make = async (grants: Parameters<NonNullable<AccessControl["tokens"]>["create"]>[0]["grants"]) => {
    const made = await access.tokens?.create({ name: "test", grants, expiresAt: undefined });
    return made?.secret ?? "";
  };
  const none = { collections: [], catalog: false, admin: false };
  const world: GuardedApp = {
    app,
    access,
    storage,
    clock,
    log,
    token: (pattern, ...actions) => make({ ...none, collections: [{ collections: [pattern], actions }] }),
    admin: () => make({ ...none, admin: true }),
    catalog: () => make({ ...none, catalog: true }),
    send(method, path, token, { body, address = "192.0.2.1", ...more } = {}) {
      const authorization = more.authorization ?? (token === undefined ? undefined : `Bearer ${token}`);
      const headers = authorization === undefined ? {} : { authorization };
      const from = { address, origin: "https://trust.example.com" };
      return app.handle(new Request(`${baseUrl}${path}`, { method, headers }), body, from);
    },
    async publish(name) {
      const token = await world.token(name, "push", "pull");
      const send = (request: Request) => {
        request.headers.set("authorization", `Bearer ${token}`);
        return app.handle(request);
      };
      const publisher = await TestPublisher.create(name, send, clock.now);
      await publisher.init();
      return publisher;
    },
    async [Symbol.asyncDispose]() {
      await storage.close();
      await dir[Symbol.asyncDispose]();
    },
  };
  return world;
}
