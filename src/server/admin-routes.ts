// Administration over HTTP: API tokens made, listed and revoked (docs/api.md), and the token service that lets clients of docker's
// scheme use them. A secret is in one answer only, the one to whoever made it.
import { type AccessControl, type ApiTokenBook, type ApiTokenInfo, decodeGrants } from "../access/index.ts";
import {
  type Clock,
  CountersignError,
  decodeInteger,
  decodeNullable,
  decodeObject,
  decodeOptionalMember,
  decodeString,
  invalidAt,
  isCountersignError,
  type JsonValue,
  jsonPath,
  parseJson,
} from "../bytes/index.ts";
import { jsonResponse } from "./answers.ts";

const maxBodyBytes = 65_536;
const dayMs = 86_400_000;
const defaultDays = 90;
const maxDays = 3_650;

export interface AdminRequest {
  readonly method: string;
  /** Of the token in the path. */
  readonly id: string | undefined;
  readonly body: AsyncIterable<Uint8Array> | null;
}

/** undefined: no such route for this method. @throws request.invalid, request.too_large, storage.* */
export async function adminTokens(
  tokens: ApiTokenBook,
  clock: Clock,
  { method, id, body }: AdminRequest,
): Promise<Response | undefined> {
  if (id !== undefined) {
    if (method !== "DELETE") return undefined;
    if (await tokens.revoke(id)) return new Response(null, { status: 204 });
    throw new CountersignError("request.unknown", "there is no API token of that id");
  }
  if (method === "GET") return jsonResponse({ tokens: (await tokens.list()).map(shown) });
  if (method !== "POST") return undefined;
  const wanted = readNewToken(parseJson(await readAll(body)), clock());
  const { info, secret } = await tokens.create(wanted);
  return secretResponse({ ...shown(info), token: secret });
}

/** `GET /token`, docker's token service: a password in, a bearer out. undefined: no such route for this method. */
export async function tokenService(
  access: AccessControl,
  method: string,
  authorization: string | undefined,
): Promise<Response | undefined> {
  if (method !== "GET") return undefined;
  const grant = await access.exchange(authorization);
  if (grant !== undefined) {
    const { token, lifetimeSeconds } = grant;
    return secretResponse({ token, access_token: token, expires_in: lifetimeSeconds });
  }
  const details = "the user name or password was not accepted";
  return Response.json(
    { details },
    { status: 401, headers: { "www-authenticate": 'Basic realm="countersign"', "cache-control": "no-store" } },
  );
}

function secretResponse(value: unknown): Response {
  const response = jsonResponse(value);
  response.headers.set("cache-control", "no-store");
  return response;
}

function shown({ id, name, grants, createdAt, expiresAt }: ApiTokenInfo) {
  return {
    id,
    name,
    grants,
    created: new Date(createdAt).toISOString(),
    expires: expiresAt === undefined ? null : new Date(expiresAt).toISOString(),
  };
}

function readNewToken(value: JsonValue, now: number) {
  const path = jsonPath("body");
  try {
    const object = decodeObject(value, path);
    for (const name of Object.keys(object)) {
      if (!["name", "grants", "days"].includes(name)) throw invalidAt({ parent: path, step: name }, "unknown member");
    }
    const name = decodeOptionalMember(object, "name", decodeString, path) ?? "";
    if (!/^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,100}$/u.test(name)) {
      throw invalidAt({ parent: path, step: "name" }, "1 to 100 printable characters");
    }
    const days = decodeOptionalMember(object, "days", decodeNullable(decodeInteger(1, maxDays)), path);
    const grants = decodeGrants(object.grants ?? null, { parent: path, step: "grants" });
    if (!grants.admin && !grants.catalog && grants.collections.length === 0) {
      throw invalidAt({ parent: path, step: "grants" }, "a token that allows nothing");
    }
    return { name, grants, expiresAt: days === null ? undefined : now + (days ?? defaultDays) * dayMs };
  } catch (cause) {
    if (!isCountersignError(cause, "metadata.invalid", "limit.exceeded")) throw cause;
    throw new CountersignError("request.invalid", cause.message, { cause });
  }
}

async function readAll(body: AsyncIterable<Uint8Array> | null): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > maxBodyBytes) throw new CountersignError("request.too_large", `a body of over ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
