// Working in a trust directory of Notary's or docker's: its keys, its staged changes and its cached documents take the place of ours. A
// root that its client has cached is what that client trusts, so its keys are the pins there (notary-v1, sections 5 and 9.1).
import { type Gun, isCountersignError, parseRoleName } from "../bytes/index.ts";
import { notary1 } from "../dialects/index.ts";
import type { Home, NotaryDirectory } from "../home/index.ts";
import { openNotaryVault } from "../signers/index.ts";
import { TrustedSet } from "../tuf/index.ts";
import type { Pin } from "../updater/index.ts";
import { canonicalIds } from "./inspect.ts";
import type { KeyPlaces } from "./key-ring.ts";
import type { ReadPorts } from "./ports.ts";

const rootRole = parseRoleName("root");

/** `ports` with the directory's cache for notary1; pins, memory and everything else stay where they are. */
export function inNotaryDirectory(ports: ReadPorts, directory: NotaryDirectory): ReadPorts {
  const home: Home = {
    ...ports.home,
    cache: (gun, dialect) =>
      dialect === "tuf1" ? ports.home.cache(gun, dialect) : { ...directory.cache(gun), held: async () => [] },
    changes: (gun) => directory.changes(gun),
  };
  return { ...ports, home };
}

/** New keys go into the directory in Notary's form; the keys of `places` are looked at too. */
export function notaryKeyPlaces(directory: NotaryDirectory, places: KeyPlaces): KeyPlaces {
  return { vault: openNotaryVault(directory.keys), others: [places.vault, ...places.others] };
}

/** The root keys of the root that Notary's client has cached; none when there is no root, or one that does not verify itself. */
export async function cachedRootPins(directory: NotaryDirectory, gun: Gun, now: number): Promise<readonly Pin[]> {
  const bytes = await directory.cache(gun).read(rootRole);
  if (bytes === undefined) return [];
  try {
    const { signed } = TrustedSet.fromRoot(bytes, { dialect: notary1, gun, now }).root;
    return canonicalIds(signed, signed.roles.root).map((id): Pin => ({ kind: "key", id }));
  } catch (error) {
    if (isCountersignError(error)) return [];
    throw error;
  }
}
