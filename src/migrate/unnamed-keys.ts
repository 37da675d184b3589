// Keys from before notary-signer wrote down whose they are: its MySQL migration added the columns gun and role, empty for the keys that were
// there, and it still signs with them by id. Each goes to the collection whose root in force names it. Where several do, the
// first that named it has it: whoever came later has copied a public key, and could else have signed as that collection's server.
import type { Gun } from "../bytes/index.ts";
import type { KeyRow } from "./notary-source.ts";
import type { Finding } from "./report.ts";
import type { SourceDocuments } from "./stored-documents.ts";
import { onlineKeysNamed, type VerifiedCollection } from "./verify-collection.ts";

interface Claim {
  readonly gun: Gun;
  readonly role: "snapshot" | "timestamp";
  /** Row of the first root that names the key: ids grow with time. */
  readonly since: number;
}

export interface SettledKeys {
  /** With the collection and role that were found out. */
  readonly owned: ReadonlyMap<Gun, readonly KeyRow[]>;
  readonly unclaimed: number;
  readonly findings: readonly Finding[];
}

export class UnnamedKeys {
  readonly #rows: ReadonlyMap<string, KeyRow>;
  readonly #claims = new Map<string, Claim[]>();

  constructor(rows: readonly KeyRow[]) {
    this.#rows = new Map(rows.filter(({ gun }) => gun === "").map((row) => [row.keyId, row]));
  }

  get size(): number {
    return this.#rows.size;
  }

  has(keyId: string): boolean {
    return this.#rows.has(keyId);
  }

  /** To be called for every collection that is read. */
  claim(gun: Gun, source: SourceDocuments, { roots, root }: VerifiedCollection): void {
    if (root === undefined || this.size === 0) return;
    for (const role of ["snapshot", "timestamp"] as const) {
      for (const keyId of onlineKeysNamed([root], role)) {
        if (!this.has(keyId)) continue;
        const naming = new Set(
          roots.filter((each) => onlineKeysNamed([each], role).has(keyId)).map(({ signed }) => signed.version),
        );
        const rows = source.documents.filter((each) => each.role === "root" && naming.has(each.version));
        const since = Math.min(...rows.map(({ row }) => row.id));
        this.#claims.set(keyId, [...(this.#claims.get(keyId) ?? []), { gun, role, since }]);
      }
    }
  }

  /**
   * Once all have been read. A key that a root names counts as used. After a part of the collections nobody knows who named a key first,
   * and none is given.
   */
  settle(now: number, hasReadAll: boolean): SettledKeys {
    if (!hasReadAll && this.size > 0) return { owned: new Map(), unclaimed: this.size, findings: [notYet(this.size)] };
    const owned = new Map<Gun, KeyRow[]>();
    const findings: Finding[] = [];
    let unclaimed = 0;
    for (const [keyId, row] of this.#rows) {
      const [first, ...later] = (this.#claims.get(keyId) ?? []).toSorted((a, b) => a.since - b.since);
      if (first === undefined) {
        unclaimed += 1;
        const message = "its row names no collection, and no root in force names the key";
        findings.push({ severity: "note", code: "key.unnamed", keyId, message });
        continue;
      }
      const lastUsed = row.lastUsed ?? row.createdAt ?? now;
      for (const { gun, role } of [first, ...later]) {
        if (gun === first.gun) {
          owned.set(gun, [...(owned.get(gun) ?? []), { ...row, gun, role, lastUsed }]);
          continue;
        }
        findings.push({
          severity: "warning",
          code: "key.unnamed",
          gun,
          role,
          keyId,
          message: `its root names a key of ${first.gun}, which named it first`,
          consequence:
            "the new server signs with it for that collection only; its owner can rotate to a key of its own",
        });
      }
    }
    return { owned, unclaimed, findings };
  }
}

function notYet(count: number): Finding {
  return {
    severity: "left_out",
    code: "key.unnamed",
    message: `the rows of ${count} keys name no collection: whose they are shows when all collections are read`,
    consequence: "they come with a run without --only; until then their collections cannot be renewed",
  };
}
