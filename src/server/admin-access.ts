// Access control for a running server: the policy opened over its storage, and a first token for whoever administers it, so that no
// server starts that nobody can administer and none has a password everybody knows.
import { dirname, join } from "node:path";
import {
  type AccessControl,
  type AccessPolicy,
  type ApiTokenBook,
  openAccess,
  readAccessPolicy,
} from "../access/index.ts";
import type { Clock } from "../bytes/index.ts";
import { makeDataDirectory, type Storage } from "../storage/index.ts";
import { writePrivateFile } from "./private-file.ts";

/** A policy, or the file that holds one. */
export type AccessOptions = { readonly policyPath: string } | { readonly policy: AccessPolicy };

export interface ServerAccessPorts {
  readonly storage: Storage;
  readonly clock: Clock;
  /** Where the first administration token is put. */
  readonly dataDir: string;
}

/** @throws config.invalid, disk.*, storage.* */
export async function openServerAccess(options: AccessOptions, ports: ServerAccessPorts): Promise<AccessControl> {
  const policy = "policy" in options ? options.policy : await readAccessPolicy(options.policyPath);
  const access = await openAccess(policy, ports);
  if (access.tokens !== undefined) await ensureAdminToken(access.tokens, adminTokenPath(ports.dataDir));
  return access;
}

export function adminTokenPath(dataDir: string): string {
  return join(dataDir, "admin-token");
}

/**
 * One that does not end, in a file for its owner only, unless some token administers already. A file that is there belongs to no token
 * of this database then, and is replaced; it is written first, so that a crash between leaves no token that nobody knows.
 */
async function ensureAdminToken(tokens: ApiTokenBook, path: string): Promise<void> {
  if ((await tokens.list()).some(({ grants }) => grants.admin)) return;
  const grants = { collections: [], catalog: false, admin: true };
  const keep = (secret: string) => {
    // Nothing else may have needed the directory.
    makeDataDirectory(dirname(path));
    writePrivateFile(path, `${secret}\n`);
  };
  await tokens.create({ name: "first administrator", grants, expiresAt: undefined }, keep);
}
