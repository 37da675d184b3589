// A MetadataSource that keeps the port's promises even when the adapter behind it does not: never more bytes than asked for, no
// wait past the caller's deadline (slow data), and nothing thrown but coded errors.
import { CountersignError, isCountersignError } from "../bytes/index.ts";
import type { FetchOptions, MetadataSource } from "./ports.ts";

/** Wraps `source`; every fetch also ends when `signal` aborts. @throws download.too_large, download.too_slow, download.failed */
export function guardedSource(source: MetadataSource, signal: AbortSignal | undefined): MetadataSource {
  const guard = async (
    what: string,
    options: FetchOptions,
    fetch: (options: FetchOptions) => Promise<Uint8Array | undefined>,
  ): Promise<Uint8Array | undefined> => {
    const bytes = await orAborted(what, fetch(signal === undefined ? options : { ...options, signal }), signal);
    if (bytes !== undefined && bytes.length > options.maxBytes) {
      throw new CountersignError(
        "download.too_large",
        `${what}: got ${bytes.length} bytes; the limit is ${options.maxBytes}`,
      );
    }
    return bytes;
  };
  return {
    fetchRoot: (version, options) =>
      guard(version === undefined ? "newest root" : `root version ${version}`, options, (limited) =>
        source.fetchRoot(version, limited),
      ),
    fetchTimestamp: (options) => guard("timestamp", options, (limited) => source.fetchTimestamp(limited)),
    fetchSnapshot: (wanted, options) => guard("snapshot", options, (limited) => source.fetchSnapshot(wanted, limited)),
    fetchTargets: (role, wanted, options) =>
      guard(role, options, (limited) => source.fetchTargets(role, wanted, limited)),
  };
}

async function orAborted<T>(what: string, answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  try {
    if (signal === undefined) return await answer;
    const aborted = abortion(what, signal);
    try {
      return await Promise.race([answer, aborted.promise]);
    } finally {
      aborted.forget();
    }
  } catch (cause) {
    if (isCountersignError(cause)) throw cause;
    throw new CountersignError("download.failed", `${what}: the request failed`, { cause });
  }
}

function abortion(what: string, signal: AbortSignal): { promise: Promise<never>; forget: () => void } {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = () =>
    reject(
      new CountersignError("download.too_slow", `${what}: no answer before the deadline`, { cause: signal.reason }),
    );
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  return { promise, forget: () => signal.removeEventListener("abort", stop) };
}
