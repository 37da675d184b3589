// Which right each route asks for: notary-server's own table (notary-v1, section 6), and ours on the same lines. The collection is
// the one the route was parsed to, so that no spelling of a path can ask for the right to one name and be served another.
import type { Action, Resource } from "../access/index.ts";
import type { Route } from "./routes.ts";

/** undefined: for everybody. What no route knows asks for the catalog, as with notary-server, so that nothing can be probed. */
export function neededFor(route: Route, method: string): Resource | undefined {
  // No route answers OPTIONS with more than "no".
  if (method === "OPTIONS") return undefined;
  const isRead = method === "GET" || method === "HEAD";
  switch (route.kind) {
    case "health":
    case "metrics":
    case "token":
      return undefined;
    case "ping":
      return { kind: "ping" };
    case "adminTokens":
      return { kind: "admin" };
    case "changefeed":
      return route.gun === undefined || method !== "GET" ? { kind: "catalog" } : collection(route.gun, "pull");
    case "notaryRole":
      return method === "GET" ? collection(route.gun, "pull") : { kind: "catalog" };
    case "notaryKey":
      if (method === "GET") return collection(route.gun, "push", "pull");
      return method === "POST" ? collection(route.gun, "*") : { kind: "catalog" };
    case "notaryCollection":
      if (method === "POST") return collection(route.gun, "push", "pull");
      return method === "DELETE" ? collection(route.gun, "*") : { kind: "catalog" };
    case "publish":
      return method === "POST" ? collection(route.gun, "push", "pull") : { kind: "catalog" };
    case "bundle":
    case "status":
    case "tuf1Metadata":
    case "tuf1Target":
      return isRead ? collection(route.gun, "pull") : { kind: "catalog" };
    case "badName":
    case "unknown":
      return { kind: "catalog" };
  }
}

function collection(gun: string, ...actions: readonly Action[]): Resource {
  return { kind: "collection", gun, actions };
}
