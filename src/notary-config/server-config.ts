// notary-server's configuration file (notary-v1, section 12). Stricter than notary-server in one place: an `auth` that it does not
// understand makes the real one an open server; here it is an error.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { ConfigValues, type Environment } from "./config-values.ts";
import type { NotaryConfig, NotaryServerSettings, NotaryTokenAuth, TrustService } from "./settings.ts";
import {
  ignoreReporting,
  readCertificate,
  readClientCa,
  readListen,
  readLogLevel,
  readStorage,
} from "./shared-settings.ts";

const yearSeconds = 365 * 24 * 60 * 60;
const defaultCurrentSeconds = 300;
const defaultConsistentSeconds = 30 * 24 * 60 * 60;

/**
 * Reads a server-config.json with its NOTARY_SERVER_* overrides.
 * @throws config.invalid naming file or variable, member and what is expected; disk.unreadable
 */
export function readNotaryServerConfig(path: string, env: Environment): NotaryConfig<NotaryServerSettings> {
  const values = new ConfigValues(path, "NOTARY_SERVER", env);
  const listen = readListen(values, "server.http_addr");
  const tls = readCertificate(values);
  if (tls === undefined && values.text("server.client_ca_file") !== undefined) {
    throw values.invalid("server.tls_cert_file", "it is missing; client_ca_file is of use over TLS only");
  }
  const settings: NotaryServerSettings = {
    configPath: values.path,
    listen,
    tls,
    clientCaPath: readClientCa(values),
    trustService: readTrustService(values),
    storage: readStorage(values),
    tokenAuth: readTokenAuth(values),
    caching: {
      currentSeconds: readSeconds(values, "caching.max_age.current_metadata", defaultCurrentSeconds),
      consistentSeconds: readSeconds(values, "caching.max_age.consistent_metadata", defaultConsistentSeconds),
    },
    gunPrefixes: readPrefixes(values),
    logLevel: readLogLevel(values),
  };
  ignoreReporting(values);
  return { settings, ...values.report() };
}

const remoteKeys = ["hostname", "port", "tls_ca_file", "tls_client_cert", "tls_client_key", "key_algorithm"];

function readTrustService(values: ConfigValues): TrustService {
  const type = values.requiredText("trust_service.type", "local or remote");
  if (type === "local") {
    // Notary keeps such keys in memory and loses every collection at a restart; nobody relies on that.
    values.took("trust_service.type", "keys of our own, sealed and kept with the data");
    for (const key of remoteKeys) values.ignores(`trust_service.${key}`, "the trust service is local");
    return { kind: "local" };
  }
  if (type !== "remote") throw values.invalid("trust_service.type", "expected local or remote");
  const host = values.requiredText("trust_service.hostname", "the signer's host");
  const portText = values.requiredText("trust_service.port", "the signer's port, such as 7899");
  const port = Number(portText);
  if (!/^[0-9]{1,5}$/.test(portText) || port < 1 || port > 65_535) {
    throw values.invalid("trust_service.port", "expected a port of 1 to 65535");
  }
  const algorithm = values.requiredText("trust_service.key_algorithm", "ecdsa or ed25519");
  if (algorithm !== "ecdsa" && algorithm !== "ed25519") {
    throw values.invalid("trust_service.key_algorithm", "expected ecdsa or ed25519 (signers make no rsa keys)");
  }
  const caPath = values.filePath("trust_service.tls_ca_file");
  const certificatePath = values.filePath("trust_service.tls_client_cert");
  const keyPath = values.filePath("trust_service.tls_client_key");
  if ((certificatePath === undefined) !== (keyPath === undefined)) {
    const missing = certificatePath === undefined ? "tls_client_cert" : "tls_client_key";
    throw values.invalid(`trust_service.${missing}`, "it is missing; client certificate and key go together");
  }
  values.took("trust_service.type", "a signer of its own process");
  values.took("trust_service.hostname", `signs through ${host}`);
  values.took("trust_service.port", `signs through port ${port}`);
  values.took("trust_service.tls_ca_file", `trusts the signer by ${caPath}`);
  values.took("trust_service.tls_client_cert", `shows the signer ${certificatePath}`);
  values.took("trust_service.tls_client_key", `with the key ${keyPath}`);
  values.took("trust_service.key_algorithm", `new keys are ${algorithm}`);
  return {
    kind: "remote",
    host,
    port,
    algorithm,
    ...(caPath === undefined ? {} : { caPath }),
    ...(certificatePath === undefined ? {} : { certificatePath }),
    ...(keyPath === undefined ? {} : { keyPath }),
  };
}

