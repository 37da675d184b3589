// Whose keys a document is held against. A role has no keys of its own: they are those of the root, or of the targets document
// through which the role was reached (TUF 1.0.34, 5.6.7.2). For roots of notary1 a key counts only with a certificate that
// was made for the collection (notary-v1 4.1, 9.3).
import { CountersignError, type Gun, isTopRole, type RoleName, type TopRole } from "../bytes/index.ts";
import type { CanonicalKeyId, KeyId } from "../keys/index.ts";
import { findDelegation } from "./delegations.ts";
import type { Dialect } from "./dialect.ts";
import type { Document, Key, RoleKeys, Root, Targets } from "./model.ts";
import { countSigners, requireThreshold, type SignerCount } from "./threshold.ts";

export interface Authority {
  readonly keys: ReadonlyMap<KeyId, Key>;
  readonly role: RoleKeys;
}

/** For which collection and at what time root keys are judged; `now` undefined = dates of certificates do not matter. */
export interface RootJudgement {
  readonly dialect: Dialect;
  readonly gun: Gun;
  readonly now: number | undefined;
}

/** What the root says of one of the four top-level roles. */
export function topAuthority(root: Root, role: RoleName): Authority {
  if (!isTopRole(role)) throw new CountersignError("bug.unexpected", `root does not delegate to ${role}`);
  const top: TopRole = role;
  return { keys: root.keys, role: root.roles[top] };
}

/** What a trusted targets document says of a role it delegates to. */
export function delegatedAuthority(parent: Document<Targets>, role: RoleName): Authority {
  const { delegations } = parent.signed;
  const delegation = findDelegation(delegations, role);
  if (delegations === undefined || delegation === undefined) {
    throw new CountersignError("bug.unexpected", `${parent.role} does not delegate to ${role}`);
  }
  return { keys: delegations.keys, role: delegation };
}

/** The distinct usable keys of a role. */
export function identitiesOf({ keys, role }: Authority): readonly CanonicalKeyId[] {
  const ids = role.keyIds.map((id) => keys.get(id)?.publicKey?.id);
  return [...new Set(ids.filter((id) => id !== undefined))];
}

/** All distinct keys that signed a root, of those that `authority` (another root, or itself) lists and that may speak. */
export function countRootSigners(document: Document<Root>, authority: Root, judgement: RootJudgement): SignerCount {
  return countSigners(judgement.dialect, document, authority.keys, authority.roles.root, {
    accepts: (key) => judgement.dialect.acceptsRootKey(key, judgement),
    countAll: true,
  });
}

/** @throws threshold.unmet, signature.none; certificate.invalid when enough keys signed, but not with certificates that count */
export function requireRootSigners(document: Document<Root>, authority: Root, judgement: RootJudgement): void {
  const { dialect, gun } = judgement;
  const accepts = (key: Key) => dialect.acceptsRootKey(key, judgement);
  if (countSigners(dialect, document, authority.keys, authority.roles.root, { accepts }).met) return;
  const words = document.signed === authority ? "its own root role" : `root version ${authority.version}`;
  requireThreshold(dialect, document, authority.keys, authority.roles.root, words);
  throw new CountersignError(
    "certificate.invalid",
    `root version ${document.signed.version} is not signed by enough keys whose certificates are valid for ${gun}`,
    { hints: ["a root certificate must be made for this collection and be in force"] },
  );
}
