// The commands of `notary`, with the words its users know from its help, and where each is done. Descriptions are Notary's own where
// scripts and documentation quote them.
import type { FlagSpec } from "./command-line.ts";
import type { NotaryCommand } from "./front-context.ts";

export interface CommandEntry {
  /** `list`, or `key list`. */
  readonly name: string;
  /** One line, in the list of commands. */
  readonly summary: string;
  /** Above the usage in help. */
  readonly about: string;
  /** What follows the name in the usage line; undefined: the head of a group. */
  readonly usage?: string;
  readonly flags?: readonly FlagSpec[];
  load?(): Promise<NotaryCommand>;
}

export const globalFlags: readonly FlagSpec[] = [
  { name: "configFile", short: "c", kind: "string", text: "Path to the configuration file to use" },
  { name: "debug", short: "D", kind: "bool", text: "Debug output" },
  { name: "server", short: "s", kind: "string", text: "Remote trust server location" },
  { name: "tlscacert", kind: "string", text: "Trust certs signed only by this CA" },
  { name: "tlscert", kind: "string", text: "Path to TLS certificate file" },
  { name: "tlskey", kind: "string", text: "Path to TLS key file" },
  { name: "trustDir", short: "d", kind: "string", text: "Directory where the trust data is persisted to" },
  { name: "verbose", short: "v", kind: "bool", text: "Verbose output" },
];

export const versionFlag: FlagSpec = { name: "version", kind: "bool", text: "Print the version number of notary" };

const publish: FlagSpec = {
  name: "publish",
  short: "p",
  kind: "bool",
  text: "Automatically attempt to publish after staging the change. Will also publish existing staged changes.",
};
const custom: FlagSpec = {
  name: "custom",
  kind: "string",
  text: "Path to the file containing custom data for this target",
};
const roles = (text: string): FlagSpec => ({ name: "roles", short: "r", kind: "strings", text });
const staging =
  "This is an offline operation.  Please then use `publish` to push the changes to the remote trusted collection.";
const byName = "identified by the Globally Unique Name.";

