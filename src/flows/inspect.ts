// A collection laid open: its roles, who may sign them, which keys did, versions and expiries, and what the server says of the dialects.
import type { Gun } from "../bytes/index.ts";
import type { CanonicalKeyId } from "../keys/index.ts";
import type { RoleStatus, ServerStatus } from "../remote/index.ts";
import type { DialectName, RoleKeys, Root } from "../tuf/index.ts";
import type { Anchor, DocumentFacts, RoleReport } from "../updater/index.ts";
import type { ReadPorts } from "./ports.ts";
import { openTrustedCollection, type ReadRequest } from "./trusted-collection.ts";
import { type Reason, reasonOf } from "./verdict.ts";

export interface TopRoleReport {
  readonly facts: DocumentFacts;
  /** Keys that may sign it. */
  readonly keys: readonly CanonicalKeyId[];
  readonly threshold: number;
}

export interface Inspection {
  readonly gun: Gun;
  readonly dialect: DialectName;
  readonly anchor: Anchor;
  readonly isOnline: boolean;
  readonly root: TopRoleReport;
  readonly snapshot: TopRoleReport;
  readonly timestamp: TopRoleReport;
  /** `targets` first, then delegations in walk order. */
  readonly roles: readonly RoleReport[];
  /** Dialects that lag behind, as the server says; undefined when it does not say. */
  readonly behind: readonly DialectName[] | undefined;
  /** What the server says it holds; not verified. */
  readonly served: ReadonlyMap<DialectName, ReadonlyMap<string, RoleStatus>>;
  readonly warnings: readonly Reason[];
}

/** @throws what openTrustedCollection throws */
export async function inspectCollection(ports: ReadPorts, request: ReadRequest): Promise<Inspection> {
  const collection = await openTrustedCollection(ports, request);
  const roles = await collection.roles();
  const status = collection.freshness.kind === "online" ? await serverStatus(ports) : undefined;
  const root = collection.documents().root.signed;
  return {
    gun: request.gun,
    dialect: collection.dialect,
    anchor: collection.anchor,
    isOnline: collection.freshness.kind === "online",
    root: topRole(root, root.roles.root, collection.root),
    snapshot: topRole(root, root.roles.snapshot, collection.snapshot),
    timestamp: topRole(root, root.roles.timestamp, collection.timestamp),
    roles,
    behind: status?.behind,
    served: status?.dialects ?? new Map(),
    warnings: collection.warnings.map(reasonOf),
  };
}

function serverStatus(ports: ReadPorts): Promise<ServerStatus | undefined> {
  return ports.server.status(ports.signal === undefined ? {} : { signal: ports.signal });
}

function topRole(root: Root, role: RoleKeys, facts: DocumentFacts): TopRoleReport {
  return { facts, keys: canonicalIds(root, role), threshold: role.threshold };
}

/** The distinct keys a role names that we can use, by their one identity. */
export function canonicalIds(root: Root, role: RoleKeys): readonly CanonicalKeyId[] {
  const ids = role.keyIds.flatMap((id) => root.keys.get(id)?.publicKey?.id ?? []);
  return [...new Set(ids)];
}
