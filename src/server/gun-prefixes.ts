// Notary's `repositories.gun_prefixes`: a server kept for some collections answers as if no other could exist. As in notary-server the
// names are looked at before anybody's rights, and only the update route says why (notary-v1, section 6.3).
import { CountersignError, type Gun } from "../bytes/index.ts";
import { notaryError } from "./notary-errors.ts";
import { problem } from "./problem.ts";
import type { Route } from "./routes.ts";

/** The answer to a request about a collection that this server is not for; undefined when it is served. */
export function refusedByPrefix(
  prefixes: readonly string[] | undefined,
  route: Route,
  method: string,
): Response | undefined {
  if (prefixes === undefined || !("gun" in route) || route.gun === undefined) return undefined;
  if (isServed(prefixes, route.gun)) return undefined;
  switch (route.kind) {
    case "notaryCollection":
      if (method === "POST") return notaryError("INVALID_GUN", `Require GUNs with prefix: [${prefixes.join(" ")}]`);
      return notaryError("METADATA_NOT_FOUND");
    case "notaryRole":
    case "notaryKey":
    case "changefeed":
      return notaryError("METADATA_NOT_FOUND");
    default:
      return problem(notServed(route.gun, prefixes));
  }
}

export function isServed(prefixes: readonly string[], gun: Gun): boolean {
  return prefixes.some((prefix) => gun.startsWith(prefix));
}

function notServed(gun: Gun, prefixes: readonly string[]): CountersignError {
  return new CountersignError("collection.missing", `this server does not serve ${gun}`, {
    hints: [`its collections begin with ${prefixes.slice(0, 5).join(", ")}`],
  });
}
