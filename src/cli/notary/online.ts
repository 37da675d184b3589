// The trust server of a `notary` command: its address, authorities and client certificate from Notary's settings, its credentials from
// NOTARY_AUTH or from a question on the terminal. Plain http is spoken where the configuration says so, as Notary does.
import { readFileSync } from "node:fs";
import { CountersignError, decodeBase64, decodeUtf8, type Gun, isCountersignError } from "../../bytes/index.ts";
import { systemCode } from "../../home/index.ts";
import {
  type Credential,
  type CredentialSource,
  createAuthorizedClient,
  createHttpClient,
  isLoopback,
  proxyFromEnvironment,
  type TlsAnchors,
} from "../../http/index.ts";
import { createTrustServer, type TrustServer } from "../../remote/index.ts";
import { printable } from "../terminal.ts";
import { NotaryUsage } from "./command-line.ts";
import type { NotaryContext } from "./front-context.ts";

export interface OpenServer {
  readonly server: TrustServer;
  close(): void;
}

/** @throws NotaryUsage for an unusable address */
export function openTrustServer(context: NotaryContext, gun: Gun): OpenServer {
  const { clock, env, settings } = context;
  const url = parseServerUrl(settings.serverUrl);
  const isPlain = url.protocol === "http:" && !isLoopback(url.hostname);
  if (isPlain) context.log("warning", `${url.origin} is spoken to without TLS: nothing on the way is secret`);
  if (settings.skipsTlsVerification) context.log("warning", `the TLS certificate of ${url.host} is not verified`);
  const insecureHosts = new Set(isPlain || settings.skipsTlsVerification ? [url.host] : []);
  const client = createHttpClient({
    anchors: anchorsOf(context),
    proxy: proxyFromEnvironment(env),
    clock,
    insecureHosts,
  });
  const authorized = createAuthorizedClient({ client, credentials: credentialsOf(context, url.host), clock });
  return { server: createTrustServer({ url, gun, client: authorized, clock }), close: () => client.close() };
}

function parseServerUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    const shown = text.includes("@") ? "one with a name or password" : printable(text);
    throw new NotaryUsage(`Could not parse remote trust server url (${shown}): it is not https://HOST[:PORT]`);
  }
  if (url.protocol === "https:" || url.protocol === "http:") return url;
  throw new CountersignError(
    "request.invalid",
    `unsupported protocol scheme ${JSON.stringify(url.protocol.slice(0, -1))}`,
  );
}

function anchorsOf({ settings }: NotaryContext): TlsAnchors {
  const { tlsCa, tlsCertificate, tlsKey } = settings;
  if ((tlsCertificate === undefined) !== (tlsKey === undefined)) {
    throw new NotaryUsage("either pass both client key and cert, or neither");
  }
  const read = (path: string): string => {
    try {
      return readFileSync(path, "utf8");
    } catch (cause) {
      const why = systemCode(cause) === "ENOENT" ? ": no such file or directory" : "";
      throw new CountersignError("disk.unreadable", `unable to configure TLS: could not read ${path}${why}`, {
        cause,
        hints: ["it is named by --tlscacert, --tlscert or --tlskey, else by remote_server in the configuration"],
      });
    }
  };
  return async () => ({
    ca: tlsCa === undefined ? [] : [read(tlsCa)],
    clientCertificate:
      tlsCertificate === undefined || tlsKey === undefined
        ? undefined
        : { certificate: read(tlsCertificate), key: read(tlsKey) },
  });
}

/** For this server's own host only. */
function credentialsOf(context: NotaryContext, host: string): CredentialSource {
  return async (asked) => {
    if (asked !== host) return undefined;
    const encoded = context.env.NOTARY_AUTH;
    if (encoded !== undefined && encoded !== "") return decodeCredential(context, encoded);
    // As Notary: also from a pipe, where nothing is shown that would have to be hidden.
    const username = await context.ask("Enter username: ");
    if (username === undefined || username === "") return undefined;
    const password = await context.ask("Enter password: ", { isSecret: context.canAsk });
    if (!context.canAsk) context.say("\n");
    return password === undefined ? undefined : { kind: "password", username, password };
  };
}

/** A value that is none is told without being shown, and the run goes on as nobody: so does Notary. */
function decodeCredential(context: NotaryContext, encoded: string): Credential | undefined {
  try {
    const text = decodeUtf8(decodeBase64(encoded.trim()));
    const colon = text.indexOf(":");
    if (colon > 0) return { kind: "password", username: text.slice(0, colon), password: text.slice(colon + 1) };
  } catch (error) {
    if (!isCountersignError(error, "encoding.invalid")) throw error;
  }
  context.log("error", "Could not base64-decode authentication string");
  return undefined;
}
