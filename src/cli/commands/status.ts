// `countersign status GUN`: who may sign what, since when, until when, and what waits to be published.
import { isCountersignError, type JsonObject, parseGun } from "../../bytes/index.ts";
import { prefixesOfPatterns } from "../../dialects/index.ts";
import {
  type CollectionStatus,
  collectionStatus,
  type DelegatedSince,
  describeStaged,
  findKeys,
  type KeyStatus,
  type RoleStatus,
} from "../../flows/index.ts";
import type { StagedFile } from "../../home/index.ts";
import type { DelegatedPaths } from "../../tuf/index.ts";
import { connectionsOf, readOptions, readRequest } from "../collection-options.ts";
import type { Command } from "../command.ts";
import { humanDate, humanDistance, isoDate } from "../dates.ts";
import { exitCodes } from "../exit-codes.ts";
import { printable, type Terminal } from "../terminal.ts";
import { openWorkplace, stagedChanges, trustDirectoryOption } from "../workplace.ts";

export const status: Command = {
  spec: {
    name: "status",
    usage: ["GUN [options]"],
    about: [
      "Says who may sign what in a collection, since when and until when, which of those keys are on this machine, and what is staged. Everything but the names of keys is verified.",
      "Since when a delegation's key may sign is looked up in older versions of the document that lists it, in at most 24 of them: in `since targets 3`, version 3 lists the key and version 2 did not. A key that was taken out and given again counts from where that was seen. `since at least targets 3` means that the server keeps no older version that verifies, that it could not be asked, or that it would have taken too many.",
    ],
    positionals: { min: 1, max: 1 },
    options: [
      { name: "staged", text: "only what is staged; nothing is contacted" },
      trustDirectoryOption,
      ...readOptions,
    ],
    examples: [
      ["countersign status registry.example.com/team/app", "the collection and what is staged"],
      ["countersign status registry.example.com/team/app --offline", "from the cache, while nothing in it has expired"],
    ],
    json: [
      '{"gun": "...", "dialect": "tuf1", "online": true, "until": "...", "roles": [{"role": "root", "version": 1, "until": "...",',
      ' "threshold": 1, "canSign": true, "keys": [{"id": "...", "signed": true, "here": "...", "name": "root", "sinceRoot": 1}]},',
      ' {"role": "targets/releases", ..., "keys": [{"id": "...", ..., "since": {"role": "targets", "version": 3, "exact": true}}]}],',
      ' "staged": [{"number": 0, "action": "create", "role": "targets", "what": "target 1.0"}], "warnings": []}',
    ],
  },
  async run(context) {
    const { args, terminal, clock } = context;
    const gun = parseGun(args.positionals[0] ?? "");
    if (args.flag("staged")) {
      const staged = await stagedChanges(context, gun).list();
      terminal.value({ gun, staged: stagedJson(staged) });
      showStaged(terminal, staged);
      return exitCodes.done;
    }
    const connections = connectionsOf(context);
    try {
      const { ports, places, changes, pins } = await openWorkplace(context, connections, gun);
      const found = await collectionStatus(ports, { ...readRequest(args, gun), pins }, await findKeys(places), {
        tellsSince: true,
      });
      const staged = await changes.list();
      terminal.value({ ...statusJson(found), staged: stagedJson(staged) });
      show(terminal, found, clock());
      showStaged(terminal, staged);
      return exitCodes.done;
    } finally {
      connections.close();
    }
  },
};

function show(terminal: Terminal, found: CollectionStatus, now: number): void {
  terminal.line(terminal.paint("bold", found.gun));
  terminal.facts([
    ["read as", found.dialect],
    ["needs its owner", `by ${humanDate(found.expiresAt)} (${humanDistance(found.expiresAt, now)})`],
    ["freshness", found.offline === undefined ? undefined : `from the cache: ${printable(found.offline.message)}`],
  ]);
  for (const role of found.roles) showRole(terminal, role, now);
  for (const { message, code } of found.warnings) terminal.warning(`${printable(message)} [${code}]`);
}

function showRole(terminal: Terminal, role: RoleStatus, now: number): void {
  const { keys, threshold, expiresAt, unusable, lastSigned } = role;
  terminal.line(printable(role.role));
  const many = keys.length === 1 ? "its key" : `${threshold} of ${keys.length} keys`;
  terminal.facts([
    ["signed by", `${many}${role.canSign ? ", at hand here" : ""}`],
    ...keys.map((key) => ["key", keyText(key)] as const),
    ["paths", role.paths === undefined ? undefined : pathsText(role.paths)],
    ["until", expiresAt === undefined ? undefined : `${humanDate(expiresAt)} (${humanDistance(expiresAt, now)})`],
    ["version", role.version === undefined ? undefined : String(role.version)],
    ["targets", role.targets === undefined ? undefined : String(role.targets)],
    ["last signed", lastSigned === undefined ? undefined : humanDate(lastSigned)],
    [
      "state",
      unusable === undefined
        ? role.version === undefined
          ? "never published"
          : undefined
        : printable(unusable.message),
    ],
  ]);
}

