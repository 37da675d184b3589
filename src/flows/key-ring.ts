// The keys at hand on this machine: our vault, then Notary's and docker's folders, which are read in place. Which keys there are is
// known without a passphrase; opening one asks for it.
import { homedir } from "node:os";
import { join } from "node:path";
import { CountersignError } from "../bytes/index.ts";
import type { Environment, HomeLocations } from "../home/index.ts";
import type { CanonicalKeyId } from "../keys/index.ts";
import type { KeyRing } from "../publish/index.ts";
import {
  type FileVault,
  type KeyDescription,
  type KeyStore,
  openFileVault,
  openNotaryDirectory,
  type PassphraseProvider,
} from "../signers/index.ts";

export interface KeyPlaces {
  /** Where new keys go. */
  readonly vault: FileVault;
  /** Looked at after the vault, never written. */
  readonly others: readonly KeyStore[];
}

export interface FoundKey extends KeyDescription {
  readonly store: KeyStore;
}

/** The key places of this environment. */
export function keyPlaces(locations: HomeLocations, env: Environment): KeyPlaces {
  const dockerConfig = env.DOCKER_CONFIG === undefined || env.DOCKER_CONFIG === "" ? undefined : env.DOCKER_CONFIG;
  const folders = [
    join(dockerConfig ?? join(homedir(), ".docker"), "trust", "private"),
    join(homedir(), ".notary", "private"),
  ];
  return { vault: openFileVault(locations.keys), others: folders.map(openNotaryDirectory) };
}

/** Every key at hand, each once; the vault's copy wins. @throws disk.unreadable */
export async function findKeys(places: KeyPlaces): Promise<readonly FoundKey[]> {
  const found = new Map<CanonicalKeyId, FoundKey>();
  for (const store of [places.vault, ...places.others]) {
    for (const key of await store.list()) if (!found.has(key.id)) found.set(key.id, { ...key, store });
  }
  return [...found.values()];
}

/** A ring over every key at hand. */
export async function openKeyRing(places: KeyPlaces, passphrases: PassphraseProvider): Promise<KeyRing> {
  const keys = new Map((await findKeys(places)).map((key) => [key.id, key]));
  return {
    ids: () => new Set(keys.keys()),
    async open(id) {
      const key = keys.get(id);
      if (key === undefined) {
        throw new CountersignError("key.missing", `key ${id} is not on this machine`, {
          hints: ["bring it with: countersign key import FILE", "see what is here: countersign key list"],
        });
      }
      return key.store.open(id, passphrases);
    },
  };
}

/** Several rings as one; the first that holds a key opens it. */
export function joinedRing(rings: readonly KeyRing[]): KeyRing {
  return {
    ids: () => new Set(rings.flatMap((ring) => [...ring.ids()])),
    async open(id) {
      const holder = rings.find((ring) => ring.ids().has(id)) ?? rings[0];
      if (holder === undefined) throw new CountersignError("key.missing", `key ${id} is not at hand`);
      return holder.open(id);
    },
  };
}
