// `notary init`: the first root, targets and snapshot of a collection, made and kept on this machine until the first publish. As with
// Notary the snapshot key is this machine's (notary-v1, section 1); unlike with Notary a collection that is there already, here or on the
// server, is never begun anew, because that would lock its publisher out (notary-v1, 14-K).
import { CountersignError, type Gun, parseRoleName } from "../../bytes/index.ts";
import { notary1 } from "../../dialects/index.ts";
import { findKeys } from "../../flows/index.ts";
import type { Certificate, PublicKey, Signer } from "../../keys/index.ts";
import { defaultLifetimes, nextSnapshot, prepareInitial } from "../../publish/index.ts";
import { type Document, type Root, signDocument, type Targets } from "../../tuf/index.ts";
import { NotaryUsage } from "./command-line.ts";
import { type Desk, isOnServer } from "./desk.ts";
import type { NotaryContext } from "./front-context.ts";
import { rootCertificateOf, serverTimestampKey } from "./init-sources.ts";
import { importRootKey } from "./key-import.ts";

const rootRole = parseRoleName("root");
const snapshotRole = parseRoleName("snapshot");

/**
 * False: this machine has begun it already, and nothing was changed. `tell`: which root key is used.
 * @throws collection.exists, key.*, download.*, disk.*
 */
export async function beginCollection(
  context: NotaryContext,
  desk: Desk,
  tell: (text: string) => void,
): Promise<boolean> {
  const { gun, ports, places } = desk;
  const { passphrases, flags, clock } = context;
  const rootKeyFile = flags.value("rootkey");
  const imported = rootKeyFile ? await importRootKey(context, places.vault, rootKeyFile) : undefined;
  const known = (await findKeys(places)).filter(({ purpose }) => purpose === "root");
  const chosen = imported === undefined ? known[0] : known.find(({ id }) => id === imported);
  if (chosen !== undefined) tell(`Root key found, using: ${chosen.id}\n`);
  const certificateFile = flags.value("rootcert");
  const certificate = certificateFile ? await rootCertificateOf(certificateFile, gun, clock(), imported) : undefined;
  await refuseExisting(desk);
  if ((await context.directory.cache(gun).read(rootRole)) !== undefined) return false;
  const timestampKey = await serverTimestampKey(ports);
  const rootId = certificate?.publicKey?.id ?? chosen?.id;
  const rootSigner = await openOrMake(desk, passphrases, "root", rootId);
  if (certificate !== undefined && certificate.publicKey?.id !== rootSigner.publicKey.id) throw notItsCertificate();
  const targetsSigner = await openOrMake(desk, passphrases, "targets", await leftKey(desk, "targets"));
  const snapshotSigner = await openOrMake(desk, passphrases, "snapshot", await leftKey(desk, "snapshot"));
  const documents = await firstDocuments(gun, clock(), {
    rootSigner,
    targetsSigner,
    snapshotSigner,
    timestampKey,
    certificate,
  });
  // Root last: it is what makes this a collection that has begun.
  for (const { role, bytes } of documents.toReversed()) await context.directory.cache(gun).write(role, bytes);
  return true;
}

interface FirstKeys {
  readonly rootSigner: Signer;
  readonly targetsSigner: Signer;
  readonly snapshotSigner: Signer;
  readonly timestampKey: PublicKey;
  readonly certificate: Certificate | undefined;
}

async function firstDocuments(gun: Gun, now: number, keys: FirstKeys): Promise<readonly Document[]> {
  const { publication } = await prepareInitial({
    gun,
    dialects: [notary1],
    now,
    rootSigners: [keys.rootSigner],
    targetsSigners: [keys.targetsSigner],
    snapshotKey: keys.snapshotSigner.publicKey,
    timestampKey: keys.timestampKey,
    ...(keys.certificate === undefined ? {} : { rootCertificates: [keys.certificate] }),
  });
  const root = publication.documents.find(isRoot);
  const targets = publication.documents.find(isTargets);
  if (root === undefined || targets === undefined) {
    throw new CountersignError("bug.unexpected", "the first publication of a collection lacks a role");
  }
  const content = nextSnapshot(notary1, {
    previous: undefined,
    root,
    changed: [targets],
    expiresAt: now + defaultLifetimes.targets,
  });
  const key = notary1.makeKey(keys.snapshotSigner.publicKey);
  const snapshot = await signDocument(notary1, snapshotRole, content, [{ signer: keys.snapshotSigner, key }]);
  return [root, targets, snapshot];
}

function isRoot(document: Document): document is Document<Root> {
  return document.signed.type === "root";
}

function isTargets(document: Document): document is Document<Targets> {
  return document.signed.type === "targets";
}

/** A key of this collection that an interrupted run left. */
async function leftKey({ gun, places }: Desk, role: "targets" | "snapshot") {
  return (await findKeys(places)).find((key) => key.role === role && key.gun === gun)?.id;
}

async function openOrMake(
  { gun, places }: Desk,
  passphrases: NotaryContext["passphrases"],
  role: "root" | "targets" | "snapshot",
  id: Signer["publicKey"]["id"] | undefined,
): Promise<Signer> {
  const scope = role === "root" ? {} : { gun };
  const key = id ?? (await places.vault.generate({ role, ...scope, passphrases })).id;
  return places.vault.open(key, passphrases);
}

async function refuseExisting({ gun, ports }: Desk): Promise<void> {
  if (!(await isOnServer({ ports }))) return;
  throw new CountersignError("collection.exists", `${ports.server.url.host} has a collection ${gun} already`, {
    hints: [
      `to use it: notary list ${gun}; to publish in it, bring its keys: notary key import FILE`,
      `to make it anew for good: notary delete --remote ${gun}, then this again`,
    ],
  });
}

function notItsCertificate(): NotaryUsage {
  return new NotaryUsage("could not obtain public key from IDs: private key is nil or does not match public key");
}
