// One repository at work: its trust server, docker's trust directory, the keys in it, and the registry behind the image. What docker has
// cached is what it trusts, so its keys are the pins; pins of our own home hold where docker has nothing cached. The first contact is
// believed, as docker believes it, but never silently: the root key that is trusted from then on is told.
import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { type Clock, type Gun, isCountersignError } from "../bytes/index.ts";
import {
  type Content,
  cachedRootPins,
  connect,
  imageContent,
  inNotaryDirectory,
  type KeyPlaces,
  openKeyRing,
  openTrustedCollection,
  type PublishReport,
  publishChanges,
  type ReadPorts,
} from "../flows/index.ts";
import { type Environment, encodeFileName, openHome, openNotaryTrustDirectory, withLock } from "../home/index.ts";
import { dockerCredentials } from "../http/index.ts";
import type { Change, CollectionState, KeyRing } from "../publish/index.ts";
import { openNotaryVault, type PassphraseProvider } from "../signers/index.ts";
import type { Collection } from "../updater/index.ts";
import { formatPin } from "../updater/index.ts";
import type { DockerImage } from "./docker-image.ts";
import { dockerDirectory, dockerTrustServer } from "./surroundings.ts";

export interface DockerTrustOptions {
  readonly env: Environment;
  readonly clock: Clock;
  readonly passphrases: PassphraseProvider;
  /** Something that a person should know: one sentence, no newline. */
  readonly notify: (text: string) => void;
}

export interface PublishOptions {
  readonly changes: (state: CollectionState) => readonly Change[];
  /** Who signs, as readers of our own see it. */
  readonly publisher?: string | undefined;
  readonly blobs?: ReadonlyMap<string, Uint8Array>;
}

export interface Repository {
  readonly image: DockerImage;
  readonly gun: Gun;
  /** docker's, with its keys and cached metadata. */
  readonly trustDirectory: string;
  readonly ports: ReadPorts;
  readonly places: KeyPlaces;
  readonly passphrases: PassphraseProvider;
  readonly notify: (text: string) => void;
  /**
   * The collection as docker reads it (notary1), kept in docker's cache; undefined: there is none of that name.
   * `offline`: an unexpired cached chain answers where the server cannot be reached. @throws what reading throws, but collection.missing
   */
  read(options: { readonly offline: boolean }): Promise<Collection | undefined>;
  ring(): Promise<KeyRing>;
  /** Runs `work` while no other process of ours starts the repository in this directory. @throws storage.locked */
  whileStarting<T>(work: () => Promise<T>): Promise<T>;
  /** After `read`: what that trusted is what is built upon. @throws as publishChanges */
  publish(options: PublishOptions): Promise<PublishReport>;
  /** What the registry has under the image's tag or digest. @throws image.missing, registry.*, download.* */
  content(): Promise<Content>;
  /** The user name of the registry's login. @throws download.denied when a credential helper fails */
  login(): Promise<string | undefined>;
  close(): void;
}

/** Somebody may be asked for passphrases meanwhile. */
const startingTimeoutMs = 120_000;

/** In our own state: nothing of ours lies in docker's directory. */
function startingLock(env: Environment, trustDirectory: string, gun: Gun): string {
  const place = createHash("sha256").update(resolve(trustDirectory)).digest("hex").slice(0, 32);
  return join(openHome(env).locations.state, "docker", place, encodeFileName(gun));
}

/** Nothing is contacted yet. @throws usage.invalid, config.invalid */
export async function openRepository(image: DockerImage, options: DockerTrustOptions): Promise<Repository> {
  const { env, clock, passphrases, notify } = options;
  const { reference } = image;
  const { gun, host } = reference;
  const trustDirectory = join(dockerDirectory(env), "trust");
  const directory = openNotaryTrustDirectory(trustDirectory, clock);
  const server = dockerTrustServer(env, await openHome(env).settings(), reference);
  const connections = connect({ env, clock, server, registryLogin: host });
  const ports = inNotaryDirectory(await connections.portsFor(gun), directory);
  const places: KeyPlaces = { vault: openNotaryVault(directory.keys), others: [] };
  const ring = () => openKeyRing(places, passphrases);
  const pins = () => cachedRootPins(directory, gun, clock());
  return {
    image,
    gun,
    trustDirectory,
    ports,
    places,
    passphrases,
    notify,
    ring,
    whileStarting: (work) => withLock(startingLock(env, trustDirectory, gun), work, { timeoutMs: startingTimeoutMs }),
    async read({ offline }) {
      const known = await pins();
      const isFirst = known.length === 0 && (await ports.home.pins.find(gun)) === undefined;
      const request = { gun, dialect: "notary1", pins: known, trustOnFirstUse: isFirst } as const;
      try {
        const collection = await openTrustedCollection(ports, { ...request, offline: offline ? "allowed" : "never" });
        if (isFirst)
          notify(`${gun} is met for the first time; its root key is trusted from now on: ${await pinText()}`);
        if (collection.freshness.kind === "cached") {
          notify(`this is what was seen last: ${collection.freshness.reason.message}`);
        }
        for (const { message } of collection.warnings) notify(message);
        return collection;
      } catch (error) {
        if (isCountersignError(error, "collection.missing")) return undefined;
        throw error;
      }
    },
    async publish({ changes, publisher, blobs = new Map() }) {
      const report = await publishChanges(ports, {
        gun,
        pins: await pins(),
        changes,
        blobs,
        publisher,
        ring: await ring(),
      });
      for (const { message } of report.findings) notify(message);
      return report;
    },
    content: () => imageContent(reference, connections.client).content(),
    async login() {
      const credential = await dockerCredentials({ directory: dockerDirectory(env) })(host);
      return credential?.kind === "password" ? credential.username : undefined;
    },
    close: () => connections.close(),
  };

  async function pinText(): Promise<string> {
    return (await pins()).map(formatPin).join(", ");
  }
}
