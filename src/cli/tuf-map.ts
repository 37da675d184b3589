// `--map map.json` (TAP 4): several repositories that have to agree. Each keeps its trusted state in its own directory below
// --metadata-dir, where its root.json has to be before the first use; its addresses are tried in the order of the map.
import { join } from "node:path";
import { CountersignError } from "../bytes/index.ts";
import {
  fileNameOf,
  lookupInMap,
  type MappedTarget,
  maxTufMapBytes,
  openDirectoryStore,
  openTufRepository,
  parseTufMap,
  type TufRepository,
} from "../tuf-client/index.ts";
import type { Context } from "./command.ts";
import { isOutOfReach, portsOf, readNamedFile, stateDirectory, transportTo } from "./tuf-options.ts";

export interface MappedRepositories {
  lookup(path: string): Promise<MappedTarget | undefined>;
  /** Opened and refreshed, from the first address that answers. */
  open(name: string): Promise<TufRepository>;
}

/** @throws usage.invalid, config.invalid, disk.unreadable, and what `use` throws */
export async function withMap<T>(
  context: Context,
  file: string,
  use: (repositories: MappedRepositories) => Promise<T>,
): Promise<T> {
  const other = ["metadata-url", "root"].find((name) => context.args.value(name) !== undefined);
  if (other !== undefined) {
    throw new CountersignError("usage.invalid", `--map and --${other} do not go together`, {
      hints: ["addresses are those of the map; each repository's first root is its root.json below --metadata-dir"],
    });
  }
  const map = parseTufMap(await readNamedFile(file, maxTufMapBytes));
  const directory = context.args.value("metadata-dir") ?? stateDirectory(context, "map");
  using transport = transportTo(context, [...map.repositories.values()].flat());
  const opened = new Map<string, Promise<TufRepository>>();
  const open = (name: string): Promise<TufRepository> => {
    const opening = opened.get(name) ?? openFirst(name);
    opened.set(name, opening);
    return opening;
  };
  async function openFirst(name: string): Promise<TufRepository> {
    const urls = map.repositories.get(name) ?? [];
    const store = openDirectoryStore(join(directory, fileNameOf(name)));
    for (const [index, url] of urls.entries()) {
      const base = url.endsWith("/") ? url : `${url}/`;
      const places = { metadataUrl: `${base}metadata/`, targetsUrl: `${base}targets/` };
      const repository = openTufRepository({ ...portsOf(context, transport), ...places, store });
      try {
        await repository.refresh();
        return repository;
      } catch (error) {
        if (!isOutOfReach(error) || index === urls.length - 1) throw error;
      }
    }
    throw new Error("a repository of a map without an address");
  }
  const lookup = (path: string) => lookupInMap(map, path, async (name) => (await open(name)).lookup(path));
  return await use({ lookup, open });
}
