// The signing keys of an OIDC issuer, found by discovery (OpenID Connect Discovery 1.0, section 4) and kept. Rules: what strangers send
// cannot make us fetch more than once in a while; a new key is found when a token names it; while the issuer cannot be reached the keys
// last seen stay good for a day; nothing is read without a limit.
import { type Clock, CountersignError } from "../bytes/index.ts";
import { describeUrl, type HttpClient, isLoopback, parseLooseJson, stringMember } from "../http/index.ts";
import { type KeySet, parseJwks, type VerificationKey } from "./verification-keys.ts";

export interface IssuerKeys {
  /** The key `choose` finds among the issuer's. @throws access.issuer_unavailable */
  find(choose: (keys: KeySet) => VerificationKey | undefined): Promise<VerificationKey | undefined>;
}

const freshMs = 3_600_000;
const staleMs = 24 * 3_600_000;
/** Between two fetches for keys that are not known, and after a failure. */
const pauseMs = 30_000;
const fetchMs = 10_000;
const maxDiscoveryBytes = 65_536;
const maxJwksBytes = 524_288;

/** Keys of a file: they never change while the server runs. */
export function fixedKeys(keys: KeySet): IssuerKeys {
  return { find: async (choose) => choose(keys) };
}

export function discoveredKeys(issuer: string, client: HttpClient, clock: Clock): IssuerKeys {
  let known: { readonly keys: KeySet; readonly at: number } | undefined;
  let triedAt = Number.NEGATIVE_INFINITY;
  let failure: unknown;
  let fetching: Promise<void> | undefined;

  const age = () => (known === undefined ? Number.POSITIVE_INFINITY : clock() - known.at);

  async function refresh(): Promise<void> {
    if (fetching === undefined) {
      if (clock() - triedAt < pauseMs) return;
      triedAt = clock();
      fetching = fetchKeys(issuer, client).then(
        (keys) => {
          known = { keys, at: clock() };
          failure = undefined;
        },
        (cause: unknown) => {
          failure = cause;
        },
      );
    }
    const mine = fetching;
    await mine;
    if (fetching === mine) fetching = undefined;
  }

  return {
    async find(choose) {
      const choice = () => (known === undefined || age() >= staleMs ? undefined : choose(known.keys));
      const isOld = age() >= freshMs;
      let found = choice();
      // An old set that has the key answers at once and is renewed beside; a key it lacks may be a new one.
      if (found !== undefined && isOld) void refresh();
      if (found === undefined) {
        await refresh();
        found = choice();
      }
      if (found === undefined && age() >= staleMs) {
        throw new CountersignError("access.issuer_unavailable", `the keys of ${issuer} cannot be fetched now`, {
          cause: failure,
          hints: ["the server needs to reach the issuer, or a JWK set file in its policy"],
        });
      }
      return found;
    },
  };
}

/** @throws access.issuer_unavailable, download.*, json.* */
async function fetchKeys(issuer: string, client: HttpClient): Promise<KeySet> {
  const discovery = new URL(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  const document = parseLooseJson(await fetchBytes(client, discovery, maxDiscoveryBytes));
  const fail = (why: string) =>
    new CountersignError("access.issuer_unavailable", `${describeUrl(discovery)}: its discovery document ${why}`);
  // Or one issuer could pass off its keys as another's (section 4.3).
  if (stringMember(document, "issuer") !== issuer) throw fail("is of another issuer");
  const address = URL.parse(stringMember(document, "jwks_uri") ?? "");
  if (address === null || !mayAsk(address, discovery)) throw fail("names no usable jwks_uri");
  return parseJwks(await fetchBytes(client, address, maxJwksBytes));
}

/** https, or plain http on loopback for an issuer that is there itself. */
function mayAsk(address: URL, discovery: URL): boolean {
  if (address.username !== "" || address.password !== "") return false;
  if (address.protocol === "https:") return true;
  return address.protocol === "http:" && discovery.protocol === "http:" && isLoopback(address.hostname);
}

async function fetchBytes(client: HttpClient, url: URL, maxBytes: number): Promise<Uint8Array> {
  const response = await client.request({
    method: "GET",
    url,
    headers: { accept: "application/json" },
    maxBytes,
    totalMs: fetchMs,
    idleMs: fetchMs / 2,
    attempts: 2,
  });
  if (response.status === 200) return response.body;
  throw new CountersignError("access.issuer_unavailable", `${describeUrl(url)} answered ${response.status}`);
}
