// The smallest commits a storage takes, for suites that ask what becomes of them and not what is in them.
import { type Gun, parseGun, parseRoleName } from "../../src/bytes/index.ts";
import type { Commit } from "../../src/storage/index.ts";

export const gun = parseGun("example.com/app");
export const targets = { dialect: "tuf1", role: parseRoleName("targets") } as const;

/** One targets document of that version, on top of the version before it. */
export function publish(version: number, name: Gun = gun): Commit {
  return {
    gun: name,
    expectedGeneration: version - 1,
    documents: [{ ...targets, version, bytes: Buffer.from(`${name} ${version}`) }],
    retired: [],
    forgotten: [],
    blobs: [],
    behind: [],
    changes: [{ version, sha256: "ab".repeat(32), category: "update" }],
    usedKeys: [],
    renewAt: undefined,
    at: version,
  };
}