function readTokenAuth(values: ConfigValues): NotaryTokenAuth | undefined {
  if (values.isValueForObject("auth")) throw values.invalid("auth", "expected an object with type and options");
  const type = values.text("auth.type");
  const options = ["realm", "service", "issuer", "rootcertbundle", "jwks", "autoredirect", "autoredirectpath"];
  if (type === undefined) {
    for (const key of options) values.ignores(`auth.options.${key}`, "there is no auth.type");
    return undefined;
  }
  if (type !== "token") {
    throw values.invalid(
      "auth.type",
      "expected token, or nothing for an open server (notary-server takes any other word for none at all)",
    );
  }
  const required = (name: string, expected: string) => values.requiredText(`auth.options.${name}`, expected);
  const realm = required("realm", "the URL of the token service");
  if (!/^https?:$/.test(URL.parse(realm)?.protocol ?? "")) {
    throw values.invalid("auth.options.realm", "expected the URL of the token service");
  }
  const service = required("service", "the name of this service, the tokens' audience");
  const issuer = required("issuer", "who issues the tokens");
  const rootCertBundlePath = bundlePath(values, "auth.options.rootcertbundle");
  const jwksPath = bundlePath(values, "auth.options.jwks");
  if (rootCertBundlePath === undefined && jwksPath === undefined) {
    throw values.invalid(
      "auth.options.rootcertbundle",
      "it is missing; expected the PEM file of the issuer's authority",
    );
  }
  values.took("auth.type", "docker tokens");
  values.took("auth.options.realm", "named in challenges");
  values.took("auth.options.service", "the tokens' audience");
  values.took("auth.options.issuer", "the tokens' issuer");
  values.took("auth.options.rootcertbundle", `tokens are checked with ${rootCertBundlePath}`);
  values.took("auth.options.jwks", `tokens are checked with ${jwksPath}`);
  for (const key of ["autoredirect", "autoredirectpath"]) {
    values.ignores(`auth.options.${key}`, "challenges always name the realm given");
  }
  return {
    realm,
    service,
    issuer,
    ...(rootCertBundlePath === undefined ? {} : { rootCertBundlePath }),
    ...(jwksPath === undefined ? {} : { jwksPath }),
  };
}

/** The one path that notary-server reads from its working directory and not from beside the configuration file. */
function bundlePath(values: ConfigValues, key: string): string | undefined {
  const text = values.text(key);
  if (text === undefined) return undefined;
  const here = resolve(text);
  return existsSync(here) ? here : values.filePath(key);
}

function readSeconds(values: ConfigValues, key: string, otherwise: number): number {
  const text = values.text(key);
  if (text === undefined) return otherwise;
  const seconds = Number(text);
  if (!/^[0-9]{1,9}$/.test(text) || seconds > yearSeconds) {
    throw values.invalid(key, `expected seconds, 0 to ${yearSeconds}`);
  }
  values.took(key, seconds === 0 ? "not to be cached" : `may be cached for ${seconds} s`);
  return seconds;
}

function readPrefixes(values: ConfigValues): readonly string[] {
  const key = "repositories.gun_prefixes";
  const prefixes = values.list(key);
  for (const prefix of prefixes) {
    const steps = prefix.split("/");
    const isClean =
      steps.pop() === "" && steps.length > 0 && steps.every((step) => step !== "" && !/^\.\.?$/.test(step));
    if (!isClean || prefix.trim() !== prefix) {
      throw values.invalid(key, 'expected prefixes that end in /, such as "docker.io/"');
    }
  }
  values.took(key, prefixes.length === 0 ? "every name is served" : "other names are refused");
  return prefixes;
}
