// The user's own JSON files (trust.json, config.json, state): read strictly, so that a damaged file stops the work instead of
// silently trusting less or more, and written in one step, indented for people.
import { CountersignError, isCountersignError, isJsonObject, type JsonObject, parseJson } from "../bytes/index.ts";
import { readSmallFile, replaceFile } from "./files.ts";

const maxFileBytes = 4 * 1024 * 1024;

/** The file's object; undefined when there is no file. @throws config.invalid for anything else than one JSON object, disk.* */
export async function readJsonFile(path: string): Promise<JsonObject | undefined> {
  const bytes = await readSmallFile(path, { maxBytes: maxFileBytes });
  if (bytes === undefined) return undefined;
  try {
    const value = parseJson(bytes, { maxBytes: maxFileBytes });
    if (isJsonObject(value)) return value;
  } catch (error) {
    if (!isCountersignError(error)) throw error;
    throw invalidFile(path, error.message, error);
  }
  throw invalidFile(path, "it is not a JSON object");
}

/** @throws disk.* */
export async function writeJsonFile(path: string, value: JsonObject): Promise<void> {
  await replaceFile(path, `${JSON.stringify(value, undefined, 2)}\n`);
}

export function invalidFile(path: string, why: string, cause?: unknown): CountersignError {
  return new CountersignError("config.invalid", `${path} cannot be used: ${why}`, {
    cause,
    hints: ["mend the file by hand, or move it away and add what it held again"],
  });
}

/** An own string member, or undefined. */
export function stringMember(object: JsonObject, name: string): string | undefined {
  const value = Object.hasOwn(object, name) ? object[name] : undefined;
  return typeof value === "string" ? value : undefined;
}

export function member(object: JsonObject, name: string): JsonObject[string] | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
