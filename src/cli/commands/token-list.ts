// `countersign token list`: which API tokens a server knows, without their secrets.
import type { TokenListing } from "../../remote/index.ts";
import { connectionsOf, serverOptions } from "../collection-options.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { printable } from "../terminal.ts";

export const tokenList: Command = {
  spec: {
    name: "token list",
    usage: ["[options]"],
    about: ["Lists the API tokens of a Countersign server, with what they allow. Needs a token that administers."],
    positionals: { min: 0, max: 0 },
    options: [...serverOptions],
    examples: [["countersign token list --token-file admin-token", "as the server's administrator"]],
    json: [
      '{"tokens": [{"id": "...", "name": "ci", "grants": {"collections": [{"collections": ["team/**"], "actions": ["pull"]}], "catalog": false, "admin": false}, "created": "...", "expires": null}]}',
    ],
  },
  async run(context) {
    const { terminal } = context;
    const connections = connectionsOf(context);
    try {
      const tokens = await (await connections.tokenAdmin()).list();
      terminal.value({ tokens: tokens.map(tokenJson) });
      if (tokens.length === 0) terminal.note("no API tokens");
      else {
        terminal.table(
          ["ID", "NAME", "ALLOWS", "EXPIRES"],
          tokens.map((token) => [token.id, printable(token.name), printable(allowed(token)), token.expires ?? "never"]),
        );
      }
    } finally {
      connections.close();
    }
    return exitCodes.done;
  },
};

function tokenJson({ id, name, collections, catalog, admin, created, expires }: TokenListing) {
  return { id, name, grants: { collections, catalog, admin }, created, expires: expires ?? null };
}

function allowed({ collections, catalog, admin }: TokenListing): string {
  const grants = collections.map((grant) => `${grant.actions.join("+")} ${grant.collections.join(" ")}`);
  return [...grants, ...(catalog ? ["catalog"] : []), ...(admin ? ["admin"] : [])].join("; ");
}
