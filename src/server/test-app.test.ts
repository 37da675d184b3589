// Test code: an app over a real database in a directory of its own, with a clock that tests move.
import { createSecretKey, randomBytes } from "node:crypto";
import { openSqliteStorage, type SqliteOptions, type Storage } from "../storage/index.ts";
import { type FakeClock, fakeClock, temporaryDirectory } from "../testing/index.ts";
import { type App, createApp } from "./app.ts";
import { localRoleSigner } from "./local-role-signer.ts";
import type { ServerLog } from "./options.ts";
import { baseUrl, sendTo, TestPublisher } from "./test-publisher.ts";

export interface TestApp extends AsyncDisposable {
  readonly app: App;
  readonly storage: Storage;
  readonly clock: FakeClock;
  readonly log: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[];
  publisher(name?: string): Promise<TestPublisher>;
  get(path: string): Promise<Response>;
  send(method: string, path: string): Promise<Response>;
}

export async function openTestApp(options: SqliteOptions = {}): Promise<TestApp> {
  const dir = await temporaryDirectory();
  const storage = openSqliteStorage(dir.path, options);
  const clock = fakeClock();
  const lines: { event: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const log: ServerLog = (event, fields) => lines.push({ event, fields });
  const signer = localRoleSigner(storage, createSecretKey(randomBytes(32)), clock.now);
  const app = createApp({ storage, signer, clock: clock.now, log });
  return {
    app,
    storage,
    clock,
    log: lines,
    publisher: (name = "registry.example.com/team/app") => TestPublisher.create(name, sendTo(app), clock.now),
    get: (path) => app.handle(new Request(`${baseUrl}${path}`)),
    send: (method, path) => app.handle(new Request(`${baseUrl}${path}`, { method })),
    async [Symbol.asyncDispose]() {
      await storage.close();
      await dir[Symbol.asyncDispose]();
    },
  };
}
