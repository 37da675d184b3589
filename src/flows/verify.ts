// Verification of one target: the collection's chain and the content are fetched at the same time, then compared. Nothing that
// failed to verify ever takes part in the comparison (DESIGN, section 4).
import { CountersignError, type ErrorCode, type Gun, isCountersignError, type TargetName } from "../bytes/index.ts";
import { signedTag } from "../tags/index.ts";
import { type Collection, type Pin, verifyBundle } from "../updater/index.ts";
import type { Content } from "./content.ts";
import type { ReadPorts } from "./ports.ts";
import { openTrustedCollection, pinFirstUse, pinsFor, type ReadRequest } from "./trusted-collection.ts";
import { compareContent, type Reason, reasonOf, signedFacts, type Verdict } from "./verdict.ts";

export interface VerifyRequest extends ReadRequest {
  readonly name: TargetName;
  /** Fetches and measures what is to be judged. @throws image.missing, registry.*, disk.* */
  readonly content: () => Promise<Content>;
  /** Looks below the manifest; asked only when everything else is right. */
  readonly deepCheck?: () => Promise<readonly Reason[]>;
}

/** A clock that is off by more than this makes fresh documents look expired, or expired ones fresh. */
const tolerableSkewMs = 5 * 60_000;

/** @throws whatever kept us from judging: download.*, registry.*, disk.*, usage errors */
export async function verifyTarget(ports: ReadPorts, request: VerifyRequest): Promise<Verdict> {
  const verdict = await judge(request, () => openTrustedCollection(ports, request));
  return withClockCheck(verdict, ports.server.clockSkewMs());
}

export interface VerifyBundleRequest {
  readonly gun: Gun;
  readonly name: TargetName;
  readonly pins: readonly Pin[];
  readonly trustOnFirstUse: boolean;
  /** A saved bundle: its bytes, not its word. */
  readonly bundle: Uint8Array;
  readonly content: () => Promise<Content>;
  readonly deepCheck?: () => Promise<readonly Reason[]>;
}

/** The same judgement without a trust server, from a saved chain. What was seen before still binds: an older bundle is a rollback. */
export async function verifyFromBundle(
  ports: Pick<ReadPorts, "home" | "clock">,
  request: VerifyBundleRequest,
): Promise<Verdict> {
  return judge(request, async () => {
    const collection = await verifyBundle(request.bundle, {
      gun: request.gun,
      pins: await pinsFor(ports, request),
      now: ports.clock(),
      memory: ports.home.memory(request.gun),
      trustOnFirstUse: request.trustOnFirstUse,
    });
    await pinFirstUse(ports, collection);
    return collection;
  });
}

async function judge(
  request: Pick<VerifyRequest, "gun" | "name" | "content" | "deepCheck">,
  open: () => Promise<Collection>,
): Promise<Verdict> {
  const { gun, name } = request;
  const [opened, measured] = await Promise.allSettled([open(), request.content()]);
  const refused = (reason: Reason): Verdict => {
    const content = measured.status === "fulfilled" ? measured.value : undefined;
    return { trusted: false, gun, name, content, signed: undefined, reasons: [reason], warnings: [] };
  };
  if (opened.status === "rejected") return refused(reasonOrThrow(opened.reason));
  const collection = opened.value;
  try {
    const found = await collection.lookup(name);
    const tag = found === undefined ? undefined : signedTag(found);
    if (found === undefined || tag === undefined) return refused(missingTarget(gun, name));
    const signed = signedFacts(collection, found, tag);
    const warnings = collection.warnings.map(reasonOf);
    if (measured.status === "rejected") {
      const reason = reasonOrThrow(measured.reason);
      return { trusted: false, gun, name, content: undefined, signed, reasons: [reason], warnings };
    }
    const content = measured.value;
    const differs = compareContent(content, found);
    const [first, ...others] = differs === undefined ? ((await request.deepCheck?.()) ?? []) : [differs];
    if (first === undefined) return { trusted: true, gun, name, content, signed, reasons: [], warnings };
    return { trusted: false, gun, name, content, signed, reasons: [first, ...others], warnings };
  } catch (error) {
    return refused(reasonOrThrow(error));
  }
}

/** Untrusted and missing things are verdicts; anything else kept us from judging. */
function reasonOrThrow(error: unknown): Reason {
  const isVerdict = isCountersignError(error) && (error.kind === "untrusted" || error.kind === "missing");
  if (!isVerdict) throw error;
  return reasonOf(error);
}

function missingTarget(gun: Gun, name: TargetName): Reason {
  return reasonOf(
    new CountersignError("target.missing", `${gun} has no signed target ${JSON.stringify(name)}`, {
      hints: [`see what is signed: countersign tags ${gun}`, `publishers: countersign sign ${gun}:${name}`],
    }),
  );
}

const clockCodes: readonly ErrorCode[] = ["metadata.expired", "certificate.invalid"];

/** An expired document beside a clock that differs from the server's: say both, since the machine's clock may be the defect. */
function withClockCheck(verdict: Verdict, skewMs: number | undefined): Verdict {
  if (skewMs === undefined || Math.abs(skewMs) <= tolerableSkewMs) return verdict;
  const minutes = Math.round(Math.abs(skewMs) / 60_000);
  const off: Reason = {
    code: "clock.off",
    message: `this machine's clock is ${minutes} minutes ${skewMs > 0 ? "behind" : "ahead of"} the trust server's`,
    hints: ["set this machine's clock, then run the same command again"],
  };
  if (!verdict.trusted && verdict.reasons.some((reason) => clockCodes.includes(reason.code))) {
    return { ...verdict, reasons: [...verdict.reasons, off] };
  }
  return { ...verdict, warnings: [...verdict.warnings, off] };
}
