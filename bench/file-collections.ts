// Collections of many files for the bench, published by the flows that `countersign collection` runs, in this process: what is measured is
// the publishing, not the start of a program or the hashing of files that do not exist.
import { testPassphrase } from "../interop/peers/notary-client.ts";
import type { Scratch } from "../interop/peers/scratch.ts";
import { encodeUtf8, parseGun, sha256, systemClock } from "../src/bytes/index.ts";
import { addFiles, type HashedFile, layOut, safeName } from "../src/collection-files/index.ts";
import { connect, initCollection, keyPlaces, openKeyRing, type ReadPorts } from "../src/flows/index.ts";
import type { BinLayout, KeyRing } from "../src/publish/index.ts";
import type { MetadataSource } from "../src/updater/index.ts";
import type { OurServer } from "./ours.ts";

export interface FilePublisher extends Disposable {
  /** A new collection of that many files, in this layout. */
  fill(name: string, count: number, layout: BinLayout): Promise<FileCollection>;
}

export interface FileCollection {
  /** Of the plain TUF tree, without a slash at the end. */
  readonly path: string;
  /** One more file. What was fetched for it. */
  addOne(name: string): Promise<Fetched>;
  /** Every document that the owner signs, signed again. */
  renew(): Promise<void>;
}

export interface Fetched {
  requests: number;
  bytes: number;
}

/** In every collection. */
export const knownFile = fileName(7);

export function filePublisher(directory: Scratch, server: OurServer): FilePublisher {
  const home = directory.at("publisher");
  const env = { COUNTERSIGN_HOME: home, HOME: home };
  const connections = connect({ env, clock: systemClock, server: server.url, tlsCa: server.authority });
  const places = keyPlaces(connections.home.locations, env);
  const passphrases = async () => testPassphrase;
  return {
    async fill(name, count, layout) {
      const gun = parseGun(`bench.example/files/${name}`);
      const ports = await connections.portsFor(gun);
      const start = { gun, places, passphrases, rootKey: undefined, kit: undefined, isTuf1Only: true };
      await initCollection(ports, start);
      const ring = await openKeyRing(places, passphrases);
      await layOut(ports, { gun, pins: [], ring, layout });
      await add(
        ports,
        ring,
        Array.from({ length: count }, (_, index) => fileCalled(fileName(index))),
      );
      return {
        path: `/v2/${gun}/_trust/tuf1`,
        async addOne(added) {
          const fetched = { requests: 0, bytes: 0 };
          await add(counting(ports, fetched), ring, [fileCalled(added)]);
          return fetched;
        },
        async renew() {
          await layOut(ports, { gun, pins: [], ring, layout: "same" });
        },
      };
    },
    [Symbol.dispose]: () => connections.close(),
  };
}

async function add(ports: ReadPorts, ring: KeyRing, files: readonly HashedFile[]): Promise<void> {
  const request = { gun: ports.server.gun, pins: [], ring, role: undefined, files, replaces: false };
  await addFiles(ports, { ...request, sendsContents: false, publisher: undefined });
}

function fileName(index: number): string {
  return `packages/p${index % 97}/file-${index}.tar.gz`;
}

function fileCalled(name: string): HashedFile {
  const hashes = new Map([["sha256", sha256(encodeUtf8(name))]]);
  return { name: safeName(name), path: name, length: name.length, hashes };
}

/** The same ports, with what is fetched through them counted. */
function counting(ports: ReadPorts, fetched: Fetched): ReadPorts {
  const count = async (fetching: Promise<Uint8Array | undefined>): Promise<Uint8Array | undefined> => {
    const bytes = await fetching;
    fetched.requests += 1;
    fetched.bytes += bytes?.length ?? 0;
    return bytes;
  };
  const source = ports.server.tuf1Source();
  const counted: MetadataSource = {
    fetchRoot: (...wanted) => count(source.fetchRoot(...wanted)),
    fetchTimestamp: (...wanted) => count(source.fetchTimestamp(...wanted)),
    fetchSnapshot: (...wanted) => count(source.fetchSnapshot(...wanted)),
    fetchTargets: (...wanted) => count(source.fetchTargets(...wanted)),
  };
  const fetchBundle: ReadPorts["server"]["fetchBundle"] = (request) => count(ports.server.fetchBundle(request));
  return { ...ports, server: { ...ports.server, tuf1Source: () => counted, fetchBundle } };
}
