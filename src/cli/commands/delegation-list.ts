// `countersign delegation list GUN`: who else may sign, and what.
import { parseGun } from "../../bytes/index.ts";
import { collectionStatus, findKeys, type KeyStatus, type RoleStatus } from "../../flows/index.ts";
import { connectionsOf, readOptions, readRequest } from "../collection-options.ts";
import type { Command } from "../command.ts";
import { isoDate } from "../dates.ts";
import { exitCodes } from "../exit-codes.ts";
import { printable } from "../terminal.ts";
import { openWorkplace, trustDirectoryOption } from "../workplace.ts";
import { pathsText, sinceJson, sinceText } from "./status.ts";

export const delegationList: Command = {
  spec: {
    name: "delegation list",
    usage: ["GUN [options]"],
    about: [
      "Lists the delegations of a collection, a key a line: what they may sign, with how many keys, since when and until when. `targets 3` is the version of the document that gave the key; status says more.",
    ],
    positionals: { min: 1, max: 1 },
    options: [trustDirectoryOption, ...readOptions],
    examples: [["countersign delegation list registry.example.com/team/app", "who may sign beside its owner"]],
    json: [
      '{"gun": "...", "delegations": [{"role": "targets/releases", "paths": "everything", "threshold": 1, "keys": ["..."],',
      ' "since": {"...": {"role": "targets", "version": 3, "exact": true}}, "until": "...", "targets": 3}]}',
    ],
  },
  async run(context) {
    const { args, terminal } = context;
    const gun = parseGun(args.positionals[0] ?? "");
    const connections = connectionsOf(context);
    try {
      const { ports, places, pins } = await openWorkplace(context, connections, gun);
      const found = await collectionStatus(ports, { ...readRequest(args, gun), pins }, await findKeys(places), {
        tellsSince: true,
      });
      const delegations = found.roles.filter(({ role }) => role.startsWith("targets/"));
      terminal.value({ gun, delegations: delegations.map(delegationJson) });
      if (delegations.length === 0) terminal.line(`${gun} has no delegations`);
      else terminal.table(["ROLE", "PATHS", "KEYS", "SINCE", "THRESHOLD", "UNTIL"], delegations.flatMap(rowsOf));
      return exitCodes.done;
    } finally {
      connections.close();
    }
  },
};

/** The first key beside the role's facts, the others below it. */
function rowsOf(role: RoleStatus): readonly (readonly string[])[] {
  const [first, ...others] = role.keys;
  const paths = role.paths === undefined ? "" : pathsText(role.paths);
  return [
    [printable(role.role), paths, first?.id ?? "none", keySince(first), String(role.threshold), untilText(role)],
    ...others.map((key) => ["", "", key.id, keySince(key), "", ""]),
  ];
}

function keySince(key: KeyStatus | undefined): string {
  return key?.since === undefined ? "" : sinceText(key.since);
}

function untilText({ expiresAt, unusable }: RoleStatus): string {
  if (unusable !== undefined) return `not usable: ${printable(unusable.message)}`;
  return expiresAt === undefined ? "never published" : isoDate(expiresAt).slice(0, 10);
}

function delegationJson({ role, paths, threshold, keys, expiresAt, targets, unusable }: RoleStatus) {
  return {
    role,
    threshold,
    keys: keys.map(({ id }) => id),
    since: Object.fromEntries(keys.flatMap(({ id, since }) => (since === undefined ? [] : [[id, sinceJson(since)]]))),
    ...(paths === undefined ? {} : { paths: pathsText(paths) }),
    ...(expiresAt === undefined ? {} : { until: isoDate(expiresAt) }),
    ...(targets === undefined ? {} : { targets }),
    ...(unusable === undefined ? {} : { unusable: unusable.code }),
  };
}
