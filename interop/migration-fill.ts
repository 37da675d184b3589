// Fills a real Notary with what people have in theirs: many collections by a fast publisher, and some made by the notary client with all
// that it can do: delegations, custom data, rotations of every role, snapshot keys on both sides, versions, deletions.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { openBenchPublisher, prepareRow } from "../bench/prepared.ts";
import { isCountersignError } from "../src/bytes/index.ts";
import { makeCertificate } from "./peers/certificates.ts";
import { type NotaryClient, notaryClient } from "./peers/notary-client.ts";
import { type NotaryDeployment, startNotaryDeployment } from "./peers/notary-database.ts";
import { type Scratch, scratch } from "./peers/scratch.ts";

const host = "registry.example.com";
/** All roles rotated, two delegations, custom data. */
export const fullGun = `${host}/team/full`;
/** The client signs snapshots. */
export const clientSnapshotGun = `${host}/team/client-snapshot`;
/** Published, then deleted. */
export const deletedGun = `${host}/team/deleted`;
/** Asked for a key, never published. */
export const unpublishedGun = `${host}/team/unpublished`;

/** `count` collections of two tags; every fourth has four versions more. */
async function fillFast(deployment: NotaryDeployment, count: number): Promise<readonly string[]> {
  using publisher = await openBenchPublisher({ url: deployment.plainUrl, authority: undefined, takesBoth: false });
  const guns = Array.from({ length: count }, (_, index) => `${host}/many/app-${String(index).padStart(4, "0")}`);
  const waiting = guns.entries();
  const publishAll = async () => {
    for (const [index, gun] of waiting) {
      const target = publisher.collection(gun);
      const first = await target.begin();
      await target.publish(first);
      for (const next of await prepareRow(first, publisher.signers, index % 4 === 0 ? 4 : 1))
        await target.publish(next);
    }
  };
  await Promise.all(Array.from({ length: 8 }, publishAll));
  return guns;
}

export interface FilledNotary extends AsyncDisposable {
  readonly directory: Scratch;
  readonly notary: NotaryDeployment;
  readonly guns: readonly string[];
}

/**
 * A deployment with `count` collections by `fillFast`. The real notary-server was seen to end under this load, once in some dozen fillings:
 * then all of it is begun again, once.
 */
export async function filledNotary(
  kind: "PostgreSQL" | "MariaDB",
  count: number,
  tell: (message: string) => void,
): Promise<FilledNotary> {
  for (let attempt = 1; ; attempt++) {
    await using started = new AsyncDisposableStack();
    const directory = started.use(scratch("migration"));
    const notary = started.use(await startNotaryDeployment(directory, kind));
    try {
      const guns = await fillFast(notary, count);
      const running = started.move();
      return { directory, notary, guns, [Symbol.asyncDispose]: () => running.disposeAsync() };
    } catch (error) {
      tell(`filling failed: ${error}\n${notary.said().slice(-4_000)}`);
      if (attempt === 2 || !isCountersignError(error, "download.unreachable")) throw error;
    }
  }
}

export interface ByHand {
  /** Holds all keys of the collections made by hand. */
  readonly publisher: NotaryClient;
  readonly guns: readonly string[];
}

export async function fillByHand(directory: Scratch, deployment: NotaryDeployment): Promise<ByHand> {
  const { url, authority } = deployment;
  const publisher = notaryClient({ url, authority, trustDirectory: directory.at("publisher") });
  const file = (name: string, text: string) => {
    writeFileSync(directory.at(name), text);
    return directory.at(name);
  };
  const hello = file("hello", "hello");
  const custom = file("custom", '{"built":1,"by":"ci"}');
  const signer = await makeCertificate(directory, "delegate");

  await publisher.ok("init", "-p", fullGun);
  await publisher.ok("add", "-p", fullGun, "v1", hello, "--custom", custom);
  await publisher.ok("key", "rotate", fullGun, "snapshot", "-r");
  const key = await delegateKey(directory, signer.key);
  await publisher.ok("key", "import", key, "--role", "delegation");
  for (const role of ["targets/releases", "targets/team"]) {
    await publisher.ok("delegation", "add", "-p", fullGun, role, signer.certificate, "--all-paths");
  }
  await publisher.ok("add", "-p", fullGun, "v2", hello, "-r", "targets/releases");
  await publisher.ok("add", "-p", fullGun, "v3", custom, "-r", "targets/releases", "-r", "targets/team");
  await publisher.ok("key", "rotate", fullGun, "targets");
  await publisher.ok("key", "rotate", fullGun, "timestamp", "-r");
  await publisher.ok("add", "-p", fullGun, "v4", file("four", "4"));

  await publisher.ok("init", "-p", clientSnapshotGun);
  await publisher.ok("add", "-p", clientSnapshotGun, "v1", hello);
  await publisher.ok("add", "-p", clientSnapshotGun, "v2", custom);

  await publisher.ok("init", "-p", deletedGun);
  await publisher.ok("delete", "--remote", deletedGun);
  await fetch(`${deployment.plainUrl}/v2/${unpublishedGun}/_trust/tuf/timestamp.key`).then((answer) => answer.text());
  return { publisher, guns: [fullGun, clientSnapshotGun] };
}

/** The delegate's key in the one form that notary imports: encrypted PKCS#8 is not asked for, a plain EC key with a role is. */
async function delegateKey(directory: Scratch, keyPath: string): Promise<string> {
  const { createPrivateKey } = await import("node:crypto");
  const key = createPrivateKey(readFileSync(keyPath, "utf8"));
  mkdirSync(directory.at("delegate"), { recursive: true });
  const path = directory.at("delegate", "delegate.key");
  writeFileSync(path, key.export({ format: "pem", type: "sec1" }), { mode: 0o600 });
  return path;
}
