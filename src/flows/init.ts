// The birth of a collection: keys, recovery kit, first documents of both dialects, upload, read-back, pin. Everything that cannot be made
// again is on disk before the server hears of it, so an interruption at any point is healed by running it again.
import { CountersignError, encodeUtf8, equalBytes, type Gun, isCountersignError } from "../bytes/index.ts";
import { notary1, tuf1 } from "../dialects/index.ts";
import { createFile, readSmallFile } from "../home/index.ts";
import type { CanonicalKeyId, Signer } from "../keys/index.ts";
import { type Finding, type Publication, prepareInitial } from "../publish/index.ts";
import { type KeyDescription, makeRecoveryKit, type PassphraseProvider } from "../signers/index.ts";
import type { DialectName, Root } from "../tuf/index.ts";
import type { Pin } from "../updater/index.ts";
import { canonicalIds } from "./inspect.ts";
import { findKeys, type KeyPlaces } from "./key-ring.ts";
import type { ReadPorts } from "./ports.ts";
import { readBack, upload } from "./publish.ts";
import { fetchServerKey } from "./server-key.ts";
import { decodeUnfinishedInit, encodeUnfinishedInit, type UnfinishedInit } from "./unfinished-init.ts";

export interface InitRequest {
  readonly gun: Gun;
  readonly places: KeyPlaces;
  readonly passphrases: PassphraseProvider;
  /** The root key to use; undefined: the only one at hand, or a new one. */
  readonly rootKey: CanonicalKeyId | undefined;
  /** A collection of files for TUF 1.0 clients: no notary1, and hashed bins for everything. */
  readonly isTuf1Only?: boolean;
  /** Where the recovery kit goes, and its passphrase when it is needed; undefined: no kit. */
  readonly kit: { readonly path: string; readonly passphrase: () => Promise<string> } | undefined;
}

export interface InitReport {
  readonly gun: Gun;
  readonly dialects: readonly DialectName[];
  /** The main key first, then the recovery kit's. */
  readonly rootKeys: readonly CanonicalKeyId[];
  readonly targetsKeys: readonly CanonicalKeyId[];
  readonly kitPath: string | undefined;
  /** What preflight warns of. */
  readonly findings: readonly Finding[];
  /** An earlier run had been interrupted and was completed. */
  readonly resumed: boolean;
}

/**
 * @throws collection.exists, pin.exists, key.exists for a kit file that is there already, key.*, publish.*, download.*, disk.*
 */
export async function initCollection(ports: ReadPorts, request: InitRequest): Promise<InitReport> {
  return ports.home.whilePublishing(request.gun, async () => {
    const earlier = await readEarlier(ports, request.gun);
    const { work, findings } = earlier === undefined ? await prepare(ports, request) : { work: earlier, findings: [] };
    const root = firstRoot(work.publication);
    const rootKeys = canonicalIds(root, root.roles.root);
    const pins = rootKeys.map((id): Pin => ({ kind: "key", id }));
    await writeKit(work);
    await publishFirst(ports, work.publication, pins);
    const added = new Date(ports.clock()).toISOString();
    const pin = { name: request.gun, pins, added, note: "made on this machine" };
    // A pin of this very name was looked at before anything was made; what differs now was added by ourselves, meanwhile.
    await ports.home.pins.add(pin, { replace: earlier !== undefined });
    await ports.home.unfinished(request.gun).remove();
    return {
      gun: request.gun,
      dialects: dialectsOf(work.publication),
      rootKeys,
      targetsKeys: canonicalIds(root, root.roles.targets),
      kitPath: work.kit?.path,
      findings,
      resumed: earlier !== undefined,
    };
  });
}

async function readEarlier(ports: ReadPorts, gun: Gun): Promise<UnfinishedInit | undefined> {
  const unfinished = ports.home.unfinished(gun);
  const bytes = await unfinished.read();
  if (bytes === undefined) return undefined;
  try {
    return decodeUnfinishedInit(gun, bytes);
  } catch (error) {
    if (!isCountersignError(error, "cache.corrupt")) throw error;
    await unfinished.remove();
    return undefined;
  }
}

/** Everything up to the first byte on the wire that changes something. */
async function prepare(
  ports: ReadPorts,
  request: InitRequest,
): Promise<{ work: UnfinishedInit; findings: readonly Finding[] }> {
  const { gun } = request;
  ports.progress(`asking ${ports.server.url.host}`);
  await refuseExisting(ports, gun);
  await refuseForeignPin(ports, request);
  const takesBoth = await ports.server.isCountersign(ports.signal === undefined ? {} : { signal: ports.signal });
  if (request.isTuf1Only === true && !takesBoth) {
    throw new CountersignError("usage.invalid", `${ports.server.url.host} is a notary-server: it holds notary1 alone`);
  }
  const [timestampKey, snapshotKey] = [
    await fetchServerKey(ports, "timestamp"),
    await fetchServerKey(ports, "snapshot"),
  ];
  ports.progress("making keys");
  const root = await rootSigner(request);
  const targets = await targetsSigner(request);
  const kit = request.kit === undefined ? undefined : await makeKit(ports, request, request.kit);
  ports.progress("signing");
  const { publication, findings } = await prepareInitial({
    gun,
    dialects: request.isTuf1Only === true ? [tuf1] : takesBoth ? [tuf1, notary1] : [notary1],
    now: ports.clock(),
    rootSigners: kit === undefined ? [root] : [root, kit.signer],
    targetsSigners: [targets],
    snapshotKey,
    timestampKey,
  });
  const work: UnfinishedInit = { publication, kit: kit === undefined ? undefined : { path: kit.path, text: kit.text } };
  await ports.home.unfinished(gun).write(encodeUnfinishedInit(work));
  return { work, findings };
}

