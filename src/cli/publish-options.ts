// What signing and revoking share: options, who publishes, and how a publish is told.
import { hostname, userInfo } from "node:os";
import type { JsonObject } from "../bytes/index.ts";
import type { PublishReport } from "../flows/index.ts";
import type { Home } from "../home/index.ts";
import { pinOptions, serverOptions } from "./collection-options.ts";
import type { Context, OptionSpec } from "./command.ts";
import { passphraseOptions } from "./passphrases.ts";
import { findingsJson, showFindings } from "./show-findings.ts";
import { printable, type Terminal } from "./terminal.ts";

export const publishOptions: readonly OptionSpec[] = [
  ...passphraseOptions,
  ...serverOptions,
  ...pinOptions.filter((option) => option.name === "pin"),
];

/** --publisher, COUNTERSIGN_PUBLISHER, config.json, or the user and machine names. */
export async function publisherName({ args, env }: Context, home: Home): Promise<string | undefined> {
  const given = args.value("publisher") ?? (env.COUNTERSIGN_PUBLISHER || undefined);
  return given ?? (await home.settings()).publisher ?? localName();
}

function localName(): string | undefined {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    // A user id without a passwd entry, as in many containers: the signature then simply does not say who.
    return undefined;
  }
}

export function publishedJson(report: PublishReport): JsonObject {
  return {
    published: report.published.map(({ dialect, role, version }) => ({ dialect, role, version })),
    behind: report.behind,
    findings: findingsJson(report.findings),
    attempts: report.attempts,
  };
}

/** A change of layout publishes thousands. */
function listed(roles: readonly string[]): string {
  return roles.length <= 12 ? roles.join(", ") : `${roles.slice(0, 10).join(", ")} and ${roles.length - 10} more roles`;
}

/** What was published, a dialect a line; then what somebody should look at. */
export function showPublished(terminal: Terminal, report: PublishReport): void {
  const byDialect = new Map<string, string[]>();
  for (const { dialect, role, version } of report.published) {
    byDialect.set(dialect, [...(byDialect.get(dialect) ?? []), `${printable(role)} ${version}`]);
  }
  terminal.facts([...byDialect].map(([dialect, roles]) => [dialect, listed(roles)] as const));
  showFindings(terminal, report.findings);
  if (report.behind.length > 0) terminal.warning(`still behind: ${report.behind.join(", ")}`);
}
