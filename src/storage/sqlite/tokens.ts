// API tokens in the database file: a hash of each secret, never the secret.
import { CountersignError } from "../../bytes/index.ts";
import type { ApiToken } from "../storage.ts";
import type { Statements } from "./statements.ts";

/** @throws storage.conflict */
export function applyApiToken(statements: Statements, token: ApiToken): void {
  const { changed } = statements.run(
    `INSERT INTO api_tokens (id, hash, name, grants, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
    token.id,
    token.hash,
    token.name,
    token.grants,
    token.createdAt,
    token.expiresAt ?? null,
  );
  if (changed === 0) throw new CountersignError("storage.conflict", `there is a token ${token.id} already`);
}
