// `countersign tags GUN`: what is signed, newest first.
import { parseGun } from "../../bytes/index.ts";
import { listTags } from "../../flows/index.ts";
import { connectionsOf, readOptions, readRequest } from "../collection-options.ts";
import type { Command } from "../command.ts";
import { humanDate, isoDate } from "../dates.ts";
import { exitCodes } from "../exit-codes.ts";
import { offerPinning } from "../first-use.ts";
import { reasonJson } from "../show-verdict.ts";
import { printable } from "../terminal.ts";

export const tags: Command = {
  spec: {
    name: "tags",
    usage: ["GUN [options]"],
    about: [
      "Lists every signed target of a collection: versions first, the newest on top, then the rest by date. Who and when are what the holder of the key said; digest, length and role are proven.",
    ],
    positionals: { min: 1, max: 1 },
    options: readOptions,
    examples: [
      ["countersign tags registry.example.com/team/app", "every tag, newest first"],
      ["countersign tags registry.example.com/team/app --json", "with full digests and keys"],
    ],
    json: [
      '{"gun": "...", "dialect": "tuf1", "warnings": [], "tags": [{"name": "1.4.2", "digest": "sha256:...", "length": 1234,',
      ' "role": "targets", "keys": ["..."], "until": "...", "publisher": "...", "signedAt": "..."}]}',
    ],
  },
  async run(context) {
    const { args, terminal } = context;
    const gun = parseGun(args.positionals[0] ?? "");
    const request = readRequest(args, gun);
    const connections = connectionsOf(context);
    try {
      const ports = await connections.portsFor(gun);
      await offerPinning(context, ports, request);
      const listing = await listTags(ports, request);
      if (terminal.json) {
        terminal.value({
          gun,
          dialect: listing.dialect,
          tags: listing.tags.map((tag) => ({
            name: tag.name,
            digest: tag.digest,
            length: tag.length,
            role: tag.role,
            keys: tag.keys,
            until: isoDate(tag.expiresAt),
            ...(tag.publisher === undefined ? {} : { publisher: tag.publisher }),
            ...(tag.signedAt === undefined ? {} : { signedAt: isoDate(tag.signedAt) }),
          })),
          warnings: listing.warnings.map(reasonJson),
        });
      } else if (listing.tags.length === 0) terminal.note(`${gun} has no signed targets yet`);
      else {
        terminal.table(
          ["TAG", "DIGEST", "ROLE", "SIGNED", "BY"],
          listing.tags.map((tag) => [
            printable(tag.name),
            tag.digest.slice(0, 19),
            printable(tag.role),
            tag.signedAt === undefined ? "-" : humanDate(tag.signedAt),
            tag.publisher === undefined ? "-" : printable(tag.publisher),
          ]),
        );
      }
      for (const warning of listing.warnings) terminal.warning(`${printable(warning.message)} [${warning.code}]`);
      return exitCodes.done;
    } finally {
      connections.close();
    }
  },
};
