// A verdict for people and as JSON. Trusted or not comes first; a refusal gives its reasons before any fact.
import { errorTable, type JsonObject } from "../bytes/index.ts";
import type { Reason, SignedFacts, Verdict } from "../flows/index.ts";
import { humanDate, humanDistance, isoDate } from "./dates.ts";
import { exitCodeOf, exitCodes } from "./exit-codes.ts";
import { nextSteps } from "./next-steps.ts";
import { printable, type Terminal } from "./terminal.ts";

/** Prints the verdict and answers its exit code: that of the first reason. */
export function showVerdict(terminal: Terminal, verdict: Verdict, now: number): number {
  terminal.value(verdictJson(verdict));
  const subject = printable(`${verdict.gun}:${verdict.name}`);
  if (verdict.trusted) {
    terminal.line(`${terminal.paint("green", "trusted:")} ${subject}`);
  } else {
    terminal.line(`${terminal.paint("red", "NOT TRUSTED:")} ${subject}`);
    showReasons(terminal, verdict.reasons);
  }
  if (verdict.signed !== undefined) terminal.facts(signedRows(verdict.signed, now));
  for (const warning of verdict.warnings) terminal.warning(`${printable(warning.message)} [${warning.code}]`);
  return verdict.trusted ? exitCodes.done : exitCodeOf(errorTable[verdict.reasons[0].code][0]);
}

function showReasons(terminal: Terminal, reasons: readonly Reason[]): void {
  for (const reason of reasons) terminal.line(`  ${printable(reason.message)} [${reason.code}]`);
  const hints = new Set(reasons.flatMap((reason) => nextSteps(reason.code, reason.hints)));
  for (const hint of hints) terminal.line(`  - ${printable(hint)}`);
}

function signedRows(signed: SignedFacts, now: number): readonly (readonly [string, string | undefined])[] {
  const when = signed.signedAt === undefined ? undefined : humanDate(signed.signedAt);
  const who = signed.publisher === undefined ? undefined : `by ${printable(signed.publisher)}`;
  const said = [when, who].filter((part) => part !== undefined).join(" ");
  const chain = signed.documents.map(({ role, version }) => `${printable(role)} ${version}`).join(", ");
  return [
    ["signed digest", signed.digest],
    ["length", `${signed.length} bytes`],
    ["decided by", `${printable(signed.role)}, key ${signed.keys.map((id) => id.slice(0, 12)).join(", ")}`],
    ["signed", said === "" ? undefined : said],
    ["holds until", `${humanDate(signed.expiresAt)} (${humanDistance(signed.expiresAt, now)})`],
    ["chain", `${signed.dialect}: ${chain}`],
    [
      "believed since",
      signed.anchor.kind === "pinned" ? "its root key is pinned" : "first use: nobody vouched for its root key",
    ],
    ["freshness", signed.isOnline ? undefined : "from the cache: the trust server could not be reached"],
  ];
}

export function verdictJson(verdict: Verdict): JsonObject {
  const { signed, content } = verdict;
  return {
    trusted: verdict.trusted,
    gun: verdict.gun,
    name: verdict.name,
    reasons: verdict.reasons.map(reasonJson),
    ...(signed === undefined ? {} : { signed: signedJson(signed) }),
    ...(content === undefined
      ? {}
      : {
          found: {
            origin: content.origin,
            digests: [...content.digests.values()],
            ...(content.length === undefined ? {} : { length: content.length }),
          },
        }),
    warnings: verdict.warnings.map(reasonJson),
  };
}

function signedJson(signed: SignedFacts): JsonObject {
  return {
    digest: signed.digest,
    length: signed.length,
    role: signed.role,
    keys: signed.keys,
    ...(signed.publisher === undefined ? {} : { publisher: signed.publisher }),
    ...(signed.signedAt === undefined ? {} : { signedAt: isoDate(signed.signedAt) }),
    until: isoDate(signed.expiresAt),
    dialect: signed.dialect,
    anchor: signed.anchor.kind,
    online: signed.isOnline,
    documents: signed.documents.map((document) => ({
      role: document.role,
      version: document.version,
      expires: isoDate(document.expiresAt),
      signedBy: document.signedBy,
      threshold: document.threshold,
    })),
  };
}

export function reasonJson(reason: Reason): JsonObject {
  return { code: reason.code, message: reason.message, hints: nextSteps(reason.code, reason.hints) };
}
