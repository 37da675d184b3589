// The layer order of src/, as one table. A folder may import only folders of a lower rank; folders of one rank do not
// import each other. `pure` folders are the product and touch nothing: no npm package, and of Node only the modules below.
// Changing a line here is an architectural decision (docs/architecture.md), not a way to make a check pass.

export interface Layer {
  readonly rank: number;
  readonly pure: boolean;
}

export const layers: ReadonlyMap<string, Layer> = new Map([
  ["bytes", { rank: 0, pure: true }],
  ["keys", { rank: 1, pure: true }],
  ["tuf", { rank: 2, pure: true }],
  ["dialects", { rank: 3, pure: true }],
  ["publish", { rank: 4, pure: true }],
  ["updater", { rank: 4, pure: true }],
  ["http", { rank: 5, pure: false }],
  ["signers", { rank: 6, pure: false }],
  ["oci", { rank: 6, pure: false }],
  ["tags", { rank: 6, pure: false }],
  ["storage", { rank: 6, pure: false }],
  ["remote", { rank: 6, pure: false }],
  ["home", { rank: 6, pure: false }],
  ["access", { rank: 6, pure: false }],
  ["notary-config", { rank: 6, pure: false }],
  ["notary-signer", { rank: 7, pure: false }],
  ["flows", { rank: 8, pure: false }],
  ["server", { rank: 8, pure: false }],
  ["tuf-client", { rank: 8, pure: false }],
  ["docker-trust", { rank: 9, pure: false }],
  ["import", { rank: 9, pure: false }],
  ["migrate", { rank: 9, pure: false }],
  ["collection-files", { rank: 9, pure: false }],
  ["cli", { rank: 10, pure: false }],
]);

/** src/index.ts, the library's own door: above every folder. */
export const rootRank = 11;

/** May import every folder; only tests (and what lies outside src/) may import it. */
export const testingFolder = "testing";

/** The Node modules a pure folder may use. */
export const pureNodeModules: ReadonlySet<string> = new Set(["node:crypto", "node:buffer", "node:util"]);

/** A longer file holds more than one idea. */
export const maxLines = 400;
