// notary-signer's configuration file (notary-v1, section 12). Its passphrases come from the environment, one variable an alias, and
// are handed out one by one: they stand in no list and no report.
import { ConfigValues, type Environment } from "./config-values.ts";
import type { NotaryConfig, NotarySignerSettings } from "./settings.ts";
import {
  ignoreReporting,
  readCertificate,
  readClientCa,
  readListen,
  readLogLevel,
  readStorage,
} from "./shared-settings.ts";

/** What Kubernetes and docker links set for a service called notary-signer. */
const serviceVariable = /^NOTARY_SIGNER_(?:SERVICE_(?:HOST|PORT.*)|PORT|PORT_[0-9]+_(?:TCP|UDP).*|NAME|ENV_.*)$/;

/**
 * Reads a signer-config.json with its NOTARY_SIGNER_* overrides.
 * @throws config.invalid naming file or variable, member and what is expected; disk.unreadable
 */
export function readNotarySignerConfig(path: string, env: Environment): NotaryConfig<NotarySignerSettings> {
  const values = new ConfigValues(path, "NOTARY_SIGNER", env);
  const listen = readListen(values, "server.grpc_addr");
  const tls = readCertificate(values);
  if (tls === undefined) throw values.invalid("server.tls_cert_file", "it is missing; a signer speaks TLS only");
  const clientCaPath = readClientCa(values);
  const storage = readStorage(values);
  const defaultAlias = values.text("storage.default_alias") ?? values.text("default_alias");
  values.took("storage.default_alias", "new keys are sealed with this alias' passphrase");
  values.took("default_alias", "new keys are sealed with this alias' passphrase");
  if (defaultAlias === undefined && storage.kind !== "memory") {
    throw values.invalid("storage.default_alias", "it is missing; expected the alias of a passphrase");
  }
  const passphraseOf = (alias: string): string | undefined => {
    const name = values.variable(alias);
    const passphrase = Object.hasOwn(env, name) ? env[name] : undefined;
    return passphrase === "" ? undefined : passphrase;
  };
  const logLevel = readLogLevel(values);
  ignoreReporting(values);
  for (const name of values.unknownVariables()) {
    const alias = name.slice("NOTARY_SIGNER_".length).toLowerCase();
    if (alias !== "" && !serviceVariable.test(name)) values.tookVariable(name, `the passphrase of alias ${alias}`);
  }
  const settings = {
    configPath: values.path,
    listen,
    tls,
    clientCaPath,
    storage,
    defaultAlias,
    passphraseOf,
    logLevel,
  };
  return { settings, ...values.report() };
}
