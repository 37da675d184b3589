// Test code: a Notary deployment in memory, filled with collections that the real programs wrote (vectors/notary1) and with keys made
// here, which tests then damage row by row.
import { readdirSync, readFileSync } from "node:fs";
import { encodeHex, sha256 } from "../bytes/index.ts";
import { notary1 } from "../dialects/index.ts";
import { generatePrivateKey, publicKeyFromKeyObject } from "../keys/index.ts";
import type { FeedRow, KeyMaterial, KeyRow, NotaryServerSource, NotarySignerSource, TufRow } from "./notary-source.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
export type SampleRow = Mutable<TufRow> & { gun: string; data: Uint8Array };
export type SampleKey = Mutable<KeyRow> & KeyMaterial;

/** When the vectors were current. */
export const sampleNow = Date.parse("2026-11-23T00:00:00Z");
export const samplePassphrase = "a test passphrase";

const folder = new URL("../../vectors/notary1/metadata/", import.meta.url);

/** Folder of vectors -> the name its root certificates were made for. */
export const sampleGuns = {
  "notary-full-history": "docker.example.com/team/app",
  "docker-trust-signers": "127.0.0.1:14440/team/app",
  "docker-push-then-signer": "127.0.0.1:14440/team/three",
  "delegation-expired-then-witnessed": "ex/p",
  "server-snapshot-broken-by-trailing-newline": "ex/r",
  "restored-db": "ex/jj",
} as const;

export class SampleDeployment implements NotaryServerSource, NotarySignerSource {
  readonly description = "a deployment in memory";
  readonly tufRows: SampleRow[] = [];
  readonly feed: FeedRow[] = [];
  readonly keyRows: SampleKey[] = [];

  constructor(...names: readonly (keyof typeof sampleGuns)[]) {
    for (const name of names) this.addVector(name);
  }

  addVector(name: keyof typeof sampleGuns): void {
    for (const path of readdirSync(new URL(`${name}/`, folder), { recursive: true, encoding: "utf8" })) {
      const [, role, version] = /^(.+)\.v(\d+)\.json$/.exec(path) ?? [];
      if (role === undefined) continue;
      this.addRow(
        sampleGuns[name],
        role,
        Number(version),
        new Uint8Array(readFileSync(new URL(`${name}/${path}`, folder))),
      );
    }
  }

  addRow(gun: string, role: string, version: number, data: Uint8Array): SampleRow {
    const id = this.tufRows.length + 1;
    const row = { id, gun, role, version, sha256: encodeHex(sha256(data)), bytes: data.length, data };
    const whole: SampleRow = { ...row, createdAt: sampleNow - 3_600_000, isDeleted: false };
    this.tufRows.push(whole);
    return whole;
  }

  addChange(gun: string, version: number, category = "update"): void {
    const id = (this.feed.at(-1)?.id ?? 0) + 3;
    const hash = category === "deletion" ? "" : "ab".repeat(32);
    this.feed.push({ id, gun, version, sha256: hash, category, createdAt: sampleNow - 1000 + id });
  }

  /** A key as notary-signer keeps one. */
  async addKey(gun: string, role: string, passphrase = samplePassphrase): Promise<SampleKey> {
    const { CompactEncrypt } = await import("jose");
    const privateKey = await generatePrivateKey("ecdsa-p256");
    const publicKey = publicKeyFromKeyObject(privateKey);
    const jwe = await new CompactEncrypt(privateKey.export({ format: "der", type: "sec1" }))
      .setProtectedHeader({ alg: "PBES2-HS256+A128KW", enc: "A256GCM" })
      .setKeyManagementParameters({ p2c: 8192 })
      .encrypt(new TextEncoder().encode(passphrase));
    const key: SampleKey = {
      id: this.keyRows.length + 1,
      keyId: publicKey.id,
      gun,
      role,
      algorithm: "ecdsa",
      passphraseAlias: "testalias",
      createdAt: sampleNow - 5_000,
      lastUsed: undefined,
      isDeleted: false,
      public: publicKey.spki,
      private: jwe,
    };
    this.keyRows.push(key);
    return key;
  }

  /** Of the real deployment: nobody has its secret. */
  timestampKeyNamed(gun: string): { readonly keyId: string; readonly public: Uint8Array } {
    const { signed } = notary1.decodeRoot(this.row(gun, "root", 1).data);
    const [keyId] = signed.roles.timestamp.keyIds;
    const key = keyId === undefined ? undefined : signed.keys.get(keyId)?.publicKey;
    if (key === undefined) throw new Error(`the root of ${gun} names no timestamp key that can be read`);
    return { keyId: key.id, public: key.spki };
  }

  row(gun: string, role: string, version: number): SampleRow {
    const found = this.tufRows.find((each) => each.gun === gun && each.role === role && each.version === version);
    if (found === undefined) throw new Error(`no row ${gun} ${role} ${version}`);
    return found;
  }

  remove(gun: string, role: string, version: number): SampleRow {
    const row = this.row(gun, role, version);
    this.tufRows.splice(this.tufRows.indexOf(row), 1);
    return row;
  }

  async collections() {
    const groups = Map.groupBy(this.tufRows, ({ gun }) => gun);
    return [...groups].map(([gun, rows]) => ({
      gun,
      rows: rows.length,
      bytes: rows.reduce((sum, { bytes }) => sum + bytes, 0),
    }));
  }

  async rows(gun: string): Promise<readonly TufRow[]> {
    return this.tufRows.filter((row) => row.gun === gun);
  }

  async data(ids: readonly number[]): Promise<ReadonlyMap<number, Uint8Array>> {
    return new Map(this.tufRows.filter(({ id }) => ids.includes(id)).map(({ id, data }) => [id, data]));
  }

  async countChanges(): Promise<number> {
    return this.feed.length;
  }

  async changes(after: number, limit: number): Promise<readonly FeedRow[]> {
    return this.feed.filter(({ id }) => id > after).slice(0, limit);
  }

  async keys(): Promise<readonly KeyRow[]> {
    return this.keyRows;
  }

  async material(ids: readonly number[]): Promise<ReadonlyMap<number, KeyMaterial>> {
    return new Map(this.keyRows.filter(({ id }) => ids.includes(id)).map((key) => [key.id, key]));
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
