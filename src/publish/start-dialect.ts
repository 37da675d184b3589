// A second dialect for a collection that was born in Notary: its tuf1 side is started from the verified notary1 state. The tuf1 root
// chain begins at version 1 and ends level with notary1's, since readers remember one version for both. Nothing is started that would
// show readers less than they see now: every published role has to be signed in the new dialect at once.
import { convertRoot, dialectNamed, rememberingDialect } from "../dialects/index.ts";
import type { CanonicalKeyId } from "../keys/index.ts";
import { type Document, findDelegation, type Root, signDocument } from "../tuf/index.ts";
import { rootRole, targetsRole } from "./collection-draft.ts";
import type { CollectionState, DialectState } from "./collection-state.ts";
import { delegatorOf } from "./delegated-paths.ts";
import { type Finding, finding } from "./findings.ts";
import { distinctHeld } from "./held-keys.ts";
import type { KeyRing } from "./key-ring.ts";
import { defaultLifetimes, type Lifetimes } from "./lifetimes.ts";

export interface StartedDialect {
  /** The collection with the new dialect: an unsigned first root and nothing below. */
  readonly state: CollectionState;
  /** Signs that first root. @throws key.* */
  readonly signFirstRoot: (ring: KeyRing) => Promise<Document<Root>>;
}

/** undefined: there is nothing to start. A finding: it cannot be started here and now. @throws preflight.inexpressible */
export function startTuf1(
  state: CollectionState,
  held: ReadonlySet<CanonicalKeyId>,
  options: { readonly now: number; readonly lifetimes?: Lifetimes | undefined },
): StartedDialect | Finding | undefined {
  const notary1 = state.dialects.get("notary1");
  if (notary1 === undefined || state.dialects.has("tuf1")) return undefined;
  const missing = missingKeys(notary1, held);
  if (missing.length > 0) {
    return finding(
      "warning",
      "dialect.not_started",
      `tuf1 is not started: the keys of ${missing.join(", ")} are not at hand`,
      {
        dialect: "tuf1",
        hints: [
          "publish once on a machine that holds a root key, the targets keys and those of every delegation in use",
        ],
      },
    );
  }
  const dialect = rememberingDialect(dialectNamed("tuf1"));
  const expires = dialect.formatExpiry(options.now + (options.lifetimes ?? defaultLifetimes).root);
  const root: Root = { ...convertRoot(notary1.root.signed, dialect), version: 1, expires };
  const unsigned: Document<Root> = {
    dialect: "tuf1",
    role: rootRole,
    bytes: new Uint8Array(),
    signedBytes: new Uint8Array(),
    signatures: [],
    signed: root,
  };
  const started: DialectState = {
    dialect,
    root: unsigned,
    timestamp: undefined,
    snapshot: undefined,
    targets: new Map(),
  };
  return {
    state: { ...state, dialects: new Map([...state.dialects, ["tuf1", started]]) },
    async signFirstRoot(ring) {
      const signing = [];
      for (const key of root.keys.values()) {
        const id = key.publicKey?.id;
        if (id === undefined || !root.roles.root.keyIds.includes(key.id) || !held.has(id)) continue;
        signing.push({ signer: await ring.open(id), key });
      }
      return signDocument(dialect, rootRole, root, signing);
    },
  };
}

/** Roles that could not be signed in a new dialect. */
function missingKeys({ root, targets }: DialectState, held: ReadonlySet<CanonicalKeyId>): readonly string[] {
  const { keys, roles } = root.signed;
  const missing: string[] = [];
  if (distinctHeld(keys, roles.root, held).length < roles.root.threshold) missing.push(rootRole);
  for (const role of targets.keys()) {
    const delegations = targets.get(role === targetsRole ? role : delegatorOf(role))?.signed.delegations;
    const named = role === targetsRole ? roles.targets : findDelegation(delegations, role);
    const listed = role === targetsRole ? keys : (delegations?.keys ?? new Map());
    if (named === undefined || distinctHeld(listed, named, held).length < named.threshold) missing.push(role);
  }
  return missing;
}
