// The chains of several dialects asked for at the same time: over a long line the waiting, not the work, is what a publish takes. Only the
// fetching is moved forward; the bytes are judged one dialect after the other by the same code as ever.
// A publish by somebody else can fall between two requests that are under way at once, and then the dialect that is judged last shows an
// older version than the one before it: to a reader that is a rollback. So a refusal counts only when it stands with one request at a time.
import { isCountersignError } from "../bytes/index.ts";
import type { TrustServer } from "../remote/index.ts";
import type { DialectName } from "../tuf/index.ts";
import type { ReadPorts } from "./ports.ts";

/** A whole chain may hold a targets file of 100 MiB and its delegations. */
export const maxBundleBytes = 256 * 1024 * 1024;

/** Runs `read` with the bundles of these dialects on their way; again, without that, where the first run met what looks like a rollback. */
export async function readingAhead<T>(
  ports: ReadPorts,
  dialects: readonly DialectName[],
  read: (ports: ReadPorts) => Promise<T>,
): Promise<T> {
  if (dialects.length < 2) return read(ports);
  try {
    return await read({ ...ports, server: askAhead(ports, dialects) });
  } catch (error) {
    const why = isCountersignError(error, "publish.unverified") ? error.cause : error;
    if (!isCountersignError(why, "metadata.rollback")) throw error;
    return read(ports);
  }
}

/** The server, its first bundle of each dialect being fetched already. A second asking wants to see what stands there then. */
function askAhead({ server, signal }: ReadPorts, dialects: readonly DialectName[]): TrustServer {
  const limits = { maxBytes: maxBundleBytes, ...(signal === undefined ? {} : { signal }) };
  const started = new Map<string, Promise<Uint8Array | undefined>>();
  for (const dialect of dialects) {
    const fetching = server.fetchBundle({ dialect, ...limits });
    // Told to whoever asks for it; nobody may, when the other dialect has failed before.
    fetching.catch(() => undefined);
    started.set(dialect, fetching);
  }
  return {
    ...server,
    fetchBundle(request) {
      const early = request.root === undefined && request.have === undefined ? started.get(request.dialect) : undefined;
      started.delete(request.dialect);
      return early ?? server.fetchBundle(request);
    },
  };
}
