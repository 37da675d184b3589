// What repositories other people's programs make for our client to read: said once, in data, and carried out by each maker with its own
// library. A repository is published in states, one after the other; a reader may come to each, or only to the last.
import { createHash } from "node:crypto";

export interface RepositoryPlan {
  readonly name: string;
  readonly keyType: "ed25519" | "ecdsa" | "rsa";
  readonly isConsistent: boolean;
  /** How many have to sign for each role of the root; one key more is listed, and never signs. */
  readonly threshold: number;
  /** Whether timestamp and snapshot list lengths and hashes too. */
  readonly listsHashes: boolean;
  readonly states: readonly RepositoryState[];
}

export interface RepositoryState {
  /** Roles of the root whose keys are exchanged, one root each, before the rest is signed. */
  readonly rotate: readonly string[];
  /** In order of priority; parents first. */
  readonly delegations: readonly PlannedDelegation[];
  /** 2^N bins named bin-X, instead of delegations. */
  readonly succinctBits?: number;
  readonly targets: readonly PlannedTarget[];
}

export interface PlannedDelegation {
  readonly parent: string;
  readonly name: string;
  readonly paths?: readonly string[];
  readonly hashPrefixes?: readonly string[];
  readonly isTerminating?: true;
  /** As for roles of the root; 1 unless told. */
  readonly threshold?: number;
}

export interface PlannedTarget {
  readonly role: string;
  /** Its content is `content of PATH`. */
  readonly path: string;
  /** The role is not trusted with it, so that no reader may find it. */
  readonly isHidden?: true;
}

const threeDeep: RepositoryState = {
  rotate: [],
  delegations: [
    { parent: "targets", name: "team", paths: ["team/*", "team/*/*", "team/?-?.txt"], threshold: 2 },
    { parent: "team", name: "../odd name?", paths: ["team/*/*"] },
    { parent: "../odd name?", name: "last", paths: ["team/x/*"], isTerminating: true },
  ],
  targets: [
    { role: "targets", path: "top.txt" },
    { role: "team", path: "team/app.txt" },
    { role: "last", path: "team/x/a file, 100%.txt" },
    { role: "last", path: "elsewhere/app.txt", isHidden: true },
  ],
};

/** `team` is called `crew` from now on: the old delegations are gone, and with them what they found. */
const renamed: RepositoryState = {
  rotate: [],
  delegations: [{ parent: "targets", name: "crew", paths: ["team/*"] }],
  targets: [
    { role: "targets", path: "top.txt" },
    { role: "crew", path: "team/app.txt" },
    { role: "crew", path: "team/x/too deep.txt", isHidden: true },
  ],
};

const files = Array.from({ length: 12 }, (_unused, index) => `dist/file-${index}`);
const plain = { keyType: "ed25519", isConsistent: true, threshold: 1, listsHashes: false } as const;

export const repositoryPlans: readonly RepositoryPlan[] = [
  ...(["ed25519", "ecdsa", "rsa"] as const).flatMap((keyType) =>
    [true, false].map((isConsistent) => ({
      name: `${keyType}-${isConsistent ? "consistent" : "plain"}`,
      keyType,
      isConsistent,
      threshold: 2,
      listsHashes: isConsistent,
      states: [threeDeep],
    })),
  ),
  ...[1, 3, 4, 8].map((bits) => ({
    ...plain,
    name: `succinct-${bits}`,
    states: [
      {
        rotate: [],
        delegations: [],
        succinctBits: bits,
        targets: files.map((path) => ({ role: succinctBin(path, bits), path })),
      },
    ],
  })),
  {
    ...plain,
    name: "hash-prefixes",
    states: [
      {
        rotate: [],
        delegations: [..."0123456789abcdef"].map((digit) => ({
          parent: "targets",
          name: `prefix-${digit}`,
          hashPrefixes: [digit],
        })),
        targets: files.map((path) => ({ role: `prefix-${hashOf(path).slice(0, 1)}`, path })),
      },
    ],
  },
  {
    ...plain,
    name: "rotated",
    threshold: 2,
    states: [
      threeDeep,
      { ...threeDeep, rotate: ["root", "targets", "root"] },
      { ...renamed, rotate: ["snapshot", "root", "timestamp"] },
    ],
  },
  { ...plain, name: "renamed", states: [threeDeep, renamed, threeDeep] },
];

export function foundIn({ targets }: RepositoryState): readonly string[] {
  return targets.filter(({ isHidden }) => isHidden !== true).map(({ path }) => path);
}

/** What a reader must not find in a state: what is hidden in it, what only another one has, and what there never was. */
export function absentIn({ states }: RepositoryPlan, state: RepositoryState): readonly string[] {
  const found = foundIn(state);
  const everywhere = states.flatMap(({ targets }) => targets.map(({ path }) => path));
  return [...new Set([...everywhere, "nowhere"])].filter((path) => !found.includes(path));
}

function hashOf(path: string): string {
  return createHash("sha256").update(path).digest("hex");
}

function succinctBin(path: string, bits: number): string {
  const width = (2 ** bits - 1).toString(16).length;
  return `bin-${(Number.parseInt(hashOf(path).slice(0, 8), 16) >>> (32 - bits)).toString(16).padStart(width, "0")}`;
}