async function refuseForeignPin(ports: ReadPorts, request: InitRequest): Promise<void> {
  const present = (await ports.home.pins.list()).find((entry) => entry.name === request.gun);
  if (present === undefined) return;
  throw new CountersignError(
    "pin.exists",
    `${request.gun} is pinned already, so somebody's collection of that name is known here`,
    {
      hints: [
        `to look at it: countersign inspect ${request.gun}`,
        `if it is gone for good: countersign trust remove ${request.gun}, then run this again`,
      ],
    },
  );
}

async function refuseExisting(ports: ReadPorts, gun: Gun): Promise<void> {
  const limits = { maxBytes: 1024 * 1024 };
  const root = await ports.server.notary1Source().fetchRoot(undefined, limits);
  // A collection of files may have tuf1 alone; a notary-server has no such route and answers that there is none.
  const other = root === undefined ? await ports.server.tuf1Source().fetchRoot(undefined, limits) : undefined;
  if (root === undefined && other === undefined) return;
  throw new CountersignError("collection.exists", `${ports.server.url.host} has a collection ${gun} already`, {
    hints: [
      `to use it: countersign trust add ${gun} KEY-ID, with the key id from its owner`,
      `to sign in it, bring its keys: countersign key import FILE`,
    ],
  });
}

/** The key that was asked for, the only root key at hand, or a new one. */
async function rootSigner(request: InitRequest): Promise<Signer> {
  const roots = (await findKeys(request.places)).filter((key) => key.purpose === "root");
  const wanted = request.rootKey;
  const chosen = wanted === undefined ? roots : roots.filter((key) => key.id === wanted);
  const [key, another] = chosen;
  if (wanted !== undefined && key === undefined) {
    throw new CountersignError("key.missing", `root key ${wanted} is not on this machine`, {
      hints: ["see what is here: countersign key list"],
    });
  }
  if (another !== undefined && wanted === undefined) {
    throw new CountersignError("usage.invalid", `there are ${chosen.length} root keys on this machine`, {
      hints: ["choose one with --key KEY-ID", ...chosen.map((one) => `${one.id} ${one.path}`)],
    });
  }
  if (key !== undefined) return key.store.open(key.id, request.passphrases);
  const made = await request.places.vault.generate({ role: "root", passphrases: request.passphrases });
  return request.places.vault.open(made.id, request.passphrases);
}

/** A targets key of this collection that an interrupted run left, or a new one. */
async function targetsSigner(request: InitRequest): Promise<Signer> {
  const { vault } = request.places;
  const isOurs = (key: KeyDescription): boolean => key.role === "targets" && key.gun === request.gun;
  const left = (await vault.list()).find(isOurs);
  const key = left ?? (await vault.generate({ role: "targets", gun: request.gun, passphrases: request.passphrases }));
  return vault.open(key.id, request.passphrases);
}

interface MadeKit {
  readonly signer: Signer;
  readonly text: string;
  readonly path: string;
}

async function makeKit(ports: ReadPorts, request: InitRequest, kit: NonNullable<InitRequest["kit"]>): Promise<MadeKit> {
  const passphrase = await kit.passphrase();
  const made = await makeRecoveryKit({ gun: request.gun, passphrase, now: ports.clock() });
  return { ...made, path: kit.path };
}

/** The kit is on disk before the server learns of its key. The same text again is no error: an earlier run wrote it. */
async function writeKit(work: UnfinishedInit): Promise<void> {
  if (work.kit === undefined || (await createFile(work.kit.path, work.kit.text))) return;
  const present = await readSmallFile(work.kit.path, { maxBytes: 64 * 1024 });
  if (present !== undefined && equalBytes(present, encodeUtf8(work.kit.text))) return;
  throw new CountersignError(
    "key.exists",
    `${work.kit.path} is there already and is not this collection's recovery kit`,
    {
      hints: ["move it away, then run the same command again", "a recovery kit is never overwritten"],
    },
  );
}

/** Uploads; a conflict is fine when what is there is what we signed (an answer that was lost on its way). */
async function publishFirst(ports: ReadPorts, publication: Publication, pins: readonly Pin[]): Promise<void> {
  const { gun } = publication;
  let refusal: CountersignError | undefined;
  try {
    await upload(ports, publication, { takesBoth: dialectsOf(publication).includes("tuf1") });
  } catch (error) {
    if (!isCountersignError(error, "conflict.lost_race", "storage.conflict", "collection.exists", "publish.refused"))
      throw error;
    refusal = error;
  }
  try {
    await readBack(ports, { gun, pins }, publication);
  } catch (error) {
    if (refusal === undefined) throw error;
    // Somebody else's collection stands there now, or the server will never take ours: a new run must not repeat it.
    await ports.home.unfinished(gun).remove();
    if (refusal.code === "publish.refused") throw refusal;
    throw new CountersignError("collection.exists", `somebody else has started ${gun} on ${ports.server.url.host}`, {
      cause: refusal,
      hints: [`to use it: countersign trust add ${gun} KEY-ID, with the key id from its owner`],
    });
  }
}

function firstRoot(publication: Publication): Root {
  for (const { signed } of publication.documents) if (signed.type === "root") return signed;
  throw new CountersignError("bug.unexpected", "the first publication of a collection holds no root");
}

function dialectsOf(publication: Publication): readonly DialectName[] {
  return [...new Set(publication.documents.map((document) => document.dialect))];
}
