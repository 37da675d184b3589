// Stand-in for the server's part of a collection: snapshot and timestamp signed with throw-away keys, under a root that gives the targets
// role exactly the keys and threshold of the real one. With it the readers' own code can judge documents before they are sent.
import { type Gun, parseRoleName, type RoleName } from "../bytes/index.ts";
import type { Dialect } from "../dialects/index.ts";
import { buildSelfSignedCertificate, type Signer } from "../keys/index.ts";
import { type Document, type Key, type Root, type Snapshot, signDocument, type Targets } from "../tuf/index.ts";
import { nextSnapshot, nextTimestamp } from "./server-roles.ts";

const day = 24 * 60 * 60 * 1000;
const snapshotRole = parseRoleName("snapshot");
const timestampRole = parseRoleName("timestamp");

export interface StandInServer {
  readonly root: Document<Root>;
  /** Snapshot and timestamp over these targets roles; `previous` as nextSnapshot takes it. */
  serve(
    targets: Iterable<Document<Targets>>,
    previous: { readonly snapshot: Snapshot | undefined; readonly timestampVersion: number },
  ): Promise<{ readonly snapshot: Document<Snapshot>; readonly timestamp: Document }>;
}

/** A server for `real`'s targets role, in force at `now` (milliseconds since the epoch), that signs with a throw-away key. */
export async function standInServer(
  dialect: Dialect,
  gun: Gun,
  real: Root,
  { now, signer }: { readonly now: number; readonly signer: Signer },
): Promise<StandInServer> {
  const certificate =
    dialect.name === "notary1"
      ? await buildSelfSignedCertificate({
          commonName: gun,
          notBefore: now - day,
          notAfter: now + day,
          signer,
          usage: { kind: "root-of-trust" },
        })
      : undefined;
  const rootKey = dialect.makeKey(signer.publicKey, certificate);
  const onlineKey = dialect.makeKey(signer.publicKey);
  const online = { keyIds: [onlineKey.id], threshold: 1 };
  const root = await signDocument<Root>(
    dialect,
    parseRoleName("root"),
    {
      ...real,
      version: 1,
      expires: dialect.formatExpiry(now + day),
      keys: new Map<Key["id"], Key>([...real.keys, [rootKey.id, rootKey], [onlineKey.id, onlineKey]]),
      roles: {
        ...real.roles,
        root: { keyIds: [rootKey.id], threshold: 1 },
        snapshot: online,
        timestamp: online,
      },
    },
    [{ signer, key: rootKey }],
  );
  const signing = [{ signer, key: onlineKey }];
  const expiresAt = now + day;
  return {
    root,
    async serve(targets, previous) {
      const content = nextSnapshot(dialect, { previous: previous.snapshot, root, changed: targets, expiresAt });
      const snapshot = await signDocument(dialect, snapshotRole, content, signing);
      const pointer = nextTimestamp(dialect, { previous: undefined, snapshot, expiresAt });
      const version = previous.timestampVersion + 1;
      return { snapshot, timestamp: await signDocument(dialect, timestampRole, { ...pointer, version }, signing) };
    },
  };
}

/** Narrowed by what was decoded, not by the role's name. */
export function isTargetsDocument(document: Document): document is Document<Targets> {
  return document.signed.type === "targets";
}

export function isRootDocument(document: Document): document is Document<Root> {
  return document.signed.type === "root";
}

export function isSnapshotDocument(document: Document): document is Document<Snapshot> {
  return document.signed.type === "snapshot";
}

export type TargetsByRole = ReadonlyMap<RoleName, Document<Targets>>;
