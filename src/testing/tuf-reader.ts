// A client of a TufTree with a store that outlives its runs, as a machine's metadata directory does.
import { encodeUtf8 } from "../bytes/index.ts";
import {
  openMemoryStore,
  openTufRepository,
  type TufRepository,
  type TufRepositoryOptions,
  type TufStore,
} from "../tuf-client/index.ts";
import { type FakeClock, fakeClock } from "./fake-clock.ts";
import { TufTree } from "./tuf-tree.ts";

export class TufReader {
  readonly tree: TufTree;
  readonly store: TufStore = openMemoryStore();
  readonly clock: FakeClock = fakeClock();

  constructor(tree: TufTree) {
    this.tree = tree;
  }

  /** A reader that was given the tree's first root. */
  static async of(tree: TufTree): Promise<TufReader> {
    const reader = new TufReader(tree);
    await reader.store.write("root", tree.firstRoot);
    return reader;
  }

  /** One run. */
  open(changes: Partial<TufRepositoryOptions> = {}): TufRepository {
    return openTufRepository({
      metadataUrl: "http://repository.test/metadata",
      targetsUrl: "http://repository.test/targets/",
      store: this.store,
      transport: this.tree,
      clock: this.clock.now,
      ...changes,
    });
  }

  /** The version of a stored document. */
  async version(role: string): Promise<number | undefined> {
    const bytes = await this.store.read(role);
    return bytes === undefined ? undefined : JSON.parse(new TextDecoder().decode(bytes)).signed.version;
  }
}

export function jsonBytes(value: unknown): Uint8Array {
  return encodeUtf8(JSON.stringify(value));
}

/** A published repository with these targets, each `content of PATH`, and a reader who has its first root. */
export async function repositoryOf(...paths: readonly string[]): Promise<{ tree: TufTree; reader: TufReader }> {
  const tree = await TufTree.create();
  for (const path of paths) tree.addTarget("targets", path, `content of ${path}`);
  await tree.publishAll("targets");
  return { tree, reader: await TufReader.of(tree) };
}
