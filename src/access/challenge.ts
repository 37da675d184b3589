// What a refused client is told to do: WWW-Authenticate in docker's form (distribution's token specification; notary-v1, section 6.5), and,
// where CI tokens are believed, one more scheme that says so. Nothing a client sent is copied into it unread.
import type { Resource } from "./access-control.ts";

/** The scheme by which our own clients learn that an ID token of a CI system may be sent. */
export const idTokenScheme = "Countersign-Id-Token";

export interface ChallengeParts {
  readonly realm: string;
  readonly service: string;
  readonly offersIdTokens: boolean;
}

export type ChallengeError = "invalid_token" | "insufficient_scope";

export function challengeFor(
  { realm, service, offersIdTokens }: ChallengeParts,
  resource: Resource,
  error: ChallengeError | undefined,
): string {
  const scope =
    resource.kind === "collection" ? `repository:${resource.gun}:${resource.actions}` : "registry:catalog:*";
  const reason = error === undefined ? "" : `,error="${error}"`;
  const bearer = `Bearer realm=${quoted(realm)},service=${quoted(service)},scope=${quoted(scope)}${reason}`;
  return offersIdTokens ? `${bearer}, ${idTokenScheme} realm=${quoted(service)}` : bearer;
}

/** RFC 9110, section 5.6.4. A line end or anything beyond ASCII cannot stand in a header. */
function quoted(text: string): string {
  return `"${text.replace(/[^\x20-\x7e]/g, "").replace(/[\\"]/g, "\\$&")}"`;
}

/** `https://host[:port]` that a client named, if nothing but that is in it. */
export function plainOrigin(origin: string | undefined): string | undefined {
  const match = /^(https?):\/\/([A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?$/.exec(
    origin ?? "",
  );
  return match === null ? undefined : match[0];
}
