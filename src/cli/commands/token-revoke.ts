// `countersign token revoke`: an API token that holds no longer.
import { connectionsOf, serverOptions } from "../collection-options.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";

export const tokenRevoke: Command = {
  spec: {
    name: "token revoke",
    usage: ["ID... [options]"],
    about: [
      "Takes API tokens away. The server that is asked refuses them from then on; others that share its database within seconds. Needs a token that administers.",
    ],
    positionals: { min: 1, max: 100 },
    options: [...serverOptions],
    examples: [["countersign token revoke 0123456789abcdef", "ids are shown by token list"]],
    json: ['{"revoked": ["..."]}'],
  },
  async run(context) {
    const { args, terminal } = context;
    const connections = connectionsOf(context);
    const revoked: string[] = [];
    try {
      const admin = await connections.tokenAdmin();
      for (const id of args.positionals) {
        await admin.revoke(id);
        revoked.push(id);
        terminal.line(`revoked ${id}`);
      }
      terminal.value({ revoked });
    } finally {
      connections.close();
    }
    return exitCodes.done;
  },
};
