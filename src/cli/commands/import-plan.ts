// From the command line to what importMany runs: names, sources, the destination, keys. Two servers are spoken to, and neither is shown
// what is meant for the other: our API token goes to ours alone, Notary's credentials to the old one.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CountersignError, type Gun, isCountersignError, parseGun } from "../../bytes/index.ts";
import {
  type Connections,
  connect,
  keyPlaces,
  notaryKeyPlaces,
  openKeyRing,
  type ReadPorts,
} from "../../flows/index.ts";
import {
  type Environment,
  encodeFileName,
  type NotaryDirectory,
  openNotaryTrustDirectory,
  readSmallFile,
} from "../../home/index.ts";
import {
  type CollectionDestination,
  type CollectionSource,
  cachedCollection,
  cachedNames,
  type ManyImports,
  openArchive,
  parseNameList,
  parseServerAndName,
  registryCatalogue,
  withPatience,
} from "../../import/index.ts";
import { parseCanonicalKeyId } from "../../keys/index.ts";
import type { KeyRing } from "../../publish/index.ts";
import { usage } from "../arguments.ts";
import type { CommandSpec, Context } from "../command.ts";
import { newKitPassphrase } from "../kit-passphrase.ts";
import { passphraseProvider } from "../passphrases.ts";
import { publisherName } from "../publish-options.ts";
import { pinsForImport } from "./import-pins.ts";

export interface ImportPlan extends AsyncDisposable {
  readonly wanted: ManyImports;
}

const maxListBytes = 16 * 1024 * 1024;

