// `notary publish`: everything on the list in one publish. A collection that only this machine knows is published from what `init` wrote;
// what the server has is changed by the same code as every other publish of ours. The list is cleared when a reader has read it back.
import { type Gun, isCountersignError, parseRoleName } from "../../bytes/index.ts";
import { notary1 } from "../../dialects/index.ts";
import { cachedRootPins, openKeyRing, openTrustedCollection, publishStaged, stagedChange } from "../../flows/index.ts";
import {
  type Change,
  type CollectionState,
  type DialectState,
  type Finding,
  prepareChange,
} from "../../publish/index.ts";
import type { Document } from "../../tuf/index.ts";
import { type Desk, isOnServer, missing, openDesk } from "./desk.ts";
import { beginCollection } from "./first-documents.ts";
import type { NotaryContext } from "./front-context.ts";
import { withoutLogin } from "./settings.ts";

const rootRole = parseRoleName("root");
const targetsRole = parseRoleName("targets");
const snapshotRole = parseRoleName("snapshot");

/** A collection that nobody has begun is begun, as Notary does it. @throws what beginning and publishing throw */
export async function publishAll(context: NotaryContext, gun: Gun): Promise<void> {
  using desk = await openDesk(context, gun);
  if (!(await isOnServer(desk))) {
    await desk.ports.home.whilePublishing(gun, () => publishFirst(context, desk));
    return;
  }
  const pins = await pinsToPublish(context, desk);
  const keys = await keyIds(desk);
  try {
    await publishList(context, desk, pins);
  } catch (error) {
    // A rotation that ran meanwhile in this directory has left the keys that are wanted now.
    if (!isCountersignError(error, "preflight.would_lock_out") || (await keyIds(desk)) === keys) throw error;
    await publishList(context, desk, pins);
  }
}

async function publishList(context: NotaryContext, { gun, ports, places }: Desk, pins: Desk["pins"]): Promise<void> {
  const list = context.directory.changes(gun);
  const ring = await openKeyRing(places, context.passphrases);
  const { findings } = await publishStaged(ports, { gun, list, pins, ring, acceptsUnsigned: true });
  tell(context, gun, findings);
}

async function keyIds({ places }: Desk): Promise<string> {
  return (await places.vault.list()).map(({ id }) => id).join(" ");
}

/**
 * A publisher whose directory knows no root takes the server's as every reader of this directory would, and keeps it: what is
 * published after it is checked against it.
 */
export async function pinsToPublish(context: NotaryContext, desk: Desk): Promise<Desk["pins"]> {
  const { gun, ports, pins, trustOnFirstUse } = desk;
  if (pins.length > 0 || !trustOnFirstUse) return pins;
  await openTrustedCollection(ports, { gun, dialect: "notary1", pins, trustOnFirstUse, offline: "never" });
  const again = await openDesk(context, gun);
  again[Symbol.dispose]();
  return again.pins;
}

export function tell(context: NotaryContext, gun: Gun, findings: readonly Finding[]): void {
  const { serverUrl, trustDirectory } = context.settings;
  const where = `--trust-dir ${trustDirectory} --server ${withoutLogin(serverUrl)}`;
  for (const { code, message, hints } of findings) {
    // In Notary's words keys come first and paths later, and nothing is said in between.
    if (code === "delegation.no_paths") continue;
    context.log("warning", message);
    for (const hint of hints) context.note(`  - ${hint}`);
    // `notary` has no command for it.
    if (code === "key.single_root") context.note(`  - countersign rotate ${gun} root --recovery-kit FILE ${where}`);
  }
}

async function publishFirst(context: NotaryContext, desk: Desk): Promise<void> {
  const { gun, ports } = desk;
  const list = context.directory.changes(gun);
  if ((await localState(context, gun)) === undefined) await beginCollection(context, desk, () => undefined);
  const local = await localState(context, gun);
  if (local === undefined) throw missing(gun, ports.server.url.host);
  // What was begun just now is what this directory trusts.
  const pins = await cachedRootPins(context.directory, gun, context.clock());
  const staged = await list.list();
  const changes = staged.map(({ entry }): Change => stagedChange(entry, true));
  const state: CollectionState = { gun, dialects: new Map([["notary1", local]]) };
  const keys = await openKeyRing(desk.places, context.passphrases);
  const { publication, findings } = await prepareChange(state, changes, { now: context.clock(), keys });
  await ports.server.publishNotary1(wholeSet(local, publication.documents));
  // As a reader of this directory, which from now on holds what the server serves.
  await openTrustedCollection(ports, { gun, dialect: "notary1", pins, trustOnFirstUse: false, offline: "never" });
  await list.remove(staged.map(({ id }) => id));
  tell(context, gun, findings);
}

/** What this machine alone knows, as `init` left it; undefined: nothing, or not whole. */
async function localState({ directory }: NotaryContext, gun: Gun): Promise<DialectState | undefined> {
  const cache = directory.cache(gun);
  const [root, targets, snapshot] = await Promise.all(
    ["root", "targets", "snapshot"].map((role) => cache.read(parseRoleName(role))),
  );
  if (root === undefined || targets === undefined) return undefined;
  return {
    dialect: notary1,
    root: notary1.decodeRoot(root),
    timestamp: undefined,
    snapshot: snapshot === undefined ? undefined : notary1.decodeSnapshot(snapshot),
    targets: new Map([[targetsRole, notary1.decodeTargets(targetsRole, targets)]]),
  };
}

/** A first publish carries every role, changed or not; an old snapshot only where nothing it lists was changed. */
function wholeSet(local: DialectState, changed: readonly Document[]): readonly Document[] {
  const has = (role: string): boolean => changed.some((document) => document.role === role);
  const kept: Document[] = [];
  if (!has(rootRole)) kept.push(local.root);
  const targets = local.targets.get(targetsRole);
  if (targets !== undefined && !has(targetsRole)) kept.push(targets);
  if (local.snapshot !== undefined && changed.length === 0 && !has(snapshotRole)) kept.push(local.snapshot);
  return [...kept, ...changed];
}
