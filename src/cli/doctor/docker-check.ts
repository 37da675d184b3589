// docker and content trust. docker 29 says nothing about DOCKER_CONTENT_TRUST=1 and checks nothing: whoever relies on it pulls and runs
// what nobody has verified.

import { isCountersignError } from "../../bytes/index.ts";
import { dockerTrustServer, parseDockerImage } from "../../docker-trust/index.ts";
import type { Environment } from "../../home/index.ts";
import type { FoundDocker } from "../docker/find-docker.ts";
import { dockerStanding, type PluginStanding } from "../docker/plugin-places.ts";
import { type Check, type Finding, fine, problem, warning } from "./check.ts";

export const dockerCheck: Check = {
  name: "docker",
  async run({ env }) {
    const { docker, plugins } = await dockerStanding(env);
    if (docker === undefined) return [fine("docker.absent", "no docker is in PATH")];
    return [...contentTrust(docker, env), ...pluginFindings(plugins), ...serverFindings(env)];
  },
};

/** As docker reads the variable: everything that is not a way to write false means yes. */
export function isContentTrustOn(env: Environment): boolean {
  const value = env.DOCKER_CONTENT_TRUST ?? "";
  return value !== "" && !["0", "f", "F", "FALSE", "false", "False"].includes(value);
}

export function contentTrust({ version, hasTrust, path }: FoundDocker, env: Environment): readonly Finding[] {
  if (version === undefined) return [warning("docker.unknown", `${path} does not say which docker it is`)];
  if (hasTrust) return [fine("docker.trust", `docker ${version} has content trust of its own`)];
  if (!isContentTrustOn(env))
    return [fine("docker.no_trust", `docker ${version} has no content trust; none is asked for`)];
  return [
    problem(
      "docker.trust_ignored",
      `docker ${version} ignores DOCKER_CONTENT_TRUST=${env.DOCKER_CONTENT_TRUST}: pull, run, create, build and push check and sign nothing`,
      "verify before you run: countersign verify IMAGE:TAG, then use the digest it prints",
      "sign after you push: docker trust sign IMAGE:TAG, with the plugin of countersign docker install",
    ),
  ];
}

function pluginFindings(plugins: readonly PluginStanding[]): readonly Finding[] {
  return plugins.flatMap(({ name, state, found }) => {
    const path = found[0]?.path ?? "";
    if (state === "outdated") {
      return [
        warning(
          "docker.plugin_outdated",
          `${path} calls another copy of this program`,
          "run: countersign docker install",
        ),
      ];
    }
    if (state === "useless") {
      return [warning("docker.plugin_useless", `docker-${name} is in docker's way`, "run: countersign docker install")];
    }
    if (state === "shadowed") return [warning("docker.plugin_shadowed", `${path} comes before our docker-${name}`)];
    return [];
  });
}

function serverFindings(env: Environment): readonly Finding[] {
  try {
    const settings = { server: undefined, servers: [], publisher: undefined };
    dockerTrustServer(env, settings, parseDockerImage("registry.example.com/any").reference);
    return [];
  } catch (error) {
    if (!isCountersignError(error)) throw error;
    return [problem("docker.server", error.message, ...error.hints)];
  }
}