export const commandTable: readonly CommandEntry[] = [
  {
    name: "add",
    summary: "Adds the file as a target to the trusted collection.",
    about: `Adds the file as a target to the local trusted collection ${byName} ${staging}`,
    usage: "[ GUN ] <target> <file>",
    flags: [custom, publish, roles("Delegation roles to add this target to")],
    load: async () => (await import("./target-commands.ts")).add,
  },
  {
    name: "addhash",
    summary: "Adds the byte size and hash(es) as a target to the trusted collection.",
    about: `Adds the specified byte size and hash(es) as a target to the local trusted collection ${byName} ${staging}`,
    usage: "[ GUN ] <target> <byte size> <hashes>",
    flags: [
      custom,
      publish,
      roles("Delegation roles to add this target to"),
      { name: "sha256", kind: "string", text: "hex encoded sha256 of the target to add" },
      { name: "sha512", kind: "string", text: "hex encoded sha512 of the target to add" },
    ],
    load: async () => (await import("./target-commands.ts")).addHash,
  },
  {
    name: "completion",
    summary: "Generate the autocompletion script for the specified shell",
    about:
      "Generate the autocompletion script for notary for the specified shell.\nSee each sub-command's help for details on how to use the generated script.",
  },
  ...["bash", "fish", "zsh"].map((shell) => ({
    name: `completion ${shell}`,
    summary: `Generate the autocompletion script for ${shell}`,
    about: `Generate the autocompletion script for the ${shell} shell.`,
    usage: "",
    flags: [{ name: "no-descriptions", kind: "bool", text: "disable completion descriptions" } satisfies FlagSpec],
    load: async () => (await import("./completion-command.ts")).completion(shell, commandTable, globalFlags),
  })),
  {
    name: "delegation",
    summary: "Operates on delegations.",
    about: "Operations on TUF delegations.",
  },
  {
    name: "delegation add",
    summary: "Add a keys to delegation using the provided public key X509 certificates.",
    about:
      "Add a keys to delegation using the provided public key PEM encoded X509 certificates in a specific Global Unique Name.",
    usage: "[ GUN ] [ Role ] <X509 file path 1> ...",
    flags: [
      { name: "all-paths", kind: "bool", text: "Add all paths to this delegation" },
      { name: "paths", kind: "strings", text: "List of paths to add" },
      publish,
    ],
    load: async () => (await import("./delegation-commands.ts")).delegationAdd,
  },
  {
    name: "delegation list",
    summary: "Lists delegations for the Global Unique Name.",
    about: "Lists all delegations known to notary for a specific Global Unique Name.",
    usage: "[ GUN ]",
    load: async () => (await import("./read-commands.ts")).delegationList,
  },
  {
    name: "delegation purge",
    summary: "Remove KeyID(s) from all delegation roles in the given GUN.",
    about:
      "Remove KeyID(s) from all delegation roles in the given GUN, for which the signing keys are available. Warnings will be printed for delegations that cannot be updated.",
    usage: "[ GUN ]",
    flags: [{ name: "key", kind: "strings", text: "Delegation key IDs to be removed from the GUN" }, publish],
    load: async () => (await import("./delegation-commands.ts")).delegationPurge,
  },
  {
    name: "delegation remove",
    summary: "Remove KeyID(s) from the specified Role delegation.",
    about: "Remove KeyID(s) from the specified Role delegation in a specific Global Unique Name.",
    usage: "[ GUN ] [ Role ] <KeyID 1> ...",
    flags: [
      { name: "all-paths", kind: "bool", text: "Remove all paths from this delegation" },
      { name: "paths", kind: "strings", text: "List of paths to remove" },
      publish,
      { name: "yes", short: "y", kind: "bool", text: "Answer yes to the removal question (no confirmation)" },
    ],
    load: async () => (await import("./delegation-commands.ts")).delegationRemove,
  },
  {
    name: "delete",
    summary: "Deletes all content for a trusted collection",
    about: `Deletes all local content for a trusted collection ${byName} Remote data can also be deleted with an additional flag.`,
    usage: "[ GUN ]",
    flags: [{ name: "remote", kind: "bool", text: "Delete remote data for GUN in addition to local cache" }],
    load: async () => (await import("./collection-commands.ts")).deleteCollection,
  },
  {
    name: "init",
    summary: "Initializes a local trusted collection.",
    about: `Initializes a local trusted collection ${byName} This is an online operation.`,
    usage: "[ GUN ]",
    flags: [
      publish,
      {
        name: "rootcert",
        kind: "string",
        text: "Root certificate must match root key if a root key is supplied, otherwise it must match a key present in keystore",
      },
      { name: "rootkey", kind: "string", text: "Root key to initialize the repository with" },
    ],
    load: async () => (await import("./collection-commands.ts")).init,
  },
  { name: "key", summary: "Operates on keys.", about: "Operations on private keys." },
  {
    name: "key export",
    summary: "Exports all keys from all local keystores. Can be filtered using the --key and --gun flags.",
    about:
      "Exports all keys from all local keystores. Which keys are exported can be restricted by using the --key or --gun flags. By default the result is sent to stdout, it can be directed to a file with the -o flag. Keys stored in a Yubikey cannot be exported.",
    usage: "",
    flags: [
      { name: "gun", kind: "strings", text: "GUNs for which to export keys" },
      { name: "key", kind: "strings", text: "Key IDs to export" },
      { name: "output", short: "o", kind: "string", text: "Filepath to write export output to" },
    ],
    load: async () => (await import("./key-files.ts")).keyExport,
  },
  {
    name: "key generate",
    summary: "Generates a new key with a given algorithm.",
    about:
      'Generates a new key with a given algorithm. If hardware key storage (e.g. a Yubikey) is available, generated root keys will be stored both on hardware and on disk (so that it can be backed up).  Please make sure to back up and then remove this on-key disk immediatelyafterwards. If a `--output` file name is provided, two files will be written, <output>.pem and <output>-key.pem, containing the publicand private keys respectively (the key will not be stored in Notary\'s key storage, including any connected hardware storage). If no `--role` is provided, "root" will be assumed.',
    usage: "[ algorithm ]",
    flags: [
      { name: "output", short: "o", kind: "string", text: "Filepath to write export output to" },
      {
        name: "role",
        short: "r",
        kind: "string",
        text: 'Role to generate key with, defaulting to "root".',
        fallback: "root",
      },
    ],
    load: async () => (await import("./key-commands.ts")).keyGenerate,
  },
  {
    name: "key import",
    summary: "Imports all keys from all provided .pem files",
    about:
      "Imports all keys from all provided .pem files by reading each PEM block from the file and writing that block to a unique object in the local keystore. A Yubikey will be the preferred import location for root keys if present.",
    usage: "pemfile [ pemfile ... ]",
    flags: [
      {
        name: "gun",
        short: "g",
        kind: "string",
        text: "Gun to import key with, if a gun is not already given in a PEM header",
      },
      {
        name: "role",
        short: "r",
        kind: "string",
        text: "Role to import key with, if a role is not already given in a PEM header",
      },
    ],
    load: async () => (await import("./key-files.ts")).keyImport,
  },
  {
    name: "key list",
    summary: "Lists keys.",
    about: "Lists all keys known to notary.",
    usage: "",
    load: async () => (await import("./key-commands.ts")).keyList,
  },
  {
    name: "key passwd",
    summary: "Changes the passphrase for the key with the given keyID.",
    about: "Changes the passphrase for the key with the given keyID.  Will require validation of the old passphrase.",
    usage: "[ keyID ]",
    load: async () => (await import("./key-commands.ts")).keyPasswd,
  },
  {
    name: "key remove",
    summary: "Removes the key with the given keyID.",
    about:
      "Removes the key with the given keyID.  If the key is stored in more than one location, you will be asked which one to remove.",
    usage: "[ keyID ]",
    load: async () => (await import("./key-commands.ts")).keyRemove,
  },
  {
    name: "key rotate",
    summary: "Rotate a signing (non-root) key of the given type for the given Globally Unique Name and role.",
    about:
      'Generates a new key for the given Globally Unique Name and role (one of "snapshot", "targets", "root", or "timestamp").  If rotating to a server-managed key, a new key is requested from the server rather than generated.  If the generation or key request is successful, the key rotation is immediately published.  No other changes, even if they are staged, will be published.',
    usage: "[ GUN ] [ key role ]",
    flags: [
      {
        name: "key",
        short: "k",
        kind: "strings",
        text: "New key(s) to rotate to. If not specified, one will be generated.",
      },
      {
        name: "legacy",
        short: "l",
        kind: "int",
        text: "Number of old version's root roles to sign with to support old clients",
      },
      {
        name: "server-managed",
        short: "r",
        kind: "bool",
        text: "Signing and key management will be handled by the remote server (no key will be generated or stored locally). Required for timestamp role, optional for snapshot role",
      },
    ],
    load: async () => (await import("./rotate-command.ts")).keyRotate,
  },
  {
    name: "list",
    summary: "Lists targets for a remote trusted collection.",
    about: `Lists all targets for a remote trusted collection ${byName} This is an online operation.`,
    usage: "[ GUN ]",
    flags: [roles("Delegation roles to list targets for (will shadow targets role)")],
    load: async () => (await import("./read-commands.ts")).list,
  },
  {
    name: "lookup",
    summary: "Looks up a specific target in a remote trusted collection.",
    about: `Looks up a specific target in a remote trusted collection ${byName}`,
    usage: "[ GUN ] <target>",
    load: async () => (await import("./read-commands.ts")).lookup,
  },
  {
    name: "publish",
    summary: "Publishes the local trusted collection.",
    about: `Publishes the local trusted collection ${byName.slice(0, -1)}, sending the local changes to a remote trusted server.`,
    usage: "[ GUN ]",
    load: async () => (await import("./change-commands.ts")).publishCommand,
  },
  {
    name: "remove",
    summary: "Removes a target from a trusted collection.",
    about: `Removes a target from the local trusted collection ${byName} ${staging}`,
    usage: "[ GUN ] <target>",
    flags: [publish, roles("Delegation roles to remove this target from")],
    load: async () => (await import("./target-commands.ts")).remove,
  },
  {
    name: "reset",
    summary: "Resets unpublished changes for the local trusted collection.",
    about: `Resets unpublished changes for the local trusted collection ${byName}`,
    usage: "[ GUN ]",
    flags: [
      { name: "all", kind: "bool", text: "Reset all changes shown in the status list" },
      {
        name: "number",
        short: "n",
        kind: "ints",
        text: "Numbers of specific changes to exclusively reset, as shown in status list",
      },
    ],
    load: async () => (await import("./change-commands.ts")).reset,
  },
  {
    name: "status",
    summary: "Displays status of unpublished changes to the local trusted collection.",
    about: `Displays status of unpublished changes to the local trusted collection ${byName}`,
    usage: "[ GUN ]",
    load: async () => (await import("./change-commands.ts")).status,
  },
  {
    name: "verify",
    summary: "Verifies if the content is included in the remote trusted collection",
    about: `Verifies if the data passed in STDIN is included in the remote trusted collection ${byName}`,
    usage: "[ GUN ] <target>",
    flags: [
      { name: "input", short: "i", kind: "string", text: "Read from a file, instead of STDIN" },
      { name: "output", short: "o", kind: "string", text: "Write to a file, instead of STDOUT" },
      { name: "quiet", short: "q", kind: "bool", text: "No output except for errors" },
    ],
    load: async () => (await import("./read-commands.ts")).verify,
  },
  {
    name: "version",
    summary: "Print the version number of notary",
    about: "Print the version number of notary",
    usage: "",
    load: async () => (await import("./version-command.ts")).version,
  },
  {
    name: "witness",
    summary: "Marks roles to be re-signed the next time they're published",
    about:
      "Marks roles to be re-signed the next time they're published. Currently will always bump version and expiry for role. N.B. behaviour may change when thresholding is introduced.",
    usage: "[ GUN ] <role> ...",
    flags: [publish],
    load: async () => (await import("./change-commands.ts")).witness,
  },
];
