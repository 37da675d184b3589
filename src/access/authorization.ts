// The Authorization header taken apart (RFC 9110, section 11; RFC 6750; RFC 7617). It is the only place a credential is read from:
// never a URL, which ends up in logs, and never a cookie, which a browser sends for strangers.

/** Longer is not read at all. A docker token with a chain of three RSA certificates has about 6 kB. */
export const maxAuthorizationLength = 16 * 1024;

export type Credentials =
  | { readonly kind: "none" }
  | { readonly kind: "bearer"; readonly token: string }
  /** Basic: the user name is the client's own business, the password is a bearer token of ours. */
  | { readonly kind: "password"; readonly token: string }
  | { readonly kind: "malformed"; readonly why: string };

const none: Credentials = { kind: "none" };
/** What our token service gives to nobody in particular; it allows what no credentials at all would. */
export const anonymousToken = "anonymous";

/** Another scheme counts as none, as in docker's registry: the client is told which one is wanted. */
export function readAuthorization(header: string | undefined): Credentials {
  if (header === undefined || header === "") return none;
  if (header.length > maxAuthorizationLength) return { kind: "malformed", why: "the authorization header is too long" };
  const [, scheme, value] = /^([A-Za-z0-9-]{1,40}) +([^ ]+)$/.exec(header) ?? [];
  if (scheme === undefined || value === undefined) return none;
  switch (scheme.toLowerCase()) {
    case "bearer":
      if (value === anonymousToken) return none;
      if (!/^[A-Za-z0-9._~+/-]+=*$/.test(value)) return { kind: "malformed", why: "no bearer token" };
      return { kind: "bearer", token: value };
    case "basic":
      return readBasic(value);
    default:
      return none;
  }
}

function readBasic(value: string): Credentials {
  const malformed: Credentials = { kind: "malformed", why: "no user and password" };
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(value)) return malformed;
  const text = Buffer.from(value, "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (colon < 0) return malformed;
  const token = text.slice(colon + 1);
  if (token === "" || token === anonymousToken) return none;
  return /^[A-Za-z0-9._~+/-]+=*$/.test(token) ? { kind: "password", token } : malformed;
}
