// The birth of a collection: root and targets, version 1, in every dialect. It is born with at least two root keys when the caller
// brings a recovery key, and its root is signed by every one of them; each root key gets a certificate that outlives the root,
// because an expired one cannot be healed (notary-v1, 14-T and 14.1). The server's keys are named here and never seen.
import { CountersignError, type Gun } from "../bytes/index.ts";
import { type Dialect, dialectNamed } from "../dialects/index.ts";
import { buildSelfSignedCertificate, type Certificate, type PublicKey, type Signer } from "../keys/index.ts";
import { type Document, type Key, type RoleKeys, type Root, signDocument, type Targets } from "../tuf/index.ts";
import { rootRole, targetsRole } from "./collection-draft.ts";
import type { Finding } from "./findings.ts";
import { certificateBackdating, defaultLifetimes, type Lifetimes } from "./lifetimes.ts";
import { rootModelFindings } from "./preflight-root.ts";
import type { Publication } from "./publication.ts";

export interface InitialCollection {
  readonly gun: Gun;
  /** notary1 and tuf1 unless the collection is to carry one only. */
  readonly dialects: readonly Dialect[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The main key first, then the recovery kit and any others; all of them sign. */
  readonly rootSigners: readonly Signer[];
  readonly rootThreshold?: number;
  /** Issued elsewhere, for some of the root signers; the others get one made here. */
  readonly rootCertificates?: readonly Certificate[];
  readonly targetsSigners: readonly Signer[];
  readonly targetsThreshold?: number;
  /** Held by the server, which was asked for them. */
  readonly snapshotKey: PublicKey;
  readonly timestampKey: PublicKey;
  readonly lifetimes?: Lifetimes;
}

/** The first documents, signed. @throws usage.invalid for thresholds nobody could reach; key.unsupported; key.* from signers */
export async function initialPublication(wanted: InitialCollection): Promise<Publication> {
  requireReachable("root", wanted.rootSigners, wanted.rootThreshold ?? 1);
  requireReachable("targets", wanted.targetsSigners, wanted.targetsThreshold ?? 1);
  const certificates = await rootCertificates(wanted);
  const documents: Document[] = [];
  for (const dialect of wanted.dialects) {
    documents.push(...(await firstDocuments(dialect, wanted, certificates)));
  }
  return { gun: wanted.gun, documents, blobs: new Map() };
}

/** What preflight says of the first root, beyond what readers refuse: a kit nobody would accept, a single root key. */
export function initialFindings(publication: Publication, wanted: InitialCollection): readonly Finding[] {
  return publication.documents.flatMap(({ dialect, signed }) => {
    if (signed.type !== "root") return [];
    const about = { gun: wanted.gun, now: wanted.now, before: undefined, isNew: true };
    return rootModelFindings(dialectNamed(dialect), signed, about);
  });
}

async function firstDocuments(
  dialect: Dialect,
  wanted: InitialCollection,
  certificates: ReadonlyMap<Signer, Certificate>,
): Promise<readonly Document[]> {
  const lifetimes = wanted.lifetimes ?? defaultLifetimes;
  const rootKeys = wanted.rootSigners.map((signer) => ({
    signer,
    key: dialect.makeKey(signer.publicKey, dialect.name === "notary1" ? certificates.get(signer) : undefined),
  }));
  const targetsKeys = wanted.targetsSigners.map((signer) => ({ signer, key: dialect.makeKey(signer.publicKey) }));
  const snapshotKey = dialect.makeKey(wanted.snapshotKey);
  const timestampKey = dialect.makeKey(wanted.timestampKey);
  const all = [...rootKeys.map(({ key }) => key), ...targetsKeys.map(({ key }) => key), snapshotKey, timestampKey];
  const root: Root = {
    type: "root",
    version: 1,
    expires: dialect.formatExpiry(wanted.now + lifetimes.root),
    extra: {},
    consistentSnapshot: dialect.name === "tuf1",
    keys: new Map(all.map((key) => [key.id, key])),
    roles: {
      root: roleOf(
        rootKeys.map(({ key }) => key),
        wanted.rootThreshold ?? 1,
      ),
      targets: roleOf(
        targetsKeys.map(({ key }) => key),
        wanted.targetsThreshold ?? 1,
      ),
      snapshot: roleOf([snapshotKey], 1),
      timestamp: roleOf([timestampKey], 1),
    },
  };
  const targets: Targets = {
    type: "targets",
    version: 1,
    expires: dialect.formatExpiry(wanted.now + lifetimes.targets),
    extra: {},
    targets: new Map(),
    delegations: undefined,
  };
  return [
    await signDocument(dialect, rootRole, root, rootKeys),
    await signDocument(dialect, targetsRole, targets, targetsKeys),
  ];
}

/** One certificate a root key, named after the collection; readers refuse any other name (notary-v1, 4.1). */
async function rootCertificates(wanted: InitialCollection): Promise<ReadonlyMap<Signer, Certificate>> {
  const certificates = new Map<Signer, Certificate>();
  if (!wanted.dialects.some((dialect) => dialect.name === "notary1")) return certificates;
  for (const signer of wanted.rootSigners) {
    const given = wanted.rootCertificates?.find(({ publicKey }) => publicKey?.id === signer.publicKey.id);
    certificates.set(signer, given ?? (await rootCertificate(wanted, signer)));
  }
  return certificates;
}

/** A certificate for a root key of a collection, from `now` (milliseconds since the epoch) on. */
export function rootCertificate(
  about: { readonly gun: Gun; readonly now: number; readonly lifetimes?: Lifetimes },
  signer: Signer,
): Promise<Certificate> {
  const lifetimes = about.lifetimes ?? defaultLifetimes;
  return buildSelfSignedCertificate({
    commonName: about.gun,
    notBefore: about.now - certificateBackdating,
    notAfter: about.now + Math.max(lifetimes.certificate, lifetimes.root),
    signer,
    usage: { kind: "root-of-trust" },
  });
}

function roleOf(keys: readonly Key[], threshold: number): RoleKeys {
  return { keyIds: [...new Set(keys.map((key) => key.id))], threshold };
}

function requireReachable(role: string, signers: readonly Signer[], threshold: number): void {
  const distinct = new Set(signers.map((signer) => signer.publicKey.id)).size;
  if (Number.isSafeInteger(threshold) && threshold >= 1 && threshold <= distinct) return;
  throw new CountersignError(
    "preflight.would_lock_out",
    `${role}: ${distinct} keys can never reach a threshold of ${threshold}`,
    {
      hints: ["bring more keys or lower the threshold"],
    },
  );
}
