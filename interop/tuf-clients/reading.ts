// What other people's clients are to find in a repository of ours, and what not.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import type { Scratch } from "../peers/scratch.ts";
import type { TufClient, TufRequest } from "../peers/tuf-clients.ts";

/** Name and content. */
export type Files = Readonly<Record<string, string>>;

export interface Expected {
  readonly found: Files;
  readonly absent?: readonly string[];
  /** What one client cannot find although it is there, because it does not know the layout. */
  readonly beyond?: Readonly<Record<string, readonly string[]>>;
}

/** A root as a user gets it on another way: from the tree, whose bytes the publisher vouches for. */
export async function firstRoot(base: string, directory: Scratch): Promise<string> {
  const path = directory.at("root.json");
  writeFileSync(path, Buffer.from(await (await fetch(`${base}/metadata/1.root.json`)).arrayBuffer()));
  return path;
}

/** Every client, one beside the other, finds exactly what it should. Each keeps what it saw below `directory`. */
export async function allRead(
  clients: readonly TufClient[],
  where: Omit<TufRequest, "targets">,
  { found, absent = [], beyond = {} }: Expected,
): Promise<void> {
  const reads = async (client: TufClient): Promise<void> => {
    const directory = `${where.directory}-${client.name}`;
    const targets = [...Object.keys(found), ...absent];
    const answer = await client.read({ ...where, directory, targets });
    const missed = beyond[client.name] ?? [];
    const expected = Object.fromEntries(Object.entries(found).filter(([name]) => !missed.includes(name)));
    assert.deepEqual(answer.found, expected, `${client.name}: ${JSON.stringify(answer.refused)}`);
    const rest = targets.filter((name) => !Object.hasOwn(expected, name));
    assert.deepEqual(Object.keys(answer.refused), rest, client.name);
  };
  await Promise.all(clients.map(reads));
}
