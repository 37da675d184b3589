// Fills a real notary-server with collections whose keys lie in a countersign vault, as a team's do, and breaks some of them in the ways of
// notary-v1, section 14.
import { prepareRow } from "../bench/prepared.ts";
import { type Gun, parseGun, parseRoleName } from "../src/bytes/index.ts";
import { notary1 } from "../src/dialects/index.ts";
import { connect, publishChanges } from "../src/flows/index.ts";
import { openHome } from "../src/home/index.ts";
import { publicKeyFromRawEd25519, publicKeyFromSpki, type Signer } from "../src/keys/index.ts";
import { keyRingOf, prepareInitial } from "../src/publish/index.ts";
import { openFileVault } from "../src/signers/index.ts";
import { testPassphrase } from "./peers/notary-client.ts";
import type { NotaryDeployment } from "./peers/notary-database.ts";
import type { Scratch } from "./peers/scratch.ts";

const year = 365 * 24 * 3_600_000;
export const host = "127.0.0.1:5000";

export interface Team extends Disposable {
  readonly root: Signer;
  /** Makes a collection of two tags, with so many roots. */
  make(gun: Gun, roots?: number, lifetimeMs?: number): Promise<void>;
}

/** A team whose two keys are in the vault of the home `name`. */
export async function teamOf(directory: Scratch, name: string, notary: NotaryDeployment): Promise<Team> {
  const env = { COUNTERSIGN_HOME: directory.at(name) };
  const vault = openFileVault(openHome(env).locations.keys);
  const passphrases = async () => testPassphrase;
  const [root, targets] = await Promise.all(
    ["root", "targets"].map(async (role) =>
      vault.open((await vault.generate({ role: parseRoleName(role), passphrases })).id, passphrases),
    ),
  );
  if (root === undefined || targets === undefined) throw new Error("no keys");
  const connections = connect({ env, clock: Date.now, server: notary.plainUrl });
  return {
    root,
    async make(gun, roots = 1, lifetimeMs) {
      const ports = await connections.portsFor(gun);
      const { server } = ports;
      const lifetime = lifetimeMs ?? 5 * year;
      const { publication } = await prepareInitial({
        gun,
        dialects: [notary1],
        now: Date.now(),
        rootSigners: [root],
        targetsSigners: [targets],
        snapshotKey: parseKey(await server.serverKey("snapshot")),
        timestampKey: parseKey(await server.serverKey("timestamp")),
        lifetimes: { root: lifetime, targets: lifetime, certificate: 10 * year },
      });
      await server.publishNotary1(publication.documents);
      if (lifetimeMs !== undefined) return;
      for (const next of await prepareRow(publication, [root, targets], 2)) await server.publishNotary1(next.documents);
      for (let version = 2; version <= roots; version++) {
        await publishChanges(ports, {
          gun,
          pins: [{ kind: "key", id: root.publicKey.id }],
          changes: () => [{ kind: "renew", role: parseRoleName("root") }],
          blobs: new Map(),
          publisher: undefined,
          ring: keyRingOf([root, targets]),
        });
      }
    },
    [Symbol.dispose]: () => connections.close(),
  };
}

export function many(count: number): readonly Gun[] {
  return Array.from({ length: count }, (_, index) => parseGun(`${host}/many/app-${String(index).padStart(4, "0")}`));
}

export async function makeAll(team: Team, guns: readonly Gun[]): Promise<void> {
  const waiting = guns.entries();
  const makeSome = async () => {
    for (const [index, gun] of waiting) await team.make(gun, index % 20 === 0 ? 3 : 1);
  };
  await Promise.all(Array.from({ length: 8 }, makeSome));
}

/** What each is called for what is wrong with it, and what an import says. */
export const damages: readonly (readonly [name: string, sql: string, code: string])[] = [
  ["root-gap", "DELETE FROM tuf_files WHERE gun = $GUN AND role = 'root' AND version = 2", "metadata.missing"],
  ["lost-targets", "DELETE FROM tuf_files WHERE gun = $GUN AND role = 'targets'", "metadata.missing"],
  [
    "changed-timestamp",
    "UPDATE tuf_files SET data = replace(encode(data, 'escape'), '\"version\":', '\"version\":1')::bytea WHERE gun = $GUN AND role = 'timestamp'",
    "threshold.unmet",
  ],
  ["rubbish", "UPDATE tuf_files SET data = '{}'::bytea WHERE gun = $GUN AND role = 'root'", "metadata.invalid"],
  ["deleted", "DELETE FROM tuf_files WHERE gun = $GUN", "collection.missing"],
];

export async function breakSome(team: Team, notary: NotaryDeployment): Promise<readonly Gun[]> {
  const guns: Gun[] = [];
  for (const [name, sql] of damages) {
    const gun = parseGun(`${host}/broken/${name}`);
    await team.make(gun, 3);
    await notary.change(sql.replace("$GUN", `'${gun}'`));
    guns.push(gun);
  }
  return guns;
}

function parseKey(answer: Uint8Array) {
  const { keytype, keyval }: { keytype: string; keyval: { public: string } } = JSON.parse(
    Buffer.from(answer).toString(),
  );
  const bytes = Buffer.from(keyval.public, "base64");
  return keytype === "ed25519" ? publicKeyFromRawEd25519(bytes) : publicKeyFromSpki(bytes);
}
