// API tokens in PostgreSQL: a hash of each secret, never the secret.
import { CountersignError } from "../../bytes/index.ts";
import type { ApiToken } from "../storage.ts";
import type { Work } from "./certain-transactions.ts";
import type { Run } from "./pool.ts";

/** @throws storage.conflict */
export async function writeApiToken(run: Run, token: ApiToken): Promise<Work<undefined>> {
  const sql = `INSERT INTO countersign.api_tokens (id, hash, name, grants, created_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`;
  const { id, hash, name, grants, createdAt, expiresAt } = token;
  const { count } = await run(sql, [id, hash, name, grants, Math.floor(createdAt), optional(expiresAt)]);
  if (count === 0) throw new CountersignError("storage.conflict", `there is a token ${id} already`);
  return { value: undefined, sent: [] };
}

function optional(at: number | undefined): number | null {
  return at === undefined ? null : Math.floor(at);
}
