// Evidence of a collection: the documents of another server, byte for byte, as one bundle that verifies offline for ever: every root,
// and what the source served on the day, judged at the last moment when all of it was in force. It is made only of what was
// verified, with the verifier's own code. A bundle and its record say where it is from; what counts is what its signatures say.
import { CountersignError, encodeHex, equalBytes, type Gun, sha256 } from "../bytes/index.ts";
import { notary1 } from "../dialects/index.ts";
import { readLastInForce } from "../flows/index.ts";
import type { DialectState } from "../publish/index.ts";
import {
  type Anchor,
  type Bundle,
  bundleSource,
  decodeBundle,
  encodeBundle,
  type FoundTarget,
  type MetadataSource,
  noCache,
  type Pin,
} from "../updater/index.ts";
import { rootHistory } from "./root-history.ts";

export interface EvidenceRequest {
  readonly gun: Gun;
  readonly source: MetadataSource;
  readonly pins: readonly Pin[];
  readonly trustOnFirstUse: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly signal?: AbortSignal;
}

export interface Evidence {
  readonly gun: Gun;
  readonly bundle: Bundle;
  readonly bytes: Uint8Array;
  /** Hex, of `bytes`. */
  readonly sha256: string;
  readonly state: DialectState;
  readonly anchor: Anchor;
  /** When it was judged: `now`, or just before the first part of it expired. */
  readonly at: number;
  readonly roots: { readonly first: number; readonly last: number; readonly isWhole: boolean };
  /** Every name that a reader finds, from the role that decides it. */
  readonly targets: readonly FoundTarget[];
  /** Roles that readers pass over, and why. */
  readonly warnings: readonly CountersignError[];
}

/** @throws pin.missing, pin.mismatch, metadata.*, threshold.*, certificate.*, json.*, limit.exceeded, collection.missing, download.* */
export async function takeEvidence({ signal, ...request }: EvidenceRequest): Promise<Evidence> {
  const stop = signal === undefined ? {} : { signal };
  const { collection, state, at } = await readLastInForce({
    ...request,
    ...stop,
    dialect: "notary1",
    cache: noCache,
  });
  const history = await rootHistory(collection, notary1, request.source, signal);
  const targets = await collection.listTargets();
  const { timestamp, snapshot, targets: roles } = collection.documents();
  const lapsed = [...(state.lapsed ?? [])].map(([, { document }]) => document);
  const documents = [...history.roots, timestamp, snapshot, ...roles.values(), ...lapsed];
  const bundle: Bundle = {
    gun: request.gun,
    dialect: "notary1",
    documents: documents.map(({ role, bytes }) => ({ role, bytes })),
  };
  const bytes = encodeBundle(bundle);
  return {
    gun: request.gun,
    bundle,
    bytes,
    sha256: encodeHex(sha256(bytes)),
    state,
    anchor: collection.anchor,
    at,
    roots: {
      first: history.roots[0]?.signed.version ?? state.root.signed.version,
      last: state.root.signed.version,
      isWhole: history.isWhole,
    },
    targets,
    warnings: collection.warnings,
  };
}

/** Evidence from a file, judged afresh, with nothing but its bytes. @throws as takeEvidence; bundle.invalid */
export function judgeEvidence(
  bytes: Uint8Array,
  request: Omit<EvidenceRequest, "source" | "signal">,
): Promise<Evidence> {
  const bundle = decodeBundle(bytes);
  if (bundle.gun !== request.gun || bundle.dialect !== "notary1") {
    throw new CountersignError(
      "bundle.invalid",
      `the evidence is of ${bundle.gun} (${bundle.dialect}), not of ${request.gun}`,
    );
  }
  return takeEvidence({ ...request, source: bundleSource(bundle) });
}

/**
 * Two takings of one collection must tell one story: what an owner signs (root, targets, delegations) under one version has one content,
 * and what was seen does not go back. Either is a mirror that lies, or an owner whose key signed two things.
 * @throws import.forked, metadata.rollback
 */
export function requireOneStory(earlier: Evidence, later: Evidence): void {
  const rootsThen = rootsOf(earlier);
  for (const [version, bytes] of rootsOf(later)) {
    const then = rootsThen.get(version);
    if (then !== undefined && !equalBytes(then, bytes)) throw forked(later.gun, `root version ${version}`);
  }
  requireNotBack(later.gun, "root", earlier.roots.last, later.roots.last);
  for (const [role, document] of later.state.targets) {
    const then = earlier.state.targets.get(role);
    if (then === undefined) continue;
    requireNotBack(later.gun, role, then.signed.version, document.signed.version);
    if (then.signed.version === document.signed.version && !equalBytes(then.bytes, document.bytes)) {
      throw forked(later.gun, `${role} version ${document.signed.version}`);
    }
  }
}

function rootsOf({ bundle, roots }: Evidence): ReadonlyMap<number, Uint8Array> {
  const documents = bundle.documents.filter(({ role }) => role === "root");
  return new Map(documents.map(({ bytes }, index) => [roots.first + index, bytes]));
}

function requireNotBack(gun: Gun, role: string, then: number, now: number): void {
  if (now >= then) return;
  throw new CountersignError(
    "metadata.rollback",
    `${gun}: the source has ${role} version ${now}, the evidence at hand version ${then}`,
    { hints: ["the source went back, by a restored backup or with intent: import from another mirror"] },
  );
}

function forked(gun: Gun, what: string): CountersignError {
  return new CountersignError("import.forked", `${gun}: two different documents are ${what}, both signed by its keys`, {
    hints: [
      "two sources tell different stories: ask the owner which one is right",
      "to take one of them all the same, use an archive of its own",
    ],
  });
}
