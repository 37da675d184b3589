// `countersign inspect GUN`: roles, keys, versions, expiries.
import { type JsonObject, parseGun } from "../../bytes/index.ts";
import { type Inspection, inspectCollection, type TopRoleReport } from "../../flows/index.ts";
import type { RoleReport } from "../../updater/index.ts";
import { connectionsOf, readOptions, readRequest } from "../collection-options.ts";
import type { Command } from "../command.ts";
import { humanDate, humanDistance, isoDate } from "../dates.ts";
import { exitCodes } from "../exit-codes.ts";
import { offerPinning } from "../first-use.ts";
import { reasonJson } from "../show-verdict.ts";
import { printable, type Terminal } from "../terminal.ts";

export const inspect: Command = {
  spec: {
    name: "inspect",
    usage: ["GUN [options]"],
    about: [
      "Shows a collection's roles: who may sign them, which keys did, versions and expiries, and whether both dialects are level.",
    ],
    positionals: { min: 1, max: 1 },
    options: readOptions,
    examples: [["countersign inspect registry.example.com/team/app", "the roles and keys of a collection"]],
    json: [
      '{"gun": "...", "dialect": "tuf1", "anchor": "pinned", "online": true, "behind": [], "warnings": [],',
      ' "served": {"tuf1": {"root": 1, "targets": 2}},',
      ' "roles": [{"role": "root", "state": "trusted", "version": 1, "expires": "...", "threshold": 1, "keys": [], "signedBy": []}]}',
    ],
  },
  async run(context) {
    const { args, terminal, clock } = context;
    const gun = parseGun(args.positionals[0] ?? "");
    const request = readRequest(args, gun);
    const connections = connectionsOf(context);
    try {
      const ports = await connections.portsFor(gun);
      await offerPinning(context, ports, request);
      const found = await inspectCollection(ports, request);
      terminal.value(inspectionJson(found));
      showInspection(terminal, found, clock());
      return exitCodes.done;
    } finally {
      connections.close();
    }
  },
};

function showInspection(terminal: Terminal, found: Inspection, now: number): void {
  terminal.line(terminal.paint("bold", found.gun));
  terminal.facts([
    ["read as", found.dialect],
    ["believed", found.anchor.kind === "pinned" ? "its root key is pinned" : "on first use"],
    ["freshness", found.isOnline ? undefined : "from the cache: the trust server could not be reached"],
    ...[...found.served].map(([dialect, roles]) => {
      return [
        `served ${dialect}`,
        [...roles].map(([role, { version }]) => `${printable(role)} ${version}`).join(", "),
      ] as const;
    }),
    ["behind", found.behind === undefined || found.behind.length === 0 ? undefined : found.behind.join(", ")],
  ]);
  terminal.line();
  for (const report of [found.root, found.timestamp, found.snapshot]) showTop(terminal, report, now);
  for (const report of found.roles) showRole(terminal, report, now);
  for (const warning of found.warnings) terminal.warning(`${printable(warning.message)} [${warning.code}]`);
}

function showTop(terminal: Terminal, { facts, keys, threshold }: TopRoleReport, now: number): void {
  terminal.line(facts.role);
  terminal.facts([
    ["version", String(facts.version)],
    ["expires", `${humanDate(facts.expires.at)} (${humanDistance(facts.expires.at, now)})`],
    ["threshold", `${threshold} of ${keys.length}`],
    ...keys.map((id) => [facts.signedBy.includes(id) ? "key, signed" : "key", id] as const),
  ]);
}

function showRole(terminal: Terminal, report: RoleReport, now: number): void {
  terminal.line(printable(report.role));
  const { state } = report;
  const signedBy: readonly string[] = state.kind === "trusted" ? state.facts.signedBy : [];
  const expires = state.kind === "trusted" ? state.facts.expires.at : undefined;
  terminal.facts([
    [
      "state",
      state.kind === "trusted"
        ? undefined
        : state.kind === "unpublished"
          ? "never published"
          : printable(state.reason.message),
    ],
    ["version", state.kind === "trusted" ? String(state.facts.version) : undefined],
    ["expires", expires === undefined ? undefined : `${humanDate(expires)} (${humanDistance(expires, now)})`],
    ["targets", state.kind === "trusted" ? String(state.targets) : undefined],
    ["delegated by", report.delegatedBy],
    ["threshold", `${report.threshold} of ${report.keys.length}`],
    ...report.keys.map((id) => [signedBy.includes(id) ? "key, signed" : "key", id] as const),
  ]);
}

function inspectionJson(found: Inspection): JsonObject {
  return {
    gun: found.gun,
    dialect: found.dialect,
    anchor: found.anchor.kind,
    online: found.isOnline,
    ...(found.behind === undefined ? {} : { behind: found.behind }),
    served: Object.fromEntries([...found.served].map(([dialect, roles]) => [dialect, versionsOf(roles)])),
    roles: [...[found.root, found.timestamp, found.snapshot].map(topJson), ...found.roles.map(roleJson)],
    warnings: found.warnings.map(reasonJson),
  };
}

/** What the server says it holds, not verified: role -> version. */
function versionsOf(roles: ReadonlyMap<string, { readonly version: number }>): JsonObject {
  return Object.fromEntries([...roles].map(([role, { version }]) => [role, version]));
}

function topJson({ facts, keys, threshold }: TopRoleReport): JsonObject {
  return {
    role: facts.role,
    state: "trusted",
    version: facts.version,
    expires: isoDate(facts.expires.at),
    threshold,
    keys,
    signedBy: facts.signedBy,
  };
}

function roleJson(report: RoleReport): JsonObject {
  const { role, state, threshold, keys } = report;
  const delegated = report.delegatedBy === undefined ? {} : { delegatedBy: report.delegatedBy };
  if (state.kind !== "trusted") {
    const reason = state.kind === "unusable" ? { code: state.reason.code, message: state.reason.message } : {};
    return { role, state: state.kind, threshold, keys, ...delegated, ...reason };
  }
  const { version, expires, signedBy } = state.facts;
  return {
    role,
    state: "trusted",
    version,
    expires: isoDate(expires.at),
    threshold,
    keys,
    signedBy,
    ...delegated,
    targets: state.targets,
  };
}