/** @throws usage.invalid, gun.invalid, and what reading lists and catalogues throws */
export async function planImport(context: Context, spec: CommandSpec): Promise<ImportPlan> {
  const { args, clock } = context;
  await using opened = new AsyncDisposableStack();
  const signal = context.stopSignal();
  const sources = new Sources(context, signal);
  opened.defer(() => sources.close());
  const servers = await wantedNames(context, spec, sources, signal);
  const pinsOf = await pinsForImport(context);
  const awayMs = wholeNumber(context, spec, "patience", 60, 86_400) * 1_000;
  const home = args.flag("verify-only") ? undefined : new Home(context, signal, awayMs);
  opened.defer(() => home?.close());
  const wanted: ManyImports = {
    archive: openArchive(args.value("archive") ?? "countersign-evidence"),
    destination: await home?.address(),
    guns: [...servers.keys()],
    parallel: wholeNumber(context, spec, "parallel", 8, 64),
    signal,
    plan: async (gun) => ({
      gun,
      source: await sources.of(gun, servers.get(gun), awayMs),
      destination: await home?.destination(gun),
      archive: wanted.archive,
      pins: await pinsOf(gun),
      trustOnFirstUse: args.flag("trust-on-first-use"),
      again: args.flag("again"),
      now: clock(),
      signal,
    }),
  };
  const kept = opened.move();
  return { wanted, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Each name with the server it is on; undefined where it comes from a cache. */
async function wantedNames(
  { args }: Context,
  spec: CommandSpec,
  sources: Sources,
  signal: AbortSignal,
): Promise<ReadonlyMap<Gun, string | undefined>> {
  const list = args.value("list");
  const listed = list === undefined ? [] : parseNameList(await readList(list), list);
  const texts = [...args.positionals, ...listed];
  const { cache } = sources;
  const servers = new Map<Gun, string | undefined>();
  if (cache !== undefined) {
    for (const gun of texts.length > 0 ? texts.map(parseGun) : await cachedNames(cache)) servers.set(gun, undefined);
    if (servers.size === 0) throw usage(spec, `${cache.path} holds no collections`);
    return servers;
  }
  const from = args.value("from");
  for (const text of texts) {
    const { server, gun } = parseServerAndName(text, from);
    const twice = servers.get(gun);
    if (twice !== undefined && twice !== server)
      throw usage(spec, `${gun} is named on two servers: import one after the other`);
    servers.set(gun, server);
  }
  const registry = args.value("catalog");
  if (registry !== undefined) {
    if (from === undefined) throw usage(spec, "--catalog needs --from URL: where the collections of that registry are");
    for (const gun of await registryCatalogue(registry, sources.registryClient(), signal)) servers.set(gun, from);
  }
  if (servers.size > 0) return servers;
  throw usage(spec, "which collections? name SERVER/GUN, --list FILE, --catalog REGISTRY or --from-cache DIR");
}

async function readList(path: string): Promise<Uint8Array> {
  const bytes = await readSmallFile(path, { maxBytes: maxListBytes });
  if (bytes === undefined) throw new CountersignError("disk.unreadable", `there is no file ${path}`);
  return bytes;
}

function wholeNumber({ args }: Context, spec: CommandSpec, name: string, usual: number, most: number): number {
  const text = args.value(name);
  if (text === undefined) return usual;
  const number = Number(text);
  if (/^[0-9]{1,6}$/.test(text) && number <= most && (number > 0 || name === "patience")) return number;
  throw usage(spec, `--${name} is a whole number of at most ${most}`);
}

/** The old servers, or a client's directory. */
class Sources {
  readonly cache: NotaryDirectory | undefined;
  readonly #context: Context;
  readonly #signal: AbortSignal;
  readonly #connections = new Map<string, Connections>();

  constructor(context: Context, signal: AbortSignal) {
    const path = context.args.value("from-cache");
    this.#context = context;
    this.#signal = signal;
    this.cache = path === undefined ? undefined : openNotaryTrustDirectory(path, context.clock);
  }

  async of(gun: Gun, server: string | undefined, awayMs: number): Promise<CollectionSource> {
    if (this.cache !== undefined) return cachedCollection(this.cache, gun, this.#context.clock());
    const ports = await this.#connected(server ?? "").portsFor(gun);
    return {
      description: ports.server.url.href,
      documents: ports.server.notary1Source(),
      cachedPins: [],
      patiently: (work) => patiently(ports, work, awayMs, this.#signal).catch(sayFromTlsCa),
    };
  }

  registryClient() {
    return this.#connected("").client;
  }

  #connected(server: string): Connections {
    const { args, clock, env } = this.#context;
    const tlsCa = args.value("from-tls-ca");
    const known = this.#connections.get(server);
    const connections =
      known ??
      connect({
        env: withoutOurs(env),
        clock,
        server,
        ...(tlsCa === undefined ? {} : { tlsCa }),
        signal: this.#signal,
      });
    this.#connections.set(server, connections);
    return connections;
  }

  close(): void {
    for (const connections of this.#connections.values()) connections.close();
  }
}

/** What a certificate that nobody vouches for needs here: --tls-ca is about the other server. */
function sayFromTlsCa(error: unknown): never {
  if (!isCountersignError(error, "tls.untrusted")) throw error;
  const hints = ["give the certificate authority of the old server with --from-tls-ca FILE"];
  throw new CountersignError(error.code, error.message, { cause: error, hints });
}

/** Our server, and the keys at hand. */
class Home {
  readonly #context: Context;
  readonly #connections: Connections;
  readonly #awayMs: number;
  readonly #signal: AbortSignal;
  readonly #ring: Promise<KeyRing>;
  readonly #publisher: Promise<string | undefined>;
  readonly #kitPassphrases = new Map<string, Promise<string>>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(context: Context, signal: AbortSignal, awayMs: number) {
    const { args, clock, env } = context;
    const [server, tlsCa, tokenFile] = [args.value("server"), args.value("tls-ca"), args.value("token-file")];
    this.#context = context;
    this.#awayMs = awayMs;
    this.#signal = signal;
    this.#connections = connect({ env: withoutNotarys(env), clock, server, tlsCa, tokenFile, signal });
    this.#ring = openKeyRing(this.#places(), this.#passphrases()).then(rememberingRing);
    this.#publisher = publisherName(context, this.#connections.home);
    // Awaited with the first collection; until then a failure must not count as unhandled.
    this.#ring.catch(() => undefined);
    this.#publisher.catch(() => undefined);
  }

  /** @throws usage.invalid when no server is known */
  async address(): Promise<string> {
    return (await this.#connections.portsFor(parseGun("import"))).server.url.href;
  }

  async destination(gun: Gun): Promise<CollectionDestination> {
    const ports = await this.#connections.portsFor(gun);
    return {
      ports,
      ring: await this.#ring,
      publisher: await this.#publisher,
      anew: this.#context.args.flag("new-root") ? this.#anew(gun) : undefined,
      patiently: (work) => {
        const run = () => patiently(ports, work, this.#awayMs, this.#signal);
        return this.#context.args.flag("new-root") ? this.#inTurn(run) : run();
      },
    };
  }

  close(): void {
    this.#connections.close();
  }

  /** New root keys are made one after the other: the second collection takes the key that the first one made. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#turn.then(work, work);
    this.#turn = next.catch(() => undefined);
    return next;
  }

  #anew(gun: Gun): CollectionDestination["anew"] {
    const { args } = this.#context;
    const key = args.value("key");
    const directory = args.value("recovery-kits");
    return {
      places: this.#places(),
      passphrases: this.#passphrases(),
      rootKey: key === undefined ? undefined : parseCanonicalKeyId(key),
      kit:
        directory === undefined
          ? undefined
          : {
              path: join(directory, `${encodeFileName(gun)}.recovery-kit.txt`),
              passphrase: () => this.#kitPassphrase(),
            },
    };
  }

  #kitPassphrase(): Promise<string> {
    const known = this.#kitPassphrases.get("") ?? newKitPassphrase(this.#context);
    this.#kitPassphrases.set("", known);
    return known;
  }

  #places() {
    const { args, clock, env } = this.#context;
    const own = keyPlaces(this.#connections.home.locations, env);
    const path = args.value("trust-dir") ?? args.value("from-cache");
    if (path === undefined) return own;
    const { vault, others } = notaryKeyPlaces(openNotaryTrustDirectory(path, clock), own);
    // New keys go into our own vault; the directory is only looked at.
    return { vault: own.vault, others: [vault, ...others.filter((store) => store !== own.vault)] };
  }

  #passphrases() {
    const { args, env, terminal } = this.#context;
    return passphraseProvider(args, env, terminal);
  }
}

/** Opening a key costs its passphrase's derivation: once for all collections. */
function rememberingRing(ring: KeyRing): KeyRing {
  const opened = new Map<string, ReturnType<KeyRing["open"]>>();
  return {
    ids: () => ring.ids(),
    open(id) {
      const known = opened.get(id);
      if (known !== undefined) return known;
      const opening = ring.open(id);
      opened.set(id, opening);
      // A passphrase that was wrong once is asked for again.
      opening.catch(() => opened.delete(id));
      return opening;
    },
  };
}

function patiently<T>({ server }: ReadPorts, work: () => Promise<T>, awayMs: number, signal: AbortSignal): Promise<T> {
  const wait = async (ms: number): Promise<void> => {
    await sleep(ms, undefined, { signal });
  };
  return withPatience(work, { awayMs, wait, ping: () => server.ping({ signal }) });
}

/** For the old server: nothing that says who we are to ours. */
function withoutOurs(env: Environment): Environment {
  const { COUNTERSIGN_TOKEN, COUNTERSIGN_TOKEN_FILE, COUNTERSIGN_AUTH, ...rest } = env;
  return rest;
}

/** For ours: not what Notary's clients say to the old one. */
function withoutNotarys(env: Environment): Environment {
  const { NOTARY_AUTH, ...rest } = env;
  return rest;
}
