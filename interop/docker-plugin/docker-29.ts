// A docker command of version 29 or later: one in PATH, or the one that `npm run peers` has built.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";

/** undefined: there is none. */
export function findDocker29(): string | undefined {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const places = [...(process.env.PATH ?? "").split(delimiter).map((directory) => join(directory, "docker"))];
  return [...places, join(cache, "countersign-peers/docker-29")].find(isVersion29);
}

function isVersion29(path: string): boolean {
  if (!existsSync(path)) return false;
  const { stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
  return Number.parseInt(/^Docker version (\d+)\./.exec(stdout ?? "")?.[1] ?? "0", 10) >= 29;
}
