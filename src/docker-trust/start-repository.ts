// The birth of a repository as docker does it: the first root key in docker's directory, or a new one, a repository key, snapshot and
// timestamp left to the server. Both dialects where the server takes them. Docker knows no recovery kit, so its absence is said.
import { initCollection } from "../flows/index.ts";
import type { Repository } from "./repository.ts";

/** @throws what initCollection throws */
export async function startRepository(repository: Repository): Promise<void> {
  const { gun, places, passphrases, ports, notify, trustDirectory } = repository;
  const rootKeys = (await places.vault.list()).filter(({ purpose }) => purpose === "root");
  const [first] = rootKeys.map(({ id }) => id).sort();
  const report = await initCollection(ports, { gun, places, passphrases, rootKey: first, kit: undefined });
  if (report.rootKeys.length === 1) {
    const second = `countersign rotate ${gun} root --recovery-kit FILE --trust-dir ${trustDirectory}`;
    notify(`${gun} has a single root key; a second one is made with: ${second}`);
  }
  // From now on docker believes in this root, not in the first one it is shown.
  await repository.read({ offline: false });
}
