// Taking signatures away. Docker takes a tag out of the roles whose keys are at hand and says that it is done, even where `targets` still
// has it and every docker goes on trusting that entry. Rule: success means that no docker trusts the tag any more; entries that only
// other readers look at and that are not ours to take away are named.
import { CountersignError, parseTargetName, type RoleName } from "../bytes/index.ts";
import type { CanonicalKeyId } from "../keys/index.ts";
import type { Change, CollectionState } from "../publish/index.ts";
import type { Repository } from "./repository.ts";
import { dockersView, signableRoles, targetsRole } from "./signable-roles.ts";
import { isReleased, signerName } from "./trust-data.ts";

export interface Revocation {
  readonly tags: readonly string[];
  /** Signers whose own entry stays, since their key is not here: `NAME: tag, tag`. */
  readonly left: ReadonlyMap<string, readonly string[]>;
}

/** `tag` undefined: all that are released. @throws target.missing, key.missing, and what publishChanges throws */
export async function revokeTags(repository: Repository, tag: string | undefined): Promise<Revocation> {
  const ring = await repository.ring();
  let done: Revocation = { tags: [], left: new Map() };
  await repository.publish({
    changes: (state) => {
      const tags = tag === undefined ? releasedTags(state) : [tag];
      if (tags.length === 0) throw new CountersignError("target.missing", "no signed tags to remove");
      const left = new Map<string, string[]>();
      const changes = tags.flatMap((each) => removals(state, each, ring.ids(), left));
      done = { tags, left };
      return changes;
    },
  });
  return done;
}

function releasedTags(state: CollectionState): readonly string[] {
  const tags = new Set<string>();
  for (const [role, document] of dockersView(state)?.targets ?? []) {
    if (isReleased(role)) for (const name of document.signed.targets.keys()) tags.add(name);
  }
  return [...tags].sort();
}

function removals(
  state: CollectionState,
  tag: string,
  held: ReadonlySet<CanonicalKeyId>,
  left: Map<string, string[]>,
): readonly Change[] {
  const name = parseTargetName(tag);
  const holders = rolesWith(state, tag);
  if (!holders.some(isReleased)) {
    throw new CountersignError("target.missing", `No valid trust data for ${tag}`);
  }
  const signable = new Set(signableRoles(state, held, name));
  const targetsKeys = new Set([...held].filter((id) => signsTargets(state, id)));
  if (targetsKeys.size > 0) signable.add(targetsRole);
  const changes: Change[] = [];
  for (const role of holders) {
    if (signable.has(role)) changes.push({ kind: "remove", role, name });
    else if (isReleased(role)) throw stillTrusted(role, tag);
    else left.set(signerName(role), [...(left.get(signerName(role)) ?? []), tag]);
  }
  return changes;
}

function stillTrusted(role: RoleName, tag: string): CountersignError {
  return new CountersignError("key.missing", `${role} has signed ${tag} too, and its key is not here`, {
    hints: [
      "docker would go on trusting that entry, so nothing was changed",
      role === targetsRole ? "run this where the repository key is" : "run this where a signer's key is",
    ],
  });
}

function signsTargets(state: CollectionState, id: CanonicalKeyId): boolean {
  const root = dockersView(state)?.root.signed;
  return root?.roles.targets.keyIds.some((listed) => root.keys.get(listed)?.publicKey?.id === id) === true;
}

/** In any dialect: what one of them keeps would come back. */
function rolesWith(state: CollectionState, tag: string): readonly RoleName[] {
  const roles = new Set<RoleName>();
  for (const { targets } of state.dialects.values()) {
    for (const [role, document] of targets) if (document.signed.targets.has(tag)) roles.add(role);
  }
  return [...roles];
}
