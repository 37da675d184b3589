// The ID token of a CI job, for a server that offers to take one. Rule: the audience is the server we chose to speak to, as we know it,
// never one that a server names: or any server could ask for a token for another and spend it there (RFC 9700, section 4.8.1).
import { CountersignError, decodeUtf8, encodeUtf8, isCountersignError } from "../bytes/index.ts";
import type { HttpClient } from "./http-client.ts";
import { countMember, listMember, parseLooseJson, stringMember } from "./json-body.ts";
import { describeUrl, statusError } from "./transport-errors.ts";

export interface IdToken {
  readonly text: string;
  /** Milliseconds since the Unix epoch. undefined: it does not say. */
  readonly until: number | undefined;
}

/** undefined: this is no CI job, or one without ID tokens. @throws download.*, usage.invalid */
export type IdTokenSource = (audience: string, signal: AbortSignal | undefined) => Promise<IdToken | undefined>;

const maxReplyBytes = 65_536;

/**
 * GitHub: ACTIONS_ID_TOKEN_REQUEST_URL and _TOKEN, set in jobs with `permissions: id-token: write`. Everywhere else: COUNTERSIGN_ID_TOKEN,
 * which GitLab fills from the job's `id_tokens`.
 */
export function ciIdTokens(env: Readonly<Record<string, string | undefined>>, client: HttpClient): IdTokenSource {
  return async (server, signal) => {
    // The person's own word may differ from the address, behind a proxy for example.
    const audience = env.COUNTERSIGN_ID_TOKEN_AUDIENCE || server;
    const given = env.COUNTERSIGN_ID_TOKEN ?? "";
    if (given !== "") return checkedToken(given.trim(), audience);
    const address = env.ACTIONS_ID_TOKEN_REQUEST_URL ?? "";
    const secret = env.ACTIONS_ID_TOKEN_REQUEST_TOKEN ?? "";
    if (address === "" || secret === "") return undefined;
    return readIdToken(await askGithub(client, address, secret, audience, signal));
  };
}

async function askGithub(
  client: HttpClient,
  address: string,
  secret: string,
  audience: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const url = URL.parse(address);
  if (url === null) throw new CountersignError("usage.invalid", "ACTIONS_ID_TOKEN_REQUEST_URL is no address");
  url.searchParams.set("audience", audience);
  const headers = { authorization: `Bearer ${secret}`, accept: "application/json" };
  const limits = { maxBytes: maxReplyBytes, totalMs: 20_000, ...(signal === undefined ? {} : { signal }) };
  const response = await client.request({ method: "GET", url, headers, ...limits });
  if (response.status !== 200) throw statusError(response, "GET");
  const text = stringMember(parseLooseJson(response.body), "value") ?? "";
  if (isTokenText(text)) return text;
  throw new CountersignError("download.failed", `${describeUrl(url)}: the reply holds no ID token`);
}

/** A token made for somebody else is not handed to this server, which could go there with it. */
function checkedToken(text: string, audience: string): IdToken {
  if (!isTokenText(text)) throw new CountersignError("usage.invalid", "COUNTERSIGN_ID_TOKEN is no token");
  const claims = claimsOf(text);
  const named = [stringMember(claims, "aud"), ...listMember(claims, "aud")];
  if (named.includes(audience)) return readIdToken(text);
  throw new CountersignError("usage.invalid", `COUNTERSIGN_ID_TOKEN is not meant for ${audience}`, {
    hints: [`make it with the audience ${audience}`, "or name its audience in COUNTERSIGN_ID_TOKEN_AUDIENCE"],
  });
}

function readIdToken(text: string): IdToken {
  const seconds = countMember(claimsOf(text), "exp");
  return { text, until: seconds === undefined ? undefined : seconds * 1_000 };
}

function claimsOf(text: string): unknown {
  try {
    return parseLooseJson(encodeUtf8(decodeUtf8(Buffer.from(text.split(".")[1] ?? "", "base64url"))));
  } catch (error) {
    if (isCountersignError(error)) return undefined;
    throw error;
  }
}

/** What may be copied into an authorization header, and no longer than a server reads. */
export function isTokenText(text: string): boolean {
  return text.length <= 16_000 && /^[A-Za-z0-9._~+/-]+=*$/.test(text);
}
