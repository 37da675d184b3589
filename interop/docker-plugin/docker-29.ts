// A docker command of version 29 or later: one in PATH, or the one that `npm run peers` has built.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { builtPeer } from "../peers/find.ts";

/** undefined: there is none. */
export function findDocker29(): string | undefined {
  const places = [...(process.env.PATH ?? "").split(delimiter).map((directory) => join(directory, "docker"))];
  return [...places, builtPeer("docker-29")].find(isVersion29);
}

function isVersion29(path: string): boolean {
  if (!existsSync(path)) return false;
  const { stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
  return Number.parseInt(/^Docker version (\d+)\./.exec(stdout ?? "")?.[1] ?? "0", 10) >= 29;
}
