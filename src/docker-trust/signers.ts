// Signers: a name, its keys in the delegation targets/NAME, and the same keys in targets/releases, both for every tag. Removing one takes
// both away for good; docker 28 and its successors say nothing and do nothing (notary-v1, 14-Y). Nobody is left with a releases role that
// no reader can verify (14-N): it is signed again where the key of another signer is at hand; otherwise the repository key takes it over,
// emptied, because nobody who stays has vouched for what is in it.
import { CountersignError, isCountersignError, parseRoleName, parseTargetName, type RoleName } from "../bytes/index.ts";
import type { CanonicalKeyId, PublicKey } from "../keys/index.ts";
import type { Change } from "../publish/index.ts";
import type { Collection, RoleReport } from "../updater/index.ts";
import type { Repository } from "./repository.ts";
import { releasesRole } from "./signable-roles.ts";

const namePattern = /^[a-z0-9][a-z0-9_-]*$/;
const allTags = [""] as const;

/** The delegation of a signer. @throws usage.invalid */
export function parseSignerName(name: string): RoleName {
  if (!namePattern.test(name)) {
    throw new CountersignError(
      "usage.invalid",
      `signer name "${name.slice(0, 100)}" must start with lowercase alphanumeric characters and can include "-" or "_" after the first character`,
    );
  }
  if (name === "releases") {
    throw new CountersignError("usage.invalid", "releases is a reserved keyword, use a different signer name");
  }
  try {
    return parseRoleName(`targets/${name}`);
  } catch (cause) {
    if (!isCountersignError(cause)) throw cause;
    throw new CountersignError("usage.invalid", `signer name "${name.slice(0, 100)}": ${cause.message}`, { cause });
  }
}

/** Also for a signer that is there: the keys are added to those it has. */
export function addSigner(role: RoleName, keys: readonly PublicKey[]): readonly Change[] {
  return [role, releasesRole].map((each) => ({ kind: "delegate", role: each, addKeys: keys, addPaths: allTags }));
}

/** The signer's own key in docker's directory: the first that bears its name, or a new one. @throws key.*, disk.* */
export async function ownSigner({ places, passphrases }: Repository, name: string): Promise<PublicKey> {
  const named = (await places.vault.list()).filter(({ role }) => role === name);
  const [first] = named.map(({ id }) => id).sort();
  const id = first ?? (await places.vault.generate({ role: name, passphrases })).id;
  return (await places.vault.open(id, passphrases)).publicKey;
}

export interface Removal {
  readonly role: RoleName;
  readonly name: string;
  /** Nobody else has signed what is released. */
  readonly isLastSigner: boolean;
  /** Signed again with a key at hand, so that its tags stay. */
  readonly renewsReleases: boolean;
  readonly changes: readonly Change[];
}

/** What taking a signer away means. @throws usage.invalid for `releases`; role.invalid when there is no such signer */
export async function planRemoval(
  collection: Collection,
  signer: { readonly name: string; readonly repository: string },
  held: ReadonlySet<CanonicalKeyId>,
): Promise<Removal> {
  const { name } = signer;
  if (name === "releases") {
    throw new CountersignError("usage.invalid", "releases is a reserved keyword and cannot be removed");
  }
  const roles = await collection.roles();
  const own = roles.find((one) => one.role === `targets/${name}`);
  if (own === undefined) {
    throw new CountersignError("role.invalid", `no signer ${name} for repository ${signer.repository}`, {
      hints: [`see who there is: docker trust inspect --pretty ${signer.repository}`],
    });
  }
  const { root, targets } = collection.documents();
  const { keys, roles: top } = root.signed;
  const takeOver: TakeOver = {
    tags: [...(targets.get(releasesRole)?.signed.targets.keys() ?? [])],
    keys: top.targets.keyIds.flatMap((id) => keys.get(id)?.publicKey ?? []).filter(({ id }) => held.has(id)),
  };
  return { name, role: own.role, ...releasesAfter(roles, own, held, takeOver) };
}

/** What the repository key finds in releases when it takes them over. */
interface TakeOver {
  readonly tags: readonly string[];
  /** Repository keys at hand. */
  readonly keys: readonly PublicKey[];
}

function releasesAfter(
  roles: readonly RoleReport[],
  own: RoleReport,
  held: ReadonlySet<CanonicalKeyId>,
  takeOver: TakeOver,
): Pick<Removal, "changes" | "isLastSigner" | "renewsReleases"> {
  const releases = roles.find(({ role }) => role === releasesRole);
  const dropped: Change = { kind: "undelegate", role: own.role };
  // A key that is somebody else's too keeps what it may do as that.
  const others = new Set(roles.filter((one) => one !== own && one !== releases).flatMap(({ keys }) => keys));
  const gone = own.keys.filter((id) => releases?.keys.includes(id) === true && !others.has(id));
  if (releases === undefined || gone.length === 0) {
    return { changes: [dropped], isLastSigner: false, renewsReleases: false };
  }
  const kept = releases.keys.filter((id) => !gone.includes(id));
  const without: Change = { kind: "delegate", role: releasesRole, removeKeys: gone };
  if (releases.state.kind !== "trusted") {
    // Readers pass over it as it is.
    const away: Change = kept.length > 0 ? without : { kind: "undelegate", role: releasesRole };
    return { changes: [away, dropped], isLastSigner: false, renewsReleases: false };
  }
  const counted = releases.state.facts.signedBy.filter((id) => kept.includes(id));
  if (counted.length >= releases.threshold) {
    return { changes: [without, dropped], isLastSigner: false, renewsReleases: false };
  }
  if (kept.filter((id) => held.has(id)).length >= releases.threshold) {
    const again: Change = { kind: "renew", role: releasesRole };
    return { changes: [without, again, dropped], isLastSigner: false, renewsReleases: true };
  }
  const emptied = takeOver.tags.map(
    (tag): Change => ({ kind: "remove", role: releasesRole, name: parseTargetName(tag) }),
  );
  const taken: Change = { ...without, addKeys: takeOver.keys };
  // What holds nothing yet still has to be signed by who takes it over.
  const signed: readonly Change[] = emptied.length > 0 ? emptied : [{ kind: "renew", role: releasesRole }];
  return { changes: [taken, ...signed, dropped], isLastSigner: true, renewsReleases: false };
}

/** @throws what publishChanges throws */
export async function removeSigner(repository: Repository, removal: Removal): Promise<void> {
  await repository.publish({ changes: () => removal.changes });
}
