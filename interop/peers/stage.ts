// The stage most suites play on: our server, a registry with a real image, a publisher who owns the collection and readers who start
// with nothing.
import { countersignClient, type OurClient, type OurServer, startOurServer } from "./countersign.ts";
import { addImage, makeLayout, type TestImage } from "./images.ts";
import { type NotaryClient, notaryClient } from "./notary-client.ts";
import { type Registry, startRegistry } from "./registry.ts";
import { type Scratch, scratch } from "./scratch.ts";

export interface Stage extends AsyncDisposable {
  readonly directory: Scratch;
  readonly server: OurServer;
  readonly registry: Registry;
  /** A layout with the images `good` and `other`. */
  readonly layout: string;
  readonly good: TestImage;
  readonly other: TestImage;
  /** `127.0.0.1:PORT/team/app`: the collection, named as the image. */
  readonly gun: string;
  /** Has made the collection and holds its keys. */
  readonly publisher: OurClient;
  /** A reader of that name: a directory of its own, nothing pinned, nothing cached. */
  reader(name: string): OurClient;
  /** Debian's notary client, as a reader or publisher of that name. */
  notary(name: string): NotaryClient;
}

/** Everything up, the image `good` pushed as tag 1.0, the collection made; nothing signed yet. */
export async function openStage(name: string): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.adopt(scratch(name), async (made) => made[Symbol.dispose]());
  const server = stack.use(await startOurServer(directory));
  const registry = stack.use(await startRegistry(directory));
  const layout = await makeLayout(directory);
  const good = await addImage(directory, layout, "good", "hello");
  const other = await addImage(directory, layout, "other", "goodbye");
  const gun = `${registry.host}/team/app`;
  await registry.push(layout, "good", "team/app", "1.0");
  const { url, authority } = server;
  const client = (home: string) => countersignClient({ url, authority, home: directory.at(home) });
  const publisher = client("publisher");
  await publisher.ok("init", gun, "--recovery-kit", directory.at("recovery-kit.txt"));
  const kept = stack.move();
  return {
    directory,
    server,
    registry,
    layout,
    good,
    other,
    gun,
    publisher,
    reader: client,
    notary: (home) => notaryClient({ url, authority, trustDirectory: directory.at(`notary-${home}`) }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

export const stagePeers = ["docker-registry", "skopeo", "umoci", "busybox"] as const;

/** What `verify --json` says, as far as the suites read it. */
export interface VerdictAnswer {
  readonly trusted: boolean;
  readonly reasons: readonly { readonly code: string; readonly message: string }[];
  readonly signed?: {
    readonly digest: string;
    readonly length: number;
    readonly role: string;
    readonly keys: readonly string[];
    readonly until: string;
    readonly dialect: string;
    readonly documents: readonly { readonly role: string; readonly version: number; readonly expires: string }[];
  };
  readonly found?: { readonly digests: readonly string[] };
}

/** Verifies and gives exit status and verdict; fails if the answer is no verdict at all. */
export async function verdict(client: OurClient, ...args: readonly string[]) {
  const { status, answer, text } = await client.json("verify", ...args);
  if (!isVerdict(answer)) throw new Error(`no verdict: exit ${status}\n${text}`);
  return { status, ...answer };
}

function isVerdict(answer: unknown): answer is VerdictAnswer {
  return typeof answer === "object" && answer !== null && "trusted" in answer && "reasons" in answer;
}
