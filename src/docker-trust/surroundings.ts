// Where docker keeps its things and which trust server speaks for an image, as docker decides it: DOCKER_CONTENT_TRUST_SERVER, which must
// be https, else Docker Hub's server for its images, else the registry's own host. What the user set in our own settings comes between.
import { homedir } from "node:os";
import { join } from "node:path";
import { CountersignError } from "../bytes/index.ts";
import { type Environment, type Settings, serverFor } from "../home/index.ts";
import type { RegistryReference } from "../oci/index.ts";

const hubServer = "https://notary.docker.io";

/** DOCKER_CONFIG, or ~/.docker. */
export function dockerDirectory(env: Environment): string {
  return env.DOCKER_CONFIG === undefined || env.DOCKER_CONFIG === "" ? join(homedir(), ".docker") : env.DOCKER_CONFIG;
}

/** undefined: COUNTERSIGN_SERVER or config.json says it. @throws usage.invalid */
export function dockerTrustServer(
  env: Environment,
  settings: Settings,
  { host, gun }: Pick<RegistryReference, "host" | "gun">,
): string | undefined {
  const named = env.DOCKER_CONTENT_TRUST_SERVER ?? "";
  if (named !== "") {
    const url = URL.parse(named);
    if (url?.protocol === "https:") return named;
    // Docker repeats the text; it may hold a password.
    const shown = url === null || named.includes("@") ? "something else" : named;
    throw new CountersignError("usage.invalid", `valid https URL required for trust server, got ${shown}`, {
      hints: ["DOCKER_CONTENT_TRUST_SERVER names it"],
    });
  }
  if ((env.COUNTERSIGN_SERVER ?? "") !== "" || serverFor(settings, gun) !== undefined) return undefined;
  return host === "docker.io" ? hubServer : `https://${host}`;
}
