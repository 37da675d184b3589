// Collections prepared in advance for the load of `publish`: first documents and a row of later publishes, all signed before the clock
// starts, so that only the server's work is measured. Made by the code that `countersign init` and `sign` run.
import { parseGun, parseTargetName } from "../src/bytes/index.ts";
import { dialectNamed, notary1, tuf1 } from "../src/dialects/index.ts";
import { createAuthorizedClient, createHttpClient, noCredentials, noProxy, tlsAnchors } from "../src/http/index.ts";
import {
  generateSigner,
  type PublicKey,
  publicKeyFromRawEd25519,
  publicKeyFromSpki,
  type Signer,
} from "../src/keys/index.ts";
import {
  type CollectionState,
  type DialectState,
  keyRingOf,
  type Publication,
  prepareChange,
  prepareInitial,
  publicationParts,
} from "../src/publish/index.ts";
import { createTrustServer, type TrustServer } from "../src/remote/index.ts";
import type { DialectName } from "../src/tuf/index.ts";
import { benchTarget } from "./notary-fill.ts";
import { uploadRequest } from "./wire.ts";

export interface TrustServerAt {
  readonly url: string;
  readonly authority: string | undefined;
  /** False for notary-server, which takes one dialect. */
  readonly takesBoth: boolean;
}

export interface PublishTarget {
  readonly gun: string;
  /** The publish as bytes to be sent on a Wire. */
  request(publication: Publication): Buffer;
  publish(publication: Publication): Promise<void>;
  /** Fetches the server's keys and makes the first documents. */
  begin(): Promise<Publication>;
  /** The first documents, from the server's answers about its keys. */
  first(timestampKey: Uint8Array, snapshotKey: Uint8Array): Promise<Publication>;
}

export interface BenchPublisher extends Disposable {
  collection(gun: string): PublishTarget;
}

/** One set of keys for all collections, as a team has. */
export async function openBenchPublisher(
  at: TrustServerAt,
): Promise<BenchPublisher & { readonly signers: readonly Signer[] }> {
  const clock = () => Date.now();
  const anchors = tlsAnchors(at.authority === undefined ? {} : { caFile: at.authority });
  const client = createHttpClient({ anchors, proxy: noProxy, clock });
  const authorized = createAuthorizedClient({ client, credentials: noCredentials, clock });
  const [root, targets] = [await generateSigner("ecdsa-p256"), await generateSigner("ecdsa-p256")];
  return {
    signers: [root, targets],
    collection: (name) => {
      const gun = parseGun(name);
      const server = createTrustServer({ url: new URL(at.url), gun, client: authorized, clock });
      const first = async (timestampAnswer: Uint8Array, snapshotAnswer: Uint8Array) => {
        const [timestampKey, snapshotKey] = [parseServerKey(timestampAnswer), parseServerKey(snapshotAnswer)];
        const dialects = at.takesBoth ? [tuf1, notary1] : [notary1];
        const keys = { rootSigners: [root], targetsSigners: [targets], snapshotKey, timestampKey };
        return (await prepareInitial({ gun, dialects, now: clock(), ...keys })).publication;
      };
      return {
        gun,
        request: (publication) => uploadOf(publication, at.takesBoth),
        publish: (publication) => send(server, publication, at.takesBoth),
        begin: async () => first(await server.serverKey("timestamp"), await server.serverKey("snapshot")),
        first,
      };
    },
    [Symbol.dispose]: () => client.close(),
  };
}

/** The publishes that add one tag each, one after the other, on top of `first`; before them one that adds many, if so asked. */
export async function prepareRow(
  first: Publication,
  signers: readonly Signer[],
  count: number,
  manyFirst = 0,
): Promise<Publication[]> {
  const row: Publication[] = [];
  let state = nextState({ gun: first.gun, dialects: new Map() }, first);
  const many = manyFirst === 0 ? [] : [Array.from({ length: manyFirst }, (_, index) => `many-${index}`)];
  const single = Array.from({ length: count }, (_, index) => [`v${index}`]);
  for (const tags of [...many, ...single]) {
    const changes = tags.map((tag) => {
      const { sha256, length } = benchTarget(tag);
      return { kind: "add", name: parseTargetName(tag), length, hashes: new Map([["sha256", sha256]]) } as const;
    });
    const { publication } = await prepareChange(state, changes, { now: Date.now(), keys: keyRingOf(signers) });
    row.push(publication);
    state = nextState(state, publication);
  }
  return row;
}

/** The owner's documents as they stand after a publish; what the server signs is not needed to go on. */
function nextState(state: CollectionState, { gun, documents }: Publication): CollectionState {
  const dialects = new Map<DialectName, DialectState>(state.dialects);
  for (const document of documents) {
    const { dialect: name, role, signed } = document;
    const before = dialects.get(name);
    if (signed.type === "root") {
      const root = { ...document, signed };
      const empty = { dialect: dialectNamed(name), timestamp: undefined, snapshot: undefined, targets: new Map() };
      dialects.set(name, { ...(before ?? empty), root });
    } else if (signed.type === "targets" && before !== undefined) {
      dialects.set(name, { ...before, targets: new Map(before.targets).set(role, { ...document, signed }) });
    }
  }
  return { gun, dialects };
}

async function send(server: TrustServer, publication: Publication, takesBoth: boolean): Promise<void> {
  if (takesBoth) {
    await server.publish(publicationParts(publication).map(({ name, bytes }) => ({ filename: name, bytes })));
  } else {
    await server.publishNotary1(publication.documents.filter(({ dialect }) => dialect === "notary1"));
  }
}

function uploadOf(publication: Publication, takesBoth: boolean): Buffer {
  const path = `/v2/${publication.gun}/_trust`;
  if (takesBoth) {
    const parts = publicationParts(publication).map(({ name, bytes }) => ({ filename: name, bytes }));
    return uploadRequest(`${path}/publish`, parts);
  }
  const notary1Documents = publication.documents.filter(({ dialect }) => dialect === "notary1");
  return uploadRequest(
    `${path}/tuf/`,
    notary1Documents.map(({ role, bytes }) => ({ filename: role, bytes })),
  );
}

function parseServerKey(bytesOfAnswer: Uint8Array): PublicKey {
  const answer = Buffer.from(bytesOfAnswer).toString();
  const { keytype, keyval }: { keytype: string; keyval: { public: string } } = JSON.parse(answer);
  const bytes = Buffer.from(keyval.public, "base64");
  // notary-server's local signing service makes Ed25519 keys whatever it is told.
  return keytype === "ed25519" ? publicKeyFromRawEd25519(bytes) : publicKeyFromSpki(bytes);
}
