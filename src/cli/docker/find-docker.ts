// Which docker a person would run here, and what that means for plugins: up to 28 `docker trust` is built in and a plugin of that name
// only earns a warning; from 29 on it is gone, and so is the check that DOCKER_CONTENT_TRUST=1 asked for.
import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import type { Environment } from "../../home/index.ts";

export interface FoundDocker {
  readonly path: string;
  /** `28.2.2`; undefined when it says nothing of the kind (podman's docker, a broken one). */
  readonly version: string | undefined;
  readonly hasTrust: boolean;
}

const answerTimeoutMs = 10_000;
const lastWithTrust = 28;

/** undefined: there is none in PATH. */
export async function findDocker(env: Environment): Promise<FoundDocker | undefined> {
  const path = (env.PATH ?? "")
    .split(delimiter)
    .filter(isAbsolute)
    .map((directory) => join(directory, "docker"))
    .find(isExecutable);
  if (path === undefined) return undefined;
  const version = versionIn(await answerOf(path, env));
  return { path, version, hasTrust: version !== undefined && hasBuiltInTrust(version) };
}

/** Of `docker --version`: `Docker version 28.2.2, build e6534b4`. */
export function versionIn(text: string): string | undefined {
  return /^Docker version (\d{1,4}(?:\.\d{1,4}){1,2})/.exec(text)?.[1];
}

export function hasBuiltInTrust(version: string): boolean {
  return Number.parseInt(version, 10) <= lastWithTrust;
}

/** Empty when it fails or does not answer. */
function answerOf(path: string, env: Environment): Promise<string> {
  return new Promise((resolve) => {
    execFile(path, ["--version"], { env: { ...env }, timeout: answerTimeoutMs, maxBuffer: 65_536 }, (error, stdout) =>
      resolve(error === null ? stdout : ""),
    );
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
