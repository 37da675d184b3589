// A docker token service for tests: gives whoever knows the one password every right asked for, and anybody else nothing. Its tokens are
// signed with a key whose certificate (x5c) the authority in `bundle` vouches for, as a registry's are.
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { loopbackServer } from "../../src/testing/index.ts";
import { makeToken } from "../../src/testing/token-maker.ts";
import { makeCertificate } from "./certificates.ts";
import type { Scratch } from "./scratch.ts";

export interface TokenIssuer extends AsyncDisposable {
  /** `auth.options` of a Notary configuration. */
  readonly options: {
    readonly realm: string;
    readonly service: string;
    readonly issuer: string;
    readonly rootcertbundle: string;
  };
  /** NOTARY_AUTH of who may do everything. */
  readonly credentials: string;
  /** A token for `actions` on a collection. */
  token(gun: string, ...actions: readonly string[]): string;
  /** A token with these claims in place of the usual ones: tests ask for what no service would make. */
  tokenWith(claims: Readonly<Record<string, unknown>>): string;
  /** A token for `pull` on a collection with this header, signed by the authority of the bundle or with the certified key. */
  tokenBy(signer: "authority" | "certified", gun: string, header: Readonly<Record<string, unknown>>): string;
  readonly authorityKey: KeyObject;
  readonly certifiedKey: KeyObject;
  /** Base64, as in `x5c`. */
  readonly certificate: string;
  /** `METHOD /path?query` of every request. */
  readonly requests: readonly string[];
}

const lifetimeSeconds = 300;

export async function startTokenIssuer(directory: Scratch): Promise<TokenIssuer> {
  const files = await makeCertificate(directory, "token-issuer");
  const key = createPrivateKey(readFileSync(files.key));
  const authorityKey = createPrivateKey(readFileSync(files.authorityKey));
  const certificate = new X509Certificate(readFileSync(files.certificate)).raw.toString("base64");
  const names = { service: "test-trust-service", issuer: "test-token-issuer" };
  const credentials = Buffer.from("publisher:a password").toString("base64");
  const usualClaims = () => {
    const now = Math.floor(Date.now() / 1_000);
    const times = { iat: now, nbf: now - 5, exp: now + lifetimeSeconds };
    return { iss: names.issuer, aud: names.service, sub: "publisher", jti: `${now}`, ...times };
  };
  const tokenWith = (changed: Readonly<Record<string, unknown>>) =>
    makeToken({ header: { x5c: [certificate] }, claims: { ...usualClaims(), ...changed }, key });
  const token = (access: readonly object[]) => tokenWith({ access });
  const server = await loopbackServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://issuer");
    const isKnown = request.headers.authorization === `Basic ${credentials}`;
    const access = url.searchParams.getAll("scope").flatMap((scope) => {
      const match = /^([a-z]+):(.+):([^:]+)$/.exec(scope);
      return match === null || !isKnown
        ? []
        : [{ type: match[1], name: match[2], actions: String(match[3]).split(",") }];
    });
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ token: token(access) }));
  });
  return {
    options: { ...names, realm: `${server.origin}/token`, rootcertbundle: files.authority },
    credentials,
    token: (gun, ...actions) => token([{ type: "repository", name: gun, actions }]),
    tokenWith,
    tokenBy: (signer, gun, header) => {
      const claims = { ...usualClaims(), access: [{ type: "repository", name: gun, actions: ["pull"] }] };
      return makeToken({ header, claims, key: signer === "authority" ? authorityKey : key });
    },
    authorityKey,
    certifiedKey: key,
    certificate,
    requests: server.requests,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
