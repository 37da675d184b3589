// `countersign token create`: an API token for a machine or a person, whose secret is shown once.
import type { TokenRequest } from "../../remote/index.ts";
import { usage } from "../arguments.ts";
import { connectionsOf, serverOptions } from "../collection-options.ts";
import type { Arguments, Command, CommandSpec } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { printable } from "../terminal.ts";

const defaultDays = 90;
const maxDays = 3_650;

const spec: CommandSpec = {
  name: "token create",
  usage: ["NAME [options]"],
  about: [
    "Makes an API token on a Countersign server and prints its secret, once: the server keeps a hash. Whoever runs it needs a token that administers; the first one is in the server's data directory, in the file admin-token.",
    "A pattern names collections: * is any run of characters without a slash, ** any run at all. --push contains what --pull allows; --full also deletes collections and replaces the server's keys.",
    "Clients send the token as COUNTERSIGN_TOKEN, or from a file: COUNTERSIGN_TOKEN_FILE, --token-file. Notary's and docker's clients send it as a password, with any user name.",
  ],
  positionals: { min: 1, max: 1 },
  options: [
    { name: "pull", value: "PATTERN", multiple: true, text: "may read these collections" },
    { name: "push", value: "PATTERN", multiple: true, text: "may read these collections and publish to them" },
    { name: "full", value: "PATTERN", multiple: true, text: "may do everything to these collections" },
    { name: "catalog", text: "may read the change feed of all collections" },
    { name: "admin", text: "may make, list and revoke API tokens" },
    { name: "days", value: "N", text: `how long it is good; ${defaultDays} unless given` },
    { name: "no-expiry", text: "good until it is revoked" },
    ...serverOptions,
  ],
  examples: [
    ["countersign token create ci --push 'registry.example.com/team/**'", "for a CI system without ID tokens"],
    ["countersign token create reader --pull '**' --days 30 > token", "into a file"],
  ],
  json: ['{"id": "...", "name": "ci", "token": "cst_...", "created": "...", "expires": "..."}'],
};

export const tokenCreate: Command = {
  spec,
  async run(context) {
    const { args, terminal } = context;
    const request = tokenRequest(args);
    const connections = connectionsOf(context);
    try {
      const admin = await connections.tokenAdmin();
      const made = await admin.create(request);
      const { id, name, created, expires = null } = made;
      terminal.value({ id, name, token: made.secret, created, expires });
      terminal.line(made.secret);
      terminal.note(`token ${id} (${printable(name)}) at ${admin.url.host}, good until ${expires ?? "it is revoked"}`);
      terminal.note("this is the only time its secret is shown");
    } finally {
      connections.close();
    }
    return exitCodes.done;
  },
};

/** @throws usage.invalid */
function tokenRequest(args: Arguments): TokenRequest {
  const grants = [
    { collections: args.values("pull"), actions: ["pull"] as const },
    { collections: args.values("push"), actions: ["pull", "push"] as const },
    { collections: args.values("full"), actions: ["*"] as const },
  ].filter(({ collections }) => collections.length > 0);
  const [catalog, admin] = [args.flag("catalog"), args.flag("admin")];
  if (grants.length === 0 && !catalog && !admin) {
    throw usage(spec, "a token that allows nothing", ["say what it may do: --pull, --push or --full PATTERN"]);
  }
  const [name = ""] = args.positionals;
  return { name, grants: { collections: grants, catalog, admin }, days: daysOf(args) };
}

function daysOf(args: Arguments): number | null {
  const text = args.value("days");
  if (args.flag("no-expiry")) {
    if (text !== undefined) throw usage(spec, "--days and --no-expiry exclude each other");
    return null;
  }
  const days = text === undefined ? defaultDays : Number(text);
  if (!/^[0-9]{1,4}$/.test(text ?? "1") || days < 1 || days > maxDays) {
    throw usage(spec, `--days takes 1 to ${maxDays}, not ${JSON.stringify(text?.slice(0, 20))}`);
  }
  return days;
}
