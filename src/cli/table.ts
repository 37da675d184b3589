// Every command: its name, one line about it, and where it is. A command is loaded when it runs, so that `verify` never pays for
// the server. Completion, docs/cli.md and the list of commands are made from this table.
import type { TableEntry } from "./command.ts";

export const commandTable: readonly TableEntry[] = [
  {
    name: "serve",
    summary: "run a trust server",
    load: async () => (await import("./commands/serve.ts")).serve,
  },
  {
    name: "init",
    summary: "start a collection",
    load: async () => (await import("./commands/init.ts")).init,
  },
  {
    name: "sign",
    summary: "sign images and files",
    load: async () => (await import("./commands/sign.ts")).sign,
  },
  {
    name: "verify",
    summary: "say whether an image or file is the one that was signed, and current",
    load: async () => (await import("./commands/verify.ts")).verify,
  },
  {
    name: "tags",
    summary: "list what a collection has signed, newest first",
    load: async () => (await import("./commands/tags.ts")).tags,
  },
  {
    name: "inspect",
    summary: "show roles, keys and expiries of a collection",
    load: async () => (await import("./commands/inspect.ts")).inspect,
  },
  {
    name: "revoke",
    summary: "withdraw signed targets",
    load: async () => (await import("./commands/revoke.ts")).revoke,
  },
  {
    name: "delegation list",
    summary: "list who else may sign, and what",
    load: async () => (await import("./commands/delegation-list.ts")).delegationList,
  },
  {
    name: "delegation add",
    summary: "let somebody else sign a part of a collection",
    load: async () => (await import("./commands/delegation-add.ts")).delegationAdd,
  },
  {
    name: "delegation remove",
    summary: "take keys or paths from a delegation, or the delegation away",
    load: async () => (await import("./commands/delegation-remove.ts")).delegationRemove,
  },
  {
    name: "delegation purge",
    summary: "take a key out of every delegation",
    load: async () => (await import("./commands/delegation-purge.ts")).delegationPurge,
  },
  {
    name: "witness",
    summary: "sign roles again as they are",
    load: async () => (await import("./commands/witness.ts")).witness,
  },
  {
    name: "rotate",
    summary: "change who signs the roles of the root",
    load: async () => (await import("./commands/rotate.ts")).rotate,
  },
  {
    name: "publish",
    summary: "publish staged changes",
    load: async () => (await import("./commands/publish.ts")).publish,
  },
  {
    name: "status",
    summary: "show who may sign what and until when, and what is staged",
    load: async () => (await import("./commands/status.ts")).status,
  },
  {
    name: "reset",
    summary: "drop staged changes",
    load: async () => (await import("./commands/reset.ts")).reset,
  },
  {
    name: "bundle",
    summary: "save the whole chain of a collection for offline verification",
    load: async () => (await import("./commands/bundle.ts")).bundle,
  },
  {
    name: "docker install",
    summary: "bring docker trust back, as a plugin of docker",
    load: async () => (await import("./commands/docker-install.ts")).dockerInstall,
  },
  {
    name: "docker status",
    summary: "say how our plugins stand with the docker found",
    load: async () => (await import("./commands/docker-status.ts")).dockerStatus,
  },
  {
    name: "docker uninstall",
    summary: "take our plugins away from docker",
    load: async () => (await import("./commands/docker-uninstall.ts")).dockerUninstall,
  },
  {
    name: "doctor",
    summary: "look for what is wrong or will be",
    load: async () => (await import("./commands/doctor.ts")).doctor,
  },
  {
    name: "collection add",
    summary: "sign files and directories",
    load: async () => (await import("./commands/collection-add.ts")).collectionAdd,
  },
  {
    name: "collection replace",
    summary: "sign new contents of files",
    load: async () => (await import("./commands/collection-replace.ts")).collectionReplace,
  },
  {
    name: "collection remove",
    summary: "withdraw files",
    load: async () => (await import("./commands/collection-remove.ts")).collectionRemove,
  },
  {
    name: "collection list",
    summary: "list the files of a collection",
    load: async () => (await import("./commands/collection-list.ts")).collectionList,
  },
  {
    name: "collection layout",
    summary: "lay files out flat or in hashed bins",
    load: async () => (await import("./commands/collection-layout.ts")).collectionLayout,
  },
  {
    name: "collection lifetime",
    summary: "say how long what is signed is good",
    load: async () => (await import("./commands/collection-lifetime.ts")).collectionLifetime,
  },
  {
    name: "export",
    summary: "write a collection as a tree that any web server can serve",
    load: async () => (await import("./commands/export.ts")).exportCommand,
  },
  {
    name: "key list",
    summary: "list the keys on this machine",
    load: async () => (await import("./commands/key-list.ts")).keyList,
  },
  {
    name: "key generate",
    summary: "make a key",
    load: async () => (await import("./commands/key-generate.ts")).keyGenerate,
  },
  {
    name: "key import",
    summary: "bring keys from elsewhere",
    load: async () => (await import("./commands/key-import.ts")).keyImport,
  },
  {
    name: "key export",
    summary: "write a key to a file, encrypted",
    load: async () => (await import("./commands/key-export.ts")).keyExport,
  },
  {
    name: "key certificate",
    summary: "write a root certificate of a key for a collection",
    load: async () => (await import("./commands/key-certificate.ts")).keyCertificate,
  },
  {
    name: "token create",
    summary: "make an API token for a server",
    load: async () => (await import("./commands/token-create.ts")).tokenCreate,
  },
  {
    name: "token list",
    summary: "list the API tokens of a server",
    load: async () => (await import("./commands/token-list.ts")).tokenList,
  },
  {
    name: "token revoke",
    summary: "take API tokens away",
    load: async () => (await import("./commands/token-revoke.ts")).tokenRevoke,
  },
  {
    name: "trust add",
    summary: "pin the root key of a collection",
    load: async () => (await import("./commands/trust-add.ts")).trustAdd,
  },
  {
    name: "trust list",
    summary: "list the pins",
    load: async () => (await import("./commands/trust-list.ts")).trustList,
  },
  {
    name: "trust remove",
    summary: "remove a pin",
    load: async () => (await import("./commands/trust-remove.ts")).trustRemove,
  },
  {
    name: "import",
    summary: "bring collections home from other Notary servers",
    load: async () => (await import("./commands/import.ts")).importCommand,
  },
  {
    name: "notary",
    summary: "the command line of notary, also as a link of that name",
    load: async () => (await import("./commands/notary.ts")).notary,
    front: async () => (await import("./notary/front.ts")).runNotary,
  },
  {
    name: "tuf download",
    summary: "download verified targets of any TUF repository",
    load: async () => (await import("./commands/tuf-download.ts")).tufDownload,
  },
  {
    name: "tuf lookup",
    summary: "look targets up in any TUF repository, or several that must agree",
    load: async () => (await import("./commands/tuf-lookup.ts")).tufLookup,
  },
  {
    name: "tuf mirror",
    summary: "copy a TUF repository, verified, for networks without a way out",
    load: async () => (await import("./commands/tuf-mirror.ts")).tufMirror,
  },
  {
    name: "tuf refresh",
    summary: "bring the trusted documents of any TUF repository up to date",
    load: async () => (await import("./commands/tuf-refresh.ts")).tufRefresh,
  },
  {
    name: "migrate notary-db",
    summary: "bring the databases of notary-server and notary-signer over",
    load: async () => (await import("./commands/migrate-notary-db.ts")).migrateNotaryDb,
  },
  {
    name: "signer",
    summary: "hold the keys of trust servers in a process of their own, as notary-signer",
    load: async () => (await import("./commands/signer.ts")).signer,
  },
  {
    name: "signer import",
    summary: "bring the keys of a notary-signer over",
    load: async () => (await import("./commands/signer-import.ts")).signerImport,
  },
  {
    name: "signer rotate-passphrase",
    summary: "seal the keys of a signer anew under another passphrase",
    load: async () => (await import("./commands/signer-rotate-passphrase.ts")).signerRotatePassphrase,
  },
  {
    name: "completion",
    summary: "print a completion script for bash, zsh or fish",
    load: async () => (await import("./commands/completion.ts")).completion,
  },
  {
    name: "version",
    summary: "print the version",
    load: async () => (await import("./commands/version.ts")).version,
  },
];
