// `tuf-repository`: what one more file costs in a collection of many files, flat and in hashed bins: the publisher's time, what it fetches,
// and the server's processor time.

import { testPassphrase } from "../../interop/peers/notary-client.ts";
import { scratch } from "../../interop/peers/scratch.ts";
import { encodeUtf8, parseGun, sha256, systemClock } from "../../src/bytes/index.ts";
import { addFiles, type HashedFile, safeName } from "../../src/collection-files/index.ts";
import {
  connect,
  initCollection,
  keyPlaces,
  openKeyRing,
  publishChanges,
  type ReadPorts,
} from "../../src/flows/index.ts";
import type { KeyRing } from "../../src/publish/index.ts";
import type { MetadataSource } from "../../src/updater/index.ts";
import type { BenchSettings } from "../bench-settings.ts";
import { cpuMs, residentBytes } from "../cpu.ts";
import { startOurServer } from "../ours.ts";
import { type Figure, figures, type PartReport } from "../report.ts";

const layouts = { flat: undefined, "succinct:10": 10 } as const;

export async function benchTufRepository(settings: BenchSettings): Promise<PartReport> {
  using directory = scratch("bench-tuf-repository");
  await using server = await startOurServer(directory, { program: settings.program });
  const home = directory.at("home");
  const env = { COUNTERSIGN_HOME: home, HOME: home };
  const connections = connect({ env, clock: systemClock, server: server.url, tlsCa: server.authority });
  const all: Figure[] = [];
  try {
    for (const count of settings.short ? [1_000] : [1_000, 10_000, 100_000]) {
      for (const [layout, bitLength] of Object.entries(layouts)) {
        const gun = parseGun(`bench.example/files/${layout.split(":")[0]}-${count}`);
        const ports = await connections.portsFor(gun);
        const places = keyPlaces(connections.home.locations, env);
        const passphrases = async () => testPassphrase;
        const about = { gun, places, passphrases, rootKey: undefined, kit: undefined, isTuf1Only: true };
        await initCollection(ports, about);
        const ring = await openKeyRing(places, passphrases);
        await add(ports, ring, files(count));
        if (bitLength !== undefined) {
          await publishChanges(ports, {
            gun,
            pins: [],
            changes: () => [{ kind: "bins", layout: { kind: "succinct", bitLength } }],
            blobs: new Map(),
            bins: "all",
            publisher: undefined,
            ring,
          });
        }
        const name = `one more into ${count.toLocaleString("en")}`;
        const cost: Readonly<Record<"ms" | "cpu" | "bytes" | "requests", number[]>> = {
          ms: [],
          cpu: [],
          bytes: [],
          requests: [],
        };
        for (let round = 0; round < settings.rounds; round++) {
          const fetched = { bytes: 0, requests: 0 };
          const [before, started] = [cpuMs([server.process.pid]), performance.now()];
          await add(counting(ports, fetched), ring, [file(`extra-${round}`)]);
          cost.ms.push(performance.now() - started);
          cost.cpu.push(cpuMs([server.process.pid]) - before);
          cost.bytes.push(fetched.bytes / 1000);
          cost.requests.push(fetched.requests);
        }
        const one = (unit: string, values: readonly number[]) =>
          all.push(...figures(name, unit, new Map([[layout, values]])));
        one("ms", cost.ms);
        one("server CPU ms", cost.cpu);
        one("kB of documents fetched", cost.bytes);
        one("fetches", cost.requests);
        one("server resident MB", [residentBytes([server.process.pid]) / 1e6]);
      }
    }
  } finally {
    connections.close();
  }
  const notes = [
    "the publisher reads, signs, publishes and reads back with nothing cached, in process; one server for all",
  ];
  return { part: "tuf-repository", figures: all, targets: [], notes };
}

function add(ports: ReadPorts, ring: KeyRing, added: readonly HashedFile[]) {
  const request = { gun: ports.server.gun, pins: [], ring, role: undefined, files: added, replaces: false };
  return addFiles(ports, { ...request, sendsContents: false, publisher: undefined });
}

function files(count: number): readonly HashedFile[] {
  return Array.from({ length: count }, (_, index) => file(`packages/p${index % 97}/file-${index}.tar.gz`));
}

function file(name: string): HashedFile {
  return {
    name: safeName(name),
    path: name,
    length: name.length,
    hashes: new Map([["sha256", sha256(encodeUtf8(name))]]),
  };
}

/** The same ports, with what is fetched through them counted. */
function counting(ports: ReadPorts, fetched: { bytes: number; requests: number }): ReadPorts {
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
