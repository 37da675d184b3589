// Signs what was planned. Each key is opened once, however many documents it signs. A root is signed by every key at hand, because
// a root stays alive only while its unexpired signers reach the threshold (notary-v1, 14.1); other roles by as many as they need.
import { CountersignError, isCountersignError, type RoleName } from "../bytes/index.ts";
import type { CanonicalKeyId, Signer } from "../keys/index.ts";
import { type DialectName, type Document, type Key, type SigningKey, signDocument } from "../tuf/index.ts";
import { rootRole } from "./collection-draft.ts";
import { type Finding, finding } from "./findings.ts";
import { distinctHeld, usableKeys } from "./held-keys.ts";
import type { KeyRing } from "./key-ring.ts";
import type { Plan, PlannedDocument } from "./plan.ts";

export interface SignedPlan {
  readonly documents: readonly Document[];
  /** Optional documents that were left out, as warnings. */
  readonly findings: readonly Finding[];
}

/** @throws key.missing, key.passphrase_missing, key.passphrase_wrong, key.unsupported, preflight.inexpressible */
export async function signPlan(plan: Plan, ring: KeyRing): Promise<SignedPlan> {
  const open = openOnce(ring);
  const documents: Document[] = [];
  const findings: Finding[] = [];
  const skipped = new Set<string>();
  for (const planned of plan.documents) {
    if (skipped.has(planned.dialect.name)) continue;
    try {
      documents.push(await signOne(planned, ring.ids(), open));
    } catch (error) {
      const isClosed = isCountersignError(error, "key.missing", "key.passphrase_missing", "key.passphrase_wrong");
      if (!planned.isOptional || !isClosed) throw error;
      findings.push(leftOut(planned.dialect.name, planned.role, error));
      // What hangs from a root that could not be made has no authority in this dialect.
      if (planned.role === rootRole && planned.touch === "levelled") skipped.add(planned.dialect.name);
    }
  }
  return { documents, findings };
}

/** The keys that sign a planned document: all that are at hand for a root, the first that suffice for other roles. */
export function signingIds(planned: PlannedDocument, held: ReadonlySet<CanonicalKeyId>): ReadonlySet<CanonicalKeyId> {
  const ids = new Set<CanonicalKeyId>();
  for (const { keys, role } of planned.authorities) {
    const available = distinctHeld(keys, role, held);
    const chosen = planned.role === rootRole ? available : available.slice(0, role.threshold);
    for (const id of chosen) ids.add(id);
  }
  return ids;
}

async function signOne(
  planned: PlannedDocument,
  held: ReadonlySet<CanonicalKeyId>,
  open: (id: CanonicalKeyId) => Promise<Signer>,
): Promise<Document> {
  requireEnough(planned, held);
  const signingKeys: SigningKey[] = [];
  const chosen = signingIds(planned, held);
  for (const key of listedKeys(planned)) {
    if (key.publicKey === undefined || !chosen.has(key.publicKey.id)) continue;
    signingKeys.push({ signer: await open(key.publicKey.id), key });
  }
  return signDocument(planned.dialect, planned.role, planned.signed, signingKeys);
}

/** Without this an optional document could go out under-signed. @throws key.missing */
function requireEnough(planned: PlannedDocument, held: ReadonlySet<CanonicalKeyId>): void {
  for (const { keys, role, words } of planned.authorities) {
    const available = distinctHeld(keys, role, held);
    if (available.length >= role.threshold) continue;
    const listed = usableKeys(keys, role).join(", ");
    throw new CountersignError(
      "key.missing",
      `${planned.role} needs ${role.threshold} of the keys that ${words} lists (${listed}), ${available.length} at hand`,
    );
  }
}

/**
 * Every key object that an authority lists, once. One public key under two ids (an old and a renewed certificate) signs under both:
 * Notary's readers count ids, and want the old one for the old root and the new one for the new root.
 */
function listedKeys(planned: PlannedDocument): readonly Key[] {
  const listed = new Map<string, Key>();
  for (const { keys, role } of planned.authorities) {
    for (const id of role.keyIds) {
      const key = keys.get(id);
      if (key !== undefined) listed.set(id, key);
    }
  }
  return [...listed.values()];
}

function openOnce(ring: KeyRing): (id: CanonicalKeyId) => Promise<Signer> {
  const opened = new Map<CanonicalKeyId, Promise<Signer>>();
  return (id) => {
    const already = opened.get(id);
    if (already !== undefined) return already;
    const opening = ring.open(id);
    opened.set(id, opening);
    return opening;
  };
}

/** Keys a root names that will not have signed it: it should be signed by all of them. */
export function absentRootSigners(
  planned: PlannedDocument,
  held: ReadonlySet<CanonicalKeyId>,
): readonly CanonicalKeyId[] {
  const own = planned.authorities.at(-1);
  if (planned.role !== rootRole || own === undefined) return [];
  return usableKeys(own.keys, own.role).filter((id) => !held.has(id));
}

function leftOut(dialect: DialectName, role: RoleName, cause: unknown): Finding {
  return finding("warning", "dialect.behind", "was left as it is, because its key could not be opened", {
    dialect,
    role,
    hints: ["publish again with that key at hand"],
    cause,
  });
}
