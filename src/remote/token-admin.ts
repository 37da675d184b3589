// API tokens of one of our own servers, as its administrator makes, lists and revokes them (docs/api.md).
import { CountersignError } from "../bytes/index.ts";
import {
  type AuthorizedClient,
  describeUrl,
  type HttpMethod,
  type HttpResponse,
  isTokenText,
  listMember,
  member,
  parseLooseJson,
  printable,
  stringMember,
} from "../http/index.ts";
import { refusalError } from "./server-errors.ts";

export interface TokenGrant {
  readonly collections: readonly string[];
  readonly actions: readonly ("pull" | "push" | "*")[];
}

export interface TokenRequest {
  readonly name: string;
  readonly grants: { readonly collections: readonly TokenGrant[]; readonly catalog: boolean; readonly admin: boolean };
  /** null: until revoked. */
  readonly days: number | null;
}

/** As the server tells it, made safe to print. */
export interface TokenListing {
  readonly id: string;
  readonly name: string;
  readonly collections: readonly { readonly collections: readonly string[]; readonly actions: readonly string[] }[];
  readonly catalog: boolean;
  readonly admin: boolean;
  readonly created: string;
  /** undefined: until revoked. */
  readonly expires: string | undefined;
}

export interface TokenAdmin {
  readonly url: URL;
  /** `secret` is shown once, here. @throws download.*, access.*, request.* */
  create(request: TokenRequest): Promise<TokenListing & { readonly secret: string }>;
  list(): Promise<readonly TokenListing[]>;
  /** @throws request.unknown when there is none of that id */
  revoke(id: string): Promise<void>;
}

const maxBytes = 16 * 1024 * 1024;
/** Nothing of docker's scheme; where a token service is asked, it is our own and looks at the credential only. */
const scope = "countersign:tokens:*";

export function createTokenAdmin({
  url,
  client,
}: {
  readonly url: URL;
  readonly client: AuthorizedClient;
}): TokenAdmin {
  const base = `${url.origin}${url.pathname.replace(/\/+$/, "")}/_countersign/tokens`;
  const call = async (method: HttpMethod, address: string, body?: unknown): Promise<HttpResponse> => {
    const request = { method, url: new URL(address), maxBytes, redirects: "never", totalMs: 30_000 } as const;
    const sent = body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) };
    const response = await client.request({ ...request, ...sent }, { scope });
    if (response.status === 200 || response.status === 204) return response;
    throw refusalError(response, method);
  };
  return {
    url,
    async create(request) {
      const response = await call("POST", base, request);
      const body = parseLooseJson(response.body);
      const secret = stringMember(body, "token") ?? "";
      if (!isTokenText(secret)) throw unusable(response);
      return { ...readListing(response, body), secret };
    },
    async list() {
      const response = await call("GET", base);
      return listMember(parseLooseJson(response.body), "tokens").map((entry) => readListing(response, entry));
    },
    async revoke(id) {
      if (!/^[0-9a-f]{16}$/.test(id)) {
        throw new CountersignError("usage.invalid", `not the id of an API token: ${JSON.stringify(id.slice(0, 40))}`, {
          hints: ["ids are 16 hex digits: countersign token list"],
        });
      }
      await call("DELETE", `${base}/${id}`);
    },
  };
}

function readListing(response: HttpResponse, value: unknown): TokenListing {
  const id = stringMember(value, "id") ?? "";
  const grants = member(value, "grants");
  if (!/^[0-9a-f]{16}$/.test(id)) throw unusable(response);
  const texts = (entry: unknown, name: string) =>
    listMember(entry, name)
      .filter((each) => typeof each === "string")
      .map((each) => printable(each));
  const expires = stringMember(value, "expires");
  return {
    id,
    name: printable(stringMember(value, "name") ?? ""),
    collections: listMember(grants, "collections").map((entry) => ({
      collections: texts(entry, "collections"),
      actions: texts(entry, "actions"),
    })),
    catalog: member(grants, "catalog") === true,
    admin: member(grants, "admin") === true,
    created: printable(stringMember(value, "created") ?? ""),
    expires: expires === undefined ? undefined : printable(expires),
  };
}

function unusable(response: HttpResponse): CountersignError {
  return new CountersignError("download.failed", `${describeUrl(response.url)}: not an answer about API tokens`);
}
