// The answer of a verification: trusted or not, the facts it rests on, and every reason against. Expected failures (a wrong digest,
// an expired chain, no such tag) are verdicts; what kept us from judging at all (network, disk) is thrown.
import {
  type CountersignError,
  type Digest,
  digestParts,
  type ErrorCode,
  type Gun,
  type RoleName,
} from "../bytes/index.ts";
import type { CanonicalKeyId } from "../keys/index.ts";
import type { SignedTag } from "../tags/index.ts";
import type { DialectName } from "../tuf/index.ts";
import type { Anchor, Collection, FoundTarget } from "../updater/index.ts";
import type { Content } from "./content.ts";

export interface Reason {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hints: readonly string[];
}

export interface VerdictDocument {
  readonly role: RoleName;
  readonly version: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly signedBy: readonly CanonicalKeyId[];
  readonly threshold: number;
}

/** What the chain says; present whenever the collection itself could be verified and has the target. */
export interface SignedFacts extends SignedTag {
  readonly dialect: DialectName;
  readonly anchor: Anchor;
  /** False: the cached chain answered because the server could not be reached. */
  readonly isOnline: boolean;
  /** Root, timestamp, snapshot, then targets roles down to the one that decided. */
  readonly documents: readonly VerdictDocument[];
}

interface Judged {
  readonly gun: Gun;
  /** The target's name: a tag or a path. */
  readonly name: string;
  /** What did not change the answer and somebody should look at. */
  readonly warnings: readonly Reason[];
}

export interface Trusted extends Judged {
  readonly trusted: true;
  /** What was looked at. */
  readonly content: Content;
  readonly signed: SignedFacts;
  readonly reasons: readonly [];
}

export interface Refused extends Judged {
  readonly trusted: false;
  /** undefined when it was never reached. */
  readonly content: Content | undefined;
  /** undefined when the collection could not be verified, or has no such target. */
  readonly signed: SignedFacts | undefined;
  /** Why not; the first one decides the exit code. */
  readonly reasons: readonly [Reason, ...Reason[]];
}

export type Verdict = Trusted | Refused;

export function reasonOf(error: CountersignError): Reason {
  return { code: error.code, message: error.message, hints: error.hints };
}

export function signedFacts(collection: Collection, found: FoundTarget, tag: SignedTag): SignedFacts {
  const documents = [collection.root, collection.timestamp, collection.snapshot, ...found.chain];
  return {
    ...tag,
    dialect: collection.dialect,
    anchor: collection.anchor,
    isOnline: collection.freshness.kind === "online",
    documents: documents.map(({ role, version, expires, signedBy, threshold }) => {
      return { role, version, expiresAt: expires.at, signedBy, threshold };
    }),
  };
}

/**
 * Why `content` is not what was signed, or undefined when it is. Every digest of a kind both sides know must agree, at least one; of
 * several that differ one is told, since they say the same.
 */
export function compareContent(content: Content, signed: FoundTarget): Reason | undefined {
  let compared = 0;
  for (const digest of signed.digests) {
    const actual = content.digests.get(digestParts(digest).algorithm);
    if (actual === undefined) continue;
    compared += 1;
    if (actual !== digest) return mismatch(content, digest, actual);
  }
  if (compared === 0) {
    return {
      code: "image.mismatch",
      message: `${content.origin} and the signature share no kind of digest: signed are ${signed.digests.join(", ") || "none"}`,
      hints: ["give the digest of a kind that was signed"],
    };
  }
  if (content.length === undefined || content.length === signed.length) return undefined;
  return {
    code: "image.mismatch",
    message: `${content.origin} is ${content.length} bytes long, signed were ${signed.length}`,
    hints: ["check the length that was given or signed"],
  };
}

function mismatch(content: Content, signed: Digest, actual: Digest): Reason {
  return {
    code: "image.mismatch",
    message: `${content.origin} is ${actual}, signed is ${signed}`,
    hints: ["do not run it: it is not what was signed", "publishers: if the new content is right, sign it"],
  };
}
