// Since when the keys of delegations may sign: the version of the delegating role's document with which they came in, and the day where the
// publisher said it. What the server does not keep, or cannot be asked, leaves "at least since".
import type { RoleName } from "../bytes/index.ts";
import type { CanonicalKeyId } from "../keys/index.ts";
import { provenanceOf } from "../publish/index.ts";
import type { Document, Root, Targets } from "../tuf/index.ts";
import { type Collection, type KeySince, type RoleReport, readDelegationHistory } from "../updater/index.ts";
import type { ReadPorts } from "./ports.ts";

export interface DelegatedSince {
  /** The delegating role. */
  readonly role: RoleName;
  readonly version: number;
  /** False: the key may have been listed before that version too. */
  readonly isExact: boolean;
  /** When something was signed with that very version, as its signer says, milliseconds since the epoch. */
  readonly signedAt: number | undefined;
}

/** `roots` are verified, and vouch for older versions of `targets`. Nothing is asked of the server for a cached collection. */
export async function delegatedSince(
  ports: ReadPorts,
  collection: Collection,
  reports: readonly RoleReport[],
  roots: readonly Document<Root>[],
): Promise<(report: RoleReport, key: CanonicalKeyId) => DelegatedSince | undefined> {
  const { dialect, freshness } = collection;
  const { root, targets } = collection.documents();
  const lookup = await readDelegationHistory(reports, {
    dialect,
    source: ports.server[`${dialect}Source`](),
    roots: [...roots, root],
    targets,
    ...(freshness.kind === "online" ? {} : { maxDocuments: 0 }),
    ...(ports.signal === undefined ? {} : { signal: ports.signal }),
  });
  return (report, key) => {
    const found = lookup(report, key);
    return found && told(found);
  };
}

/** The newest "signed at" among the targets, as their signers say, milliseconds since the epoch. */
export function lastSigned(content: Targets | undefined): number | undefined {
  let newest: number | undefined;
  for (const { custom } of content?.targets.values() ?? []) {
    const { signedAt } = provenanceOf(custom);
    if (signedAt !== undefined && (newest === undefined || signedAt > newest)) newest = signedAt;
  }
  return newest;
}

function told({ listedIn, before, isExact }: KeySince): DelegatedSince {
  const { role, signed } = listedIn;
  const [now, then] = [lastSigned(signed), lastSigned(before?.signed)];
  // A target carried over from an older version says nothing of this one.
  const isNew = isExact && now !== undefined && (then === undefined || now > then);
  return { role, version: signed.version, isExact, signedAt: isNew ? now : undefined };
}
