// Test code: repositories as docker trust sees them, over a server as a function, with keys in memory and a registry that is a table.
import { CountersignError, parseRoleName } from "../../bytes/index.ts";
import { parseDockerImage, type Repository } from "../../docker-trust/index.ts";
import { contentOfBytes, openKeyRing, openTrustedCollection, publishChanges } from "../../flows/index.ts";
import { generateSigner, type Signer } from "../../keys/index.ts";
import { type Change, keyRingOf } from "../../publish/index.ts";
import { gun, type Machine, openWorld, passphrases, start } from "../publishing-world.ts";

export const alice = parseRoleName("targets/alice");
export const bob = parseRoleName("targets/bob");
export const releases = parseRoleName("targets/releases");

export interface TrustWorld extends AsyncDisposable {
  /** What the registry has, by tag. */
  readonly registry: Map<string, string>;
  readonly notes: string[];
  /** Somebody's machine: the owner's keys if `owns`, and these signing keys. */
  repository(tag: string, holds: readonly Signer[], owns?: boolean): Repository;
}

/** A collection that is started, without signers. */
export async function openTrustWorld(): Promise<TrustWorld> {
  const world = await openWorld();
  const owner = world.machine("owner");
  await start(world, owner);
  const registry = new Map<string, string>();
  const notes: string[] = [];
  return {
    registry,
    notes,
    repository: (tag, holds, owns = false) => repositoryOf(owner, { tag, holds, owns, registry, notes }),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

interface Parts {
  readonly tag: string;
  readonly holds: readonly Signer[];
  readonly owns: boolean;
  readonly registry: ReadonlyMap<string, string>;
  readonly notes: string[];
}

function repositoryOf({ ports, places }: Machine, { tag, holds, owns, registry, notes }: Parts): Repository {
  const ring = async () => {
    const own = await openKeyRing(places, passphrases);
    const more = keyRingOf(holds);
    if (!owns) return more;
    return {
      ids: () => new Set([...own.ids(), ...more.ids()]),
      open: (id: Parameters<typeof own.open>[0]) => (more.ids().has(id) ? more.open(id) : own.open(id)),
    };
  };
  const image = parseDockerImage(`${gun}:${tag}`);
  return {
    image,
    gun,
    trustDirectory: "/docker/trust",
    ports,
    places,
    passphrases,
    notify: (text) => notes.push(text),
    ring,
    whileStarting: (work) => work(),
    read: () =>
      openTrustedCollection(ports, { gun, dialect: "notary1", pins: [], trustOnFirstUse: false, offline: "never" }),
    publish: async ({ changes, publisher, blobs = new Map() }) =>
      publishChanges(ports, { gun, pins: [], changes, blobs, publisher, ring: await ring() }),
    content: async () => {
      const text = registry.get(tag);
      if (text === undefined) throw new CountersignError("image.missing", `${gun}:${tag}: there is no such image`);
      return contentOfBytes(tag, Buffer.from(text));
    },
    login: async () => undefined,
    close: () => undefined,
  };
}

export async function publish(repository: Repository, changes: readonly Change[]): Promise<void> {
  await repository.publish({ changes: () => changes });
}

export { generateSigner };
