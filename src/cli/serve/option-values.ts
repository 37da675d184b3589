// Single values of serve's command line, read strictly.
import { CountersignError } from "../../bytes/index.ts";
import type { Arguments } from "../command.ts";

const yearSeconds = 365 * 24 * 60 * 60;

export function wrong(message: string, hints: readonly string[] = []): CountersignError {
  return new CountersignError("usage.invalid", message, { hints: [...hints, "more: countersign serve --help"] });
}

/** As Notary's limits: up to a year. @throws usage.invalid */
export function readSeconds(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[0-9]{1,9}$/.test(text) || Number(text) > yearSeconds) {
    throw wrong(`${option} takes seconds, 0 to ${yearSeconds}, not ${JSON.stringify(text.slice(0, 60))}`);
  }
  return Number(text);
}

/** A prefix without its slash would let `docker.io.evil.example/` in. @throws usage.invalid */
export function readPrefixes(prefixes: readonly string[]): readonly string[] {
  for (const prefix of prefixes) {
    if (!/^[^/]+(?:\/[^/]+)*\/$/.test(prefix)) {
      throw wrong(`--gun-prefix takes names that end in /, not ${JSON.stringify(prefix.slice(0, 60))}`, [
        "for example --gun-prefix docker.io/",
      ]);
    }
  }
  return prefixes;
}

/** `HOST:PORT`, `[::1]:PORT`, `:PORT` or `HOST`. @throws usage.invalid */
export function parseListen(
  option: string,
  text: string | undefined,
): { readonly host: string | undefined; readonly port: number | undefined } {
  if (text === undefined) return { host: undefined, port: undefined };
  const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]*)(?::([0-9]{1,5}))?$/.exec(text);
  const port = match?.[2] === undefined ? undefined : Number(match[2]);
  if (match === null || text === "" || (port !== undefined && port > 65_535)) {
    throw new CountersignError("usage.invalid", `${option} takes HOST:PORT, not ${JSON.stringify(text.slice(0, 60))}`, {
      hints: ["for example 127.0.0.1:4443 or [::1]:4443"],
    });
  }
  const host = (match[1] ?? "").replace(/^\[(.*)\]$/, "$1");
  return { host: host === "" ? undefined : host, port };
}

/** @throws usage.invalid */
export function oneOf<T extends string>(args: Arguments, name: string, allowed: readonly T[]): T | undefined {
  const text = args.value(name);
  if (text === undefined) return undefined;
  const found = allowed.find((one) => one === text);
  if (found === undefined)
    throw wrong(`--${name} takes ${allowed.join(", ")}, not ${JSON.stringify(text.slice(0, 60))}`);
  return found;
}
