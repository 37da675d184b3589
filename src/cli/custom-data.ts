// Custom data of a target, from a file: one JSON object, as Notary's own client takes it.
import { CountersignError, isCountersignError, isJsonObject, type JsonObject, parseJson } from "../bytes/index.ts";
import { readSmallFile } from "../home/index.ts";

const maxCustomBytes = 256 * 1024;

/** undefined without a file. @throws disk.unreadable, usage.invalid for anything but one JSON object of safe integers */
export async function customData(path: string | undefined): Promise<JsonObject | undefined> {
  if (path === undefined) return undefined;
  const bytes = await readSmallFile(path, { maxBytes: maxCustomBytes });
  if (bytes === undefined) throw new CountersignError("disk.unreadable", `there is no file ${path}`);
  try {
    const value = parseJson(bytes, { maxBytes: maxCustomBytes });
    if (isJsonObject(value)) return value;
  } catch (cause) {
    if (!isCountersignError(cause)) throw cause;
    throw new CountersignError("usage.invalid", `${path} cannot be signed along: ${cause.message}`, { cause });
  }
  throw new CountersignError("usage.invalid", `${path} holds no JSON object`);
}
