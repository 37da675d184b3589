// Rows of either database as values of the port of signer keys.
import { CountersignError } from "../../bytes/index.ts";
import { bytesCell, integerCell, optionalIntegerCell, type Row, textCell } from "../rows.ts";
import type { PassphraseRecord, SignerKeyAlgorithm, StoredSignerKey } from "./signer-key-store.ts";

export function passphraseOf(row: Row): PassphraseRecord {
  return {
    alias: textCell(row, "alias"),
    salt: bytesCell(row, "salt"),
    cost: integerCell(row, "cost"),
    blockSize: integerCell(row, "block_size"),
    parallelization: integerCell(row, "parallelization"),
    check: bytesCell(row, "check_value"),
  };
}

export function passphraseOrNone(row: Row | undefined): PassphraseRecord | undefined {
  return row === undefined ? undefined : passphraseOf(row);
}

export function keyOf(row: Row): StoredSignerKey {
  return {
    keyId: textCell(row, "key_id"),
    gun: textCell(row, "gun"),
    role: textCell(row, "role"),
    algorithm: algorithmOf(textCell(row, "algorithm")),
    publicKey: bytesCell(row, "public_key"),
    alias: textCell(row, "alias"),
    sealed: bytesCell(row, "sealed"),
    createdAt: integerCell(row, "created_at"),
    usedAt: optionalIntegerCell(row, "used_at"),
  };
}

export function keyOrNone(row: Row | undefined): StoredSignerKey | undefined {
  return row === undefined ? undefined : keyOf(row);
}

function algorithmOf(text: string): SignerKeyAlgorithm {
  if (text === "ecdsa" || text === "ed25519" || text === "rsa") return text;
  throw new CountersignError("storage.corrupt", "the database holds a signer key of an unknown algorithm");
}
