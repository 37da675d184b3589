// Who we are to a host. Rule: a credential belongs to one host (with its port) and is asked for by that name only, and
// only after that host, authenticated by TLS, has asked for one.

export type Credential =
  | { readonly kind: "password"; readonly username: string; readonly password: string }
  /** What `docker login` calls identitytoken: an OAuth2 refresh token, good for the token service only. */
  | { readonly kind: "identityToken"; readonly token: string };

/** `host` is `name[:port]` as in the URL; Docker Hub is `docker.io`. undefined: none, go on as anonymous. */
export type CredentialSource = (host: string) => Promise<Credential | undefined>;

/** Nobody. */
export const noCredentials: CredentialSource = async () => undefined;

/** One credential for one host, for example from the environment. */
export function credentialFor(host: string, credential: Credential): CredentialSource {
  return async (asked) => (asked === host ? credential : undefined);
}

/** The first source that has one. */
export function firstCredential(...sources: readonly CredentialSource[]): CredentialSource {
  return async (host) => {
    for (const source of sources) {
      const credential = await source(host);
      if (credential !== undefined) return credential;
    }
    return undefined;
  };
}
