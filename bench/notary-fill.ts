// Collections of many tags for the `notary` client to publish: its staged changes are written as files, in its own format, because
// a thousand runs of `notary addhash` would take longer than everything else here.
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { NotaryClient } from "../interop/peers/notary-client.ts";

/** What a tag of a bench collection holds: a digest and a length that depend on the tag alone. */
export function benchTarget(tag: string): { readonly sha256: Buffer; readonly length: number } {
  return { sha256: createHash("sha256").update(tag).digest(), length: 1000 + tag.length };
}

/** The tags `v0` ... of a collection of that size. */
export function benchTags(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `v${index}`);
}

/** Makes the collection on the client's server and publishes the tags in one go: two publishes, as people do it. */
export async function fillByNotary(client: NotaryClient, gun: string, tags: readonly string[]): Promise<void> {
  await client.ok("init", "-p", gun);
  const changes = join(client.trustDirectory, "tuf", gun, "changelist");
  mkdirSync(changes, { recursive: true });
  for (const [index, path] of tags.entries()) {
    const { sha256, length } = benchTarget(path);
    const data = Buffer.from(JSON.stringify({ length, hashes: { sha256: sha256.toString("base64") } })).toString(
      "base64",
    );
    const name = `${String(index).padStart(20, "0")}_${index}.change`;
    writeFileSync(
      join(changes, name),
      JSON.stringify({ action: "create", role: "targets", type: "target", path, data }),
    );
  }
  await client.ok("publish", gun);
}