function keyText({ id, atHand, hasSigned, sinceRoot, since, certificate }: KeyStatus): string {
  const facts = [
    hasSigned ? "signed" : undefined,
    atHand === undefined ? undefined : `here${atHand.name === undefined ? "" : ` as ${printable(atHand.name)}`}`,
    sinceRoot === undefined ? undefined : `since root ${sinceRoot}`,
    since === undefined ? undefined : `since ${sinceText(since)}`,
    certificate === undefined ? undefined : `from ${isoDate(certificate.from).slice(0, 10)}`,
    certificate === undefined ? undefined : `certificate until ${isoDate(certificate.until).slice(0, 10)}`,
  ].filter((fact) => fact !== undefined);
  return facts.length === 0 ? id : `${id} (${facts.join(", ")})`;
}

/** What follows "since". */
export function sinceText({ role, version, isExact, signedAt }: DelegatedSince): string {
  const day = signedAt === undefined ? "" : ` of ${isoDate(signedAt).slice(0, 10)}`;
  return `${isExact ? "" : "at least "}${printable(role)} ${version}${day}`;
}

export function sinceJson({ role, version, isExact, signedAt }: DelegatedSince): JsonObject {
  return { role, version, exact: isExact, ...(signedAt === undefined ? {} : { signed: isoDate(signedAt) }) };
}

/** As they were asked for: `2.*` is every name that begins so, whichever dialect it was read in. */
export function pathsText(paths: DelegatedPaths): string {
  if (paths.kind === "hashPrefixes") return `names whose hash begins with ${paths.hashPrefixes.join(", ")}`;
  const prefixes = paths.kind === "prefixes" ? paths.prefixes : asPrefixes(paths.patterns);
  if (prefixes === undefined) return paths.kind === "patterns" ? paths.patterns.map(printable).join(", ") : "";
  return prefixes.map((prefix) => (prefix === "" ? "everything" : `${printable(prefix)}*`)).join(", ") || "none";
}

/** undefined: patterns of another TUF tool, which no prefixes say. */
function asPrefixes(patterns: readonly string[]): readonly string[] | undefined {
  try {
    return prefixesOfPatterns(patterns);
  } catch (error) {
    if (isCountersignError(error, "preflight.inexpressible")) return undefined;
    throw error;
  }
}

function showStaged(terminal: Terminal, staged: readonly StagedFile[]): void {
  terminal.line(staged.length === 0 ? "nothing is staged" : "staged, not published:");
  if (staged.length === 0) return;
  const rows = staged.map((one, number) => {
    const { action, role, what } = describeStaged(one);
    return [String(number), action, printable(role), printable(what)];
  });
  terminal.table(["#", "ACTION", "ROLE", "WHAT"], rows);
}

function stagedJson(staged: readonly StagedFile[]): readonly JsonObject[] {
  return staged.map((one, number) => ({ number, ...describeStaged(one) }));
}

function statusJson(found: CollectionStatus): JsonObject {
  return {
    gun: found.gun,
    dialect: found.dialect,
    online: found.offline === undefined,
    until: isoDate(found.expiresAt),
    roles: found.roles.map(roleJson),
    warnings: found.warnings.map(({ code, message }) => ({ code, message })),
  };
}

function roleJson(role: RoleStatus): JsonObject {
  const { version, expiresAt, targets, lastSigned, unusable, paths } = role;
  return {
    role: role.role,
    threshold: role.threshold,
    canSign: role.canSign,
    keys: role.keys.map(keyJson),
    ...(version === undefined ? {} : { version }),
    ...(expiresAt === undefined ? {} : { until: isoDate(expiresAt) }),
    ...(targets === undefined ? {} : { targets }),
    ...(lastSigned === undefined ? {} : { lastSigned: isoDate(lastSigned) }),
    ...(paths === undefined ? {} : { paths: pathsText(paths) }),
    ...(unusable === undefined ? {} : { unusable: { code: unusable.code, message: unusable.message } }),
  };
}

function keyJson({ id, atHand, hasSigned, sinceRoot, since, certificate }: KeyStatus): JsonObject {
  return {
    id,
    signed: hasSigned,
    ...(atHand === undefined ? {} : { here: atHand.path }),
    ...(atHand?.name === undefined ? {} : { name: atHand.name }),
    ...(sinceRoot === undefined ? {} : { sinceRoot }),
    ...(since === undefined ? {} : { since: sinceJson(since) }),
    ...(certificate === undefined
      ? {}
      : { from: isoDate(certificate.from), certificateUntil: isoDate(certificate.until) }),
  };
}
