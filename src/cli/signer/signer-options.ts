// The options of `countersign signer` and of the commands beside it that work on its keys.
import type { OptionSpec } from "../command.ts";

const address = "where it listens, and to whom";
const data = "where it keeps keys";
const running = "log";

export const keyStoreOptions: readonly OptionSpec[] = [
  {
    name: "config",
    value: "FILE",
    isFile: true,
    group: "configuration",
    text: "Notary's signer-config.json, with the NOTARY_SIGNER_* variables; other options override it",
  },
  {
    name: "data",
    value: "DIR",
    isFile: true,
    group: data,
    text: "the directory of its SQLite database; below countersign's state directory unless given",
  },
  {
    name: "database",
    value: "URL",
    group: data,
    text: "PostgreSQL instead: postgres://user@host:port/name; the password in COUNTERSIGN_DATABASE, PGPASSWORD or --database-file",
  },
  {
    name: "database-file",
    value: "FILE",
    isFile: true,
    group: data,
    text: "a file that holds the URL, which may hold a password",
  },
];

export const defaultAliasOption: OptionSpec = {
  name: "default-alias",
  value: "ALIAS",
  group: data,
  text: 'whose passphrase seals new keys; "default" unless given',
};

export const signerOptions: readonly OptionSpec[] = [
  ...keyStoreOptions,
  defaultAliasOption,
  {
    name: "leave-notary-keys",
    group: data,
    text: "with --config: start although keys of Notary's database were not brought over",
  },
  {
    name: "listen",
    value: "HOST:PORT",
    group: address,
    text: "127.0.0.1:7899 unless given; port 0 takes any free one",
  },
  { name: "tls-cert", value: "FILE", isFile: true, group: address, text: "its certificate; a signer speaks TLS only" },
  { name: "tls-key", value: "FILE", isFile: true, group: address, text: "the certificate's private key" },
  {
    name: "client-ca",
    value: "FILE",
    isFile: true,
    group: address,
    text: "serve only callers with a certificate of this authority",
  },
  {
    name: "allow-any-client",
    group: address,
    text: "serve callers without a certificate: whoever connects can have anything signed",
  },
  { name: "log", value: "FORMAT", group: running, text: "one line a call on stderr: json or logfmt" },
  {
    name: "log-level",
    value: "LEVEL",
    group: running,
    text: "error, warning, info or debug; SIGUSR1 and SIGUSR2 move it",
  },
];
