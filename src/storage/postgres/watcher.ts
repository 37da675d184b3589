// Hears of what other server processes commit (LISTEN/NOTIFY), so that answers kept in memory do not outlive it. While the line is down some
// notices are lost for good: whoever listens is told to forget everything, when it breaks and again when it is back. A line that is
// silently dead is found by asking on it now and then.
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import { type Gun, parseGun } from "../../bytes/index.ts";
import { type ConnectionSettings, execute, openConnection } from "./connection.ts";
import { toPostgresError } from "./postgres-errors.ts";
import { changeChannel } from "./schema.ts";

const heartbeatMs = 5_000;
const longestPauseMs = 1_000;

export class Watcher {
  readonly #settings: ConnectionSettings;
  readonly #writer: string;
  readonly #stop = new AbortController();
  #client: Client | undefined;
  #watching: Promise<void> | undefined;

  /** Notices of `writer`, which is this process, are not passed on. */
  constructor(settings: ConnectionSettings, writer: string) {
    this.#settings = settings;
    this.#writer = writer;
  }

  /** Resolves once it listens. undefined stands for: any of them may have changed. @throws storage.unavailable */
  async start(onChange: (gun: Gun | undefined) => void): Promise<void> {
    let client: Client;
    try {
      client = await this.#listen(onChange);
    } catch (error) {
      throw toPostgresError(error, this.#settings.address.shown);
    }
    this.#watching = this.#keepListening(client, onChange);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#client?.end().catch(() => undefined);
    await this.#watching;
  }

  async #keepListening(first: Client, onChange: (gun: Gun | undefined) => void): Promise<void> {
    let client: Client | undefined = first;
    let pause = 50;
    while (!this.#stop.signal.aborted) {
      if (client !== undefined) {
        await this.#untilBroken(client);
        client = undefined;
        if (this.#stop.signal.aborted) return;
        onChange(undefined);
        pause = 50;
      }
      try {
        client = await this.#listen(onChange);
        onChange(undefined);
      } catch {
        // Still away: reads and writes say so themselves.
        await sleep(pause, undefined, { signal: this.#stop.signal, ref: false }).catch(() => undefined);
        pause = Math.min(pause * 2, longestPauseMs);
      }
    }
  }

  async #listen(onChange: (gun: Gun | undefined) => void): Promise<Client> {
    const client = await openConnection(this.#settings);
    this.#client = client;
    client.on("notification", ({ payload = "" }) => {
      const [writer, gun = ""] = payload.split(" ");
      if (writer !== this.#writer) onChange(gunOf(gun));
    });
    try {
      await execute(client, `LISTEN ${changeChannel}`);
      return client;
    } catch (error) {
      client.end().catch(() => undefined);
      throw error;
    }
  }

  async #untilBroken(client: Client): Promise<void> {
    const ended = new AbortController();
    const end = () => ended.abort();
    client.once("end", end);
    const signal = AbortSignal.any([ended.signal, this.#stop.signal]);
    while (!signal.aborted) {
      await execute(client, "SELECT 1").catch(end);
      if (!signal.aborted) await sleep(heartbeatMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
    client.end().catch(() => undefined);
  }
}

/** Anybody who may connect can send a notice: one that names no collection drops everything, which is always safe. */
function gunOf(text: string): Gun | undefined {
  try {
    return parseGun(text);
  } catch {
    return undefined;
  }
}
