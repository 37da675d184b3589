// The options of `countersign serve`, by what an operator is thinking about.
import type { OptionSpec } from "../command.ts";

const address = "where it listens";
const data = "where it keeps things";
const signing = "who signs snapshots and timestamps";
const people = "who may do what";
const running = "answers and log";

export const serveOptions: readonly OptionSpec[] = [
  {
    name: "config",
    value: "FILE",
    isFile: true,
    group: "configuration",
    text: "Notary's server-config.json, with the NOTARY_SERVER_* variables; other options override it",
  },
  {
    name: "leave-notary-data",
    group: "configuration",
    text: "with --config: start although nothing of Notary's database was migrated",
  },
  {
    name: "listen",
    value: "HOST:PORT",
    group: address,
    text: "127.0.0.1:4443 unless given; port 0 takes any free one",
  },
  {
    name: "tls-cert",
    value: "FILE",
    isFile: true,
    group: address,
    text: "a certificate of your own, with --tls-key; read again on SIGHUP",
  },
  { name: "tls-key", value: "FILE", isFile: true, group: address, text: "its private key" },
  { name: "no-tls", group: address, text: "plain http, behind a proxy that ends TLS" },
  { name: "allow-non-loopback", group: address, text: "listen where others can reach it though anybody may publish" },
  {
    name: "data",
    value: "DIR",
    isFile: true,
    group: data,
    text: "the data directory, below countersign's state directory unless given: SQLite, master key, generated certificate, as far as they are used",
  },
  {
    name: "database",
    value: "URL",
    group: data,
    text: "PostgreSQL instead of SQLite: postgres://user@host:port/name; the password in COUNTERSIGN_DATABASE, PGPASSWORD or --database-file",
  },
  {
    name: "database-file",
    value: "FILE",
    isFile: true,
    group: data,
    text: "a file that holds the URL, which may hold a password",
  },
  {
    name: "master-key",
    value: "FILE",
    isFile: true,
    group: data,
    text: "the key that seals the server's keys: 32 bytes or 64 hex digits",
  },
  {
    name: "signer",
    value: "HOST:PORT",
    group: signing,
    text: "a notary-signer or countersign signer instead of keys of its own",
  },
  { name: "signer-ca", value: "FILE", isFile: true, group: signing, text: "the authority of the signer's certificate" },
  {
    name: "signer-cert",
    value: "FILE",
    isFile: true,
    group: signing,
    text: "what the signer is shown, with --signer-key",
  },
  { name: "signer-key", value: "FILE", isFile: true, group: signing, text: "its private key" },
  { name: "signer-algorithm", value: "NAME", group: signing, text: "ecdsa (unless given) or ed25519, for new keys" },
  { name: "access", value: "POLICY.json", isFile: true, group: people, text: "who may read and publish what" },
  {
    name: "client-ca",
    value: "FILE",
    isFile: true,
    group: people,
    text: "serve only clients with a certificate of this authority",
  },
  {
    name: "trusted-proxy",
    value: "ADDRESS",
    multiple: true,
    group: people,
    text: "believe the X-Forwarded-For of this proxy or network, for limits by address",
  },
  {
    name: "gun-prefix",
    value: "PREFIX",
    multiple: true,
    group: people,
    text: "serve only collections whose names begin so; ends in /",
  },
  {
    name: "cache-current",
    value: "SECONDS",
    group: running,
    text: "how long caches may keep current documents; 300 unless given",
  },
  {
    name: "cache-fixed",
    value: "SECONDS",
    group: running,
    text: "how long caches may keep documents named by version or hash; 2592000 unless given",
  },
  { name: "log", value: "FORMAT", group: running, text: "one line a request on stderr: json or logfmt" },
  {
    name: "log-level",
    value: "LEVEL",
    group: running,
    text: "error, warning, info or debug; SIGUSR1 and SIGUSR2 move it",
  },
];
