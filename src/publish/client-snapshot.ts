// The snapshot of a collection whose snapshot key is the publisher's, as `notary init` leaves it: made after everything else is signed,
// over those very bytes, and uploaded with them (notary-v1, 1 and 9.5). The server then cannot renew it: it lives as long as targets.
import { parseRoleName } from "../bytes/index.ts";
import type { CanonicalKeyId, Signer } from "../keys/index.ts";
import {
  countSigners,
  type Document,
  isExpired,
  matchesHashes,
  type Root,
  type Snapshot,
  signDocument,
} from "../tuf/index.ts";
import type { Change } from "./change.ts";
import type { DialectDraft } from "./collection-draft.ts";
import type { DialectState } from "./collection-state.ts";
import { type Finding, finding } from "./findings.ts";
import { distinctHeld } from "./held-keys.ts";
import type { KeyRing } from "./key-ring.ts";
import { dateOf, defaultLifetimes, isNearExpiry, type Lifetimes } from "./lifetimes.ts";
import { newestRoot } from "./next-roots.ts";
import type { Plan } from "./plan.ts";
import { nextSnapshot } from "./server-roles.ts";
import { isRootDocument, isTargetsDocument, type TargetsByRole } from "./stand-in-server.ts";

const snapshotRole = parseRoleName("snapshot");

export interface SnapshotOptions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly changes: readonly Change[];
  readonly lifetimes?: Lifetimes | undefined;
}

/** Whether the keys at hand sign the snapshot under the newest root of a draft. */
export function signsSnapshot(one: DialectDraft, held: ReadonlySet<CanonicalKeyId>): boolean {
  const root = newestRoot(one);
  return distinctHeld(root.keys, root.roles.snapshot, held).length >= root.roles.snapshot.threshold;
}

/**
 * The snapshots over `documents`, one for each dialect that changed, where asked for or near its end. None where the server holds the
 * key. @throws key.*, metadata.rollback
 */
export async function signSnapshots(
  plan: Plan,
  documents: readonly Document[],
  ring: KeyRing,
  options: SnapshotOptions,
): Promise<readonly Document<Snapshot>[]> {
  const made: Document<Snapshot>[] = [];
  const asked = options.changes.find((change) => change.kind === "renew" && change.role === snapshotRole);
  for (const one of plan.draft.dialects) {
    if (!signsSnapshot(one, ring.ids())) continue;
    const own = documents.filter((document) => document.dialect === one.dialect.name);
    const previous = one.state.snapshot?.signed;
    const isDue = previous !== undefined && isNearExpiry(previous.expires, snapshotRole, options.now);
    if (own.length === 0 && asked === undefined && !isDue) continue;
    const wanted = asked?.kind === "renew" ? asked.expiresAt : undefined;
    const content = nextSnapshot(one.dialect, {
      previous,
      root: own.filter(isRootDocument).at(-1) ?? one.state.root,
      changed: own.filter(isTargetsDocument),
      expiresAt: wanted ?? options.now + (options.lifetimes ?? defaultLifetimes).targets,
    });
    made.push(await signDocument(one.dialect, snapshotRole, content, await signingKeys(newestRoot(one), ring)));
  }
  return made;
}

/** Said when a change takes the snapshot into the publisher's hands, and when it ends soon. */
export function snapshotFindings(plan: Plan, held: ReadonlySet<CanonicalKeyId>, now: number): readonly Finding[] {
  return plan.draft.dialects.flatMap((one) => {
    if (!signsSnapshot(one, held)) return [];
    const before = one.state.root.signed;
    const isNew = distinctHeld(before.keys, before.roles.snapshot, held).length < before.roles.snapshot.threshold;
    if (!isNew) return [];
    const message = `the snapshot key is this machine's from now on: without it the collection ends ${dateOf(now + defaultLifetimes.targets)}`;
    const hints = [
      "publish before that day, or give the role to the server: countersign rotate GUN snapshot --to server",
    ];
    return [
      finding("warning", "snapshot.held_here", message, { dialect: one.dialect.name, role: snapshotRole, hints }),
    ];
  });
}

/** An uploaded snapshot, judged as readers will: signed, in force, and listing exactly the documents they will get. */
export function judgeSnapshot(
  { dialect }: Pick<DialectState, "dialect">,
  snapshot: Document<Snapshot>,
  root: Document<Root>,
  after: TargetsByRole,
  now: number,
): readonly Finding[] {
  const about = { dialect: dialect.name, role: snapshotRole };
  const refused = (message: string) => finding("bricking", "reader.refuses", message, about);
  const { keys, roles } = root.signed;
  if (!countSigners(dialect, snapshot, keys, roles.snapshot).met) return [refused("too few of its signatures count")];
  if (isExpired(snapshot.signed.expires, now)) return [refused("it has expired already")];
  const lists = (document: Document): boolean => {
    const entry = snapshot.signed.meta.get(document.role);
    if (entry === undefined) return false;
    if (entry.version !== undefined && entry.version !== document.signed.version) return false;
    return entry.hashes.size === 0 ? entry.version !== undefined : matchesHashes(document.bytes, entry.hashes);
  };
  const listed = [...after.values(), ...(dialect.name === "notary1" ? [root] : [])];
  return listed
    .filter((document) => !lists(document))
    .map(({ role }) => refused(`it lists another ${role} than the one published`));
}

async function signingKeys(root: Root, ring: KeyRing) {
  const held = new Set(distinctHeld(root.keys, root.roles.snapshot, ring.ids()));
  const signing: { readonly signer: Signer; readonly key: NonNullable<ReturnType<Root["keys"]["get"]>> }[] = [];
  for (const id of root.roles.snapshot.keyIds) {
    const key = root.keys.get(id);
    if (key?.publicKey === undefined || !held.has(key.publicKey.id)) continue;
    signing.push({ signer: await ring.open(key.publicKey.id), key });
  }
  return signing;
}
