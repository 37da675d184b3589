// A collection brought up to date for a person: which pins apply, one request for the whole chain where the server can do that, document
// by document where it cannot, and the cached chain when the caller allows being offline. Whatever way the bytes come, the
// updater judges them by the same code.
import {
  CountersignError,
  type Gun,
  isCountersignError,
  isJsonObject,
  parseJson,
  parseRoleName,
} from "../bytes/index.ts";
import type { DiskCache } from "../home/index.ts";
import type { DialectName } from "../tuf/index.ts";
import {
  type Bundle,
  bundleSource,
  type Collection,
  decodeBundle,
  type MetadataSource,
  openCollection,
  type Pin,
} from "../updater/index.ts";
import type { ReadPorts } from "./ports.ts";

export interface ReadRequest {
  readonly gun: Gun;
  /** "auto": tuf1 unless it is behind; what a server that speaks notary1 only has. */
  readonly dialect: DialectName | "auto";
  /** Used instead of the pins at home when not empty. */
  readonly pins: readonly Pin[];
  /** Believe an unpinned collection and pin what was seen. */
  readonly trustOnFirstUse: boolean;
  /** May an unexpired cached chain answer when the server cannot be reached? */
  readonly offline: "never" | "allowed";
}

/** A whole chain may hold a targets file of 100 MiB and its delegations. */
const maxBundleBytes = 256 * 1024 * 1024;
const rootRole = parseRoleName("root");

/**
 * The collection, verified up to `targets`. An unpinned one that was trusted on first use is pinned from now on.
 * @throws what openCollection throws; bundle.invalid; config.invalid; disk.*
 */
export async function openTrustedCollection(ports: ReadPorts, request: ReadRequest): Promise<Collection> {
  const pins = await pinsFor(ports, request);
  ports.progress(`reading ${request.gun}`);
  const wanted = { ...request, dialect: readableBy(pins, request.dialect) };
  const { dialect, source, unreachable } = await findSource(ports, wanted);
  const open = (from: MetadataSource): Promise<Collection> =>
    openCollection({
      gun: request.gun,
      dialect,
      source: from,
      cache: ports.home.cache(request.gun, dialect),
      memory: ports.home.memory(request.gun),
      pins,
      now: ports.clock(),
      trustOnFirstUse: request.trustOnFirstUse,
      offline: request.offline,
      ...(ports.signal === undefined ? {} : { signal: ports.signal }),
    });
  const collection = await open(source).catch((error: unknown) => {
    throw unreachable === undefined ? error : expiredMeanwhile(error, unreachable);
  });
  await pinFirstUse(ports, collection);
  return collection;
}

/** Nobody need renew what only this machine holds an old copy of: what failed is the way to the server. */
function expiredMeanwhile(error: unknown, unreachable: CountersignError): unknown {
  if (!isCountersignError(error, "metadata.expired")) return error;
  const hint = `the server did not answer (${unreachable.message}), and what is kept here has expired: try again when it does`;
  return new CountersignError(error.code, error.message, { cause: unreachable, hints: [hint] });
}

/** The pins that speak for a collection: the caller's, or those at home. */
export async function pinsFor(
  ports: Pick<ReadPorts, "home">,
  request: Pick<ReadRequest, "gun" | "pins">,
): Promise<readonly Pin[]> {
  if (request.pins.length > 0) return request.pins;
  return (await ports.home.pins.find(request.gun))?.pins ?? [];
}

/** Pins of certificates and authorities speak for notary1 only: tuf1 has no certificates to hold them against. */
function readableBy(pins: readonly Pin[], wanted: DialectName | "auto"): DialectName | "auto" {
  const needsCertificates = pins.length > 0 && pins.every(({ kind }) => kind !== "key");
  return wanted === "auto" && needsCertificates ? "notary1" : wanted;
}

/** One source of one dialect: the server's bundle, the documents one by one, or only what is cached. */
export async function findSource(
  ports: ReadPorts,
  request: ReadRequest,
): Promise<{
  readonly dialect: DialectName;
  readonly source: MetadataSource;
  /** Why only the cache can answer. */
  readonly unreachable?: CountersignError;
}> {
  try {
    const bundle = await fetchBundle(ports, request.gun, request.dialect);
    if (bundle !== undefined) {
      return { dialect: bundle.dialect, source: bundleSource(bundle, sourceOf(ports, bundle.dialect)) };
    }
    const dialect = request.dialect === "auto" ? "notary1" : request.dialect;
    return { dialect, source: sourceOf(ports, dialect) };
  } catch (error) {
    if (request.offline !== "allowed" || !isUnreachable(error)) throw error;
    const dialect = request.dialect === "auto" ? await cachedDialect(ports, request.gun) : request.dialect;
    return { dialect, source: failingSource(error), unreachable: error };
  }
}

