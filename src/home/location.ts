// Where a user's things live. With COUNTERSIGN_HOME everything is under that one directory; otherwise the XDG base directories
// (specification 0.8) decide, so that deleting the cache never deletes keys, pins or the memory that stops rollbacks.
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

export interface HomeLocations {
  /** trust.json and config.json. */
  readonly config: string;
  /** Key files. */
  readonly keys: string;
  /** Trusted documents by collection; may be deleted at any time. */
  readonly cache: string;
  /** What must outlive the cache: highest versions seen, unfinished publishes. */
  readonly state: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The four directories for this environment. Nothing is created. XDG variables that are not absolute are ignored, as its specification says. */
export function locateHome(env: Environment, userHome: () => string = homedir): HomeLocations {
  const single = variable(env, "COUNTERSIGN_HOME");
  if (single !== undefined) {
    const base = resolve(single);
    return { config: base, keys: join(base, "keys"), cache: join(base, "cache"), state: join(base, "state") };
  }
  const config = join(
    xdg(env, "XDG_CONFIG_HOME", () => join(userHome(), ".config")),
    "countersign",
  );
  const cache = join(
    xdg(env, "XDG_CACHE_HOME", () => join(userHome(), ".cache")),
    "countersign",
  );
  const state = join(
    xdg(env, "XDG_STATE_HOME", () => join(userHome(), ".local", "state")),
    "countersign",
  );
  return { config, keys: join(config, "keys"), cache, state };
}

function xdg(env: Environment, name: string, fallback: () => string): string {
  const value = variable(env, name);
  return value !== undefined && isAbsolute(value) ? value : fallback();
}

function variable(env: Environment, name: string): string | undefined {
  const value = env[name];
  return value === undefined || value === "" ? undefined : value;
}
