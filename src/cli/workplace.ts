// Where a command about a collection works: our own home, or with --trust-dir a trust directory of Notary's or docker's, used in place
// and in its own format, so that both tools can take turns on it.
import type { Gun } from "../bytes/index.ts";
import {
  type Connections,
  cachedRootPins,
  inNotaryDirectory,
  type KeyPlaces,
  keyPlaces,
  notaryKeyPlaces,
  openKeyRing,
  type ReadPorts,
} from "../flows/index.ts";
import { type ChangeList, openHome, openNotaryTrustDirectory } from "../home/index.ts";
import type { KeyRing } from "../publish/index.ts";
import type { PassphraseProvider } from "../signers/index.ts";
import type { Pin } from "../updater/index.ts";
import { pinsOf } from "./collection-options.ts";
import type { Context, OptionSpec } from "./command.ts";
import { passphraseProvider } from "./passphrases.ts";

export const trustDirectoryOption: OptionSpec = {
  name: "trust-dir",
  value: "DIR",
  isFile: true,
  text: "work in a trust directory of Notary's or docker's (~/.notary, ~/.docker/trust), in its own format",
};

export const stageOption: OptionSpec = {
  name: "stage",
  text: "only write the change down; countersign publish --staged publishes it",
};

export const vanishOption: OptionSpec = {
  name: "vanish",
  text: "take keys out at once, although their tags vanish until somebody else signs them; notary1 alone",
};

export interface Workplace {
  readonly ports: ReadPorts;
  readonly places: KeyPlaces;
  readonly changes: ChangeList;
  /** Those of --pin, or of the root cached in the trust directory; empty: those at home. */
  readonly pins: readonly Pin[];
  readonly passphrases: PassphraseProvider;
  ring(): Promise<KeyRing>;
}

/** @throws usage.invalid when no trust server is known, config.invalid */
export async function openWorkplace(context: Context, connections: Connections, gun: Gun): Promise<Workplace> {
  const { args, env, clock, terminal } = context;
  // Commands that open no key do not declare the options for passphrases.
  let provider: PassphraseProvider | undefined;
  const passphrases: PassphraseProvider = (request) => {
    provider ??= passphraseProvider(args, env, terminal);
    return provider(request);
  };
  const own = keyPlaces(connections.home.locations, env);
  const path = args.value("trust-dir");
  const given = pinsOf(args);
  const at = await connections.portsFor(gun);
  if (path === undefined) {
    const ring = () => openKeyRing(own, passphrases);
    return { ports: at, places: own, changes: at.home.changes(gun, clock), pins: given, passphrases, ring };
  }
  const directory = openNotaryTrustDirectory(path, clock);
  const places = notaryKeyPlaces(directory, own);
  const pins = given.length > 0 ? given : await cachedRootPins(directory, gun, clock());
  const ring = () => openKeyRing(places, passphrases);
  return { ports: inNotaryDirectory(at, directory), places, changes: directory.changes(gun), pins, passphrases, ring };
}

/** The list of staged changes alone: nothing is contacted and no server has to be known. */
export function stagedChanges({ args, clock, env }: Context, gun: Gun): ChangeList {
  const path = args.value("trust-dir");
  if (path === undefined) return openHome(env).changes(gun, clock);
  return openNotaryTrustDirectory(path, clock).changes(gun);
}