function sourceOf(ports: ReadPorts, dialect: DialectName): MetadataSource {
  return dialect === "notary1" ? ports.server.notary1Source() : ports.server.tuf1Source();
}

/**
 * What the server has that the cache has not. undefined: a server without bundles.
 * @throws collection.missing, download.*, bundle.invalid, pin.mismatch never: nothing is judged here
 */
async function fetchBundle(ports: ReadPorts, gun: Gun, wanted: DialectName | "auto"): Promise<Bundle | undefined> {
  const dialects: readonly DialectName[] = wanted === "auto" ? ["tuf1", "notary1"] : [wanted];
  const held = await Promise.all(dialects.map((dialect) => holdings(ports.home.cache(gun, dialect))));
  const withRoot = held.filter((holding) => holding.root !== undefined);
  // Roots above the newest one held are asked for; with two dialects at hand, above the lesser of both.
  const root = withRoot.length === 0 ? undefined : Math.min(...withRoot.map((holding) => holding.root ?? 1));
  const have = held.flatMap((holding) => holding.have);
  const ask = async (fresh: boolean): Promise<Bundle | undefined> => {
    const bytes = await ports.server.fetchBundle({
      dialect: wanted,
      maxBytes: maxBundleBytes,
      ...(fresh ? {} : { have }),
      ...(fresh || root === undefined ? {} : { root }),
      ...(ports.signal === undefined ? {} : { signal: ports.signal }),
    });
    if (bytes === undefined) return undefined;
    const bundle = decodeBundle(bytes);
    if (bundle.gun === gun) return bundle;
    throw new CountersignError("bundle.invalid", `${ports.server.url} sent a bundle of ${bundle.gun}, not of ${gun}`);
  };
  const bundle = await ask(false);
  if (bundle === undefined || root === undefined) return bundle;
  // The server chose the dialect of which nothing is held: the roots left out were those of the other one.
  const isHeld = held.some((holding, index) => dialects[index] === bundle.dialect && holding.root !== undefined);
  return isHeld ? bundle : ask(true);
}

interface Holdings {
  readonly root: number | undefined;
  readonly have: Awaited<ReturnType<DiskCache["held"]>>;
}

/** What the cache could spare the server from sending. A damaged root counts as none. */
async function holdings(cache: DiskCache): Promise<Holdings> {
  const root = await cache.read(rootRole);
  const version = root === undefined ? undefined : claimedVersion(root);
  return version === undefined ? { root: undefined, have: [] } : { root: version, have: await cache.held() };
}

/** A root's version as it says itself; only ever used to ask for less. */
function claimedVersion(bytes: Uint8Array): number | undefined {
  try {
    const document = parseJson(bytes, { numbers: "integral" });
    const signed = isJsonObject(document) && Object.hasOwn(document, "signed") ? document.signed : undefined;
    const version =
      signed !== undefined && isJsonObject(signed) && Object.hasOwn(signed, "version") ? signed.version : undefined;
    return typeof version === "number" && version >= 1 ? version : undefined;
  } catch (error) {
    if (isCountersignError(error)) return undefined;
    throw error;
  }
}

async function cachedDialect(ports: ReadPorts, gun: Gun): Promise<DialectName> {
  const tuf1 = await ports.home.cache(gun, "tuf1").read(rootRole);
  return tuf1 === undefined ? "notary1" : "tuf1";
}

/** The server's own failure, told again for every document: the updater then decides what the cache is good for. */
function failingSource(error: unknown): MetadataSource {
  const fail = (): Promise<never> => Promise.reject(error);
  return { fetchRoot: fail, fetchTimestamp: fail, fetchSnapshot: fail, fetchTargets: fail };
}

function isUnreachable(error: unknown): error is CountersignError {
  return isCountersignError(
    error,
    "download.unreachable",
    "download.too_slow",
    "download.unavailable",
    "download.failed",
  );
}

/** Pins what a collection showed that was believed on first use; one that was pinned is left alone. */
export async function pinFirstUse(ports: Pick<ReadPorts, "home" | "clock">, collection: Collection): Promise<void> {
  if (collection.anchor.kind !== "firstUse") return;
  const pins = collection.root.signedBy.map((id): Pin => ({ kind: "key", id }));
  const added = new Date(ports.clock()).toISOString();
  await ports.home.pins.add({ name: collection.gun, pins, added, note: "trusted on first use" });
}
