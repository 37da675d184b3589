// Odd updates: content types, multipart as other programs write it, names of parts, JSON of every kind, and each reason for which an
// update is refused. None of them changes the shared collection; what would be accepted goes into a collection of its own.

import { sha256 } from "../../src/bytes/index.ts";
import { notary1 } from "../../src/dialects/index.ts";
import type { KeyId, Signer } from "../../src/keys/index.ts";
import type { TestPublisher } from "../../src/server/test-publisher.ts";
import type { Document, MetaEntry, Root, Snapshot, Targets } from "../../src/tuf/index.ts";
import type { Question } from "./requests.ts";
import { boundary, form, type Part, type World } from "./world.ts";

const day = 86_400_000;
const bad = "{bad";
const badRoot: readonly Part[] = [{ filename: "root", bytes: bad }];

const contentTypes = [
  "",
  "text/plain",
  "application/json; boundary=XBOUNDARYX",
  "multipart/form-data",
  "multipart/form-data; boundary=",
  "multipart/mixed; boundary=XBOUNDARYX",
  "Multipart/Form-Data; Boundary=XBOUNDARYX",
  'multipart/form-data;boundary="XBOUNDARYX"',
  "multipart/form-data; charset=utf-8; boundary=XBOUNDARYX",
  "multipart/form-data; boundary=XBOUNDARYX; charset=utf-8",
  "multipart/form-data; boundary=OTHER",
].map((type): Question => ({ name: `content type ${type}`, ask: (world) => world.post(form(badRoot), type) }));

const disposition = (rest: string): readonly Part[] => [{ bytes: bad, headers: `Content-Disposition: ${rest}` }];
const bodies: Readonly<Record<string, readonly Part[] | Buffer>> = {
  "without parts": [],
  empty: Buffer.alloc(0),
  "with bare line feeds": form(badRoot, { newline: "\n" }),
  "with a preamble": form(badRoot, { preamble: "hello\r\n" }),
  "without its end": form([{ filename: "targets", bytes: "{}" }], { end: false }),
  "ending in a header": Buffer.from(`--${boundary}\r\nContent-Dispo`),
  "with padded boundaries": Buffer.from(
    `--${boundary} \r\nContent-Disposition: form-data; filename="root"\r\n\r\n${bad}\r\n--${boundary}--`,
  ),
  "without a disposition": [{ bytes: bad, headers: "Content-Type: text/plain" }],
  "of an attachment": disposition('attachment; name="files"; filename="root"'),
  "of another field": disposition('form-data; name="x"; filename="root"'),
  "without a field name": disposition('form-data; filename="root"'),
  "without a file name": disposition('form-data; name="files"'),
  "with an unquoted file name": disposition("form-data; name=files; filename=root"),
  "with FILENAME": disposition('form-data; name="files"; FILENAME="root"'),
  "with filename*": disposition("form-data; name=\"files\"; filename*=UTF-8''root"),
  "with a folded header": disposition('form-data;\r\n name="files"; filename="root"'),
  "with a field before": [{ bytes: "x", headers: 'Content-Disposition: form-data; name="a"' }, ...badRoot],
  "of a role and no role": [
    { filename: "root", bytes: "{}" },
    { filename: "foo", bytes: "{}" },
  ],
  "of no JSON and no role": [
    { filename: "root", bytes: bad },
    { filename: "foo", bytes: "{}" },
  ],
  "of no role and no JSON": [
    { filename: "foo", bytes: "{}" },
    { filename: "root", bytes: bad },
  ],
};
const byBody = Object.entries(bodies).map(
  ([name, body]): Question => ({ name: `a body ${name}`, ask: (world) => world.post(body) }),
);

const filenames = [
  ..."root root.json root.json.json Root dir/root ../root /root ./root targets/ targets/.json targets//a targets/a".split(
    " ",
  ),
  ..."targets/a.json targets/A targets/../root snapshot timestamp mirrors .json json targets/é targets/* __proto__".split(
    " ",
  ),
  "",
  " root",
  "root ",
  "targets/a b",
  'root\\"',
  "x".repeat(300),
  `targets/${"x".repeat(300)}`,
].map((filename): Question => {
  const name = filename.length > 100 ? `<${filename.length} letters>` : filename;
  return { name: `a part named "${name}"`, ask: (world) => world.post([{ filename, bytes: bad }]) };
});

const texts = [
  "",
  " ",
  "null",
  "[]",
  "1",
  "{}",
  '{"signed":null}',
  '{"signed":{},"signatures":[]}',
  '{"signed":[],"signatures":[]}',
  '{"signed":{},"signatures":{}}',
  '{"signed":{"version":"1"},"signatures":[]}',
  '{"signed":{"version":1.5},"signatures":[]}',
  '{"signed":{"version":99999999999999999999},"signatures":[]}',
  "{} trailing",
  "{}{}",
  "\ufeff{}",
  '{"signed":{}',
  '{"a":1,"a":2}',
];
const byText = texts.flatMap((text) =>
  ["root", "targets", "timestamp"].map(
    (role): Question => ({
      name: `${role} saying ${JSON.stringify(text)}`,
      ask: (world) => world.post([{ filename: role, bytes: text }]),
    }),
  ),
);

/** Refused documents of the shared collection. */
function refused(
  name: string,
  make: (world: World) => Promise<{ readonly role: string; readonly bytes: Uint8Array }>,
): Question {
  return { name, ask: async (world) => world.postDocuments([await make(world)]) };
}

const root = (change: (before: Root) => Root, signers?: (world: World) => readonly Signer[]) => (world: World) =>
  world.publisher.edit<Root>("notary1", "root", change, signers?.(world) ?? [world.people.root]);
const targets =
  (change: (before: Targets) => Targets, signers?: (world: World) => readonly Signer[]) => (world: World) =>
    world.publisher.edit<Targets>("notary1", "targets", change, signers?.(world) ?? [world.people.targets]);
const same = <T>(before: T): T => before;
const yesterday = <T extends Root | Targets>(before: T): T => ({
  ...before,
  expires: notary1.formatExpiry(Date.now() - day),
});
const stranger = ({ people }: World) => [people.stranger];
const threshold = (role: "root" | "targets", value: number) => (before: Root) => ({
  ...before,
  roles: { ...before.roles, [role]: { ...before.roles[role], threshold: value } },
});
const delegation = (role: string) => (world: World) => {
  const { signed } = world.publisher.document<Targets>("notary1", "targets");
  return world.publisher.sign("notary1", role, { ...signed, version: 1 }, [world.people.targets]);
};

const refusals = [
  refused("the same targets again", async ({ publisher }) => publisher.document("notary1", "targets")),
  refused("the same root again", async ({ publisher }) => publisher.document("notary1", "root")),
  refused("targets signed by a stranger", targets(same, stranger)),
  refused(
    "targets without signatures",
    targets(same, () => []),
  ),
  refused("expired targets", targets(yesterday)),
  refused(
    "targets version 0",
    targets((before) => ({ ...before, version: 0 })),
  ),
  refused(
    "targets version 1 again",
    targets((before) => ({ ...before, version: 1 })),
  ),
  refused("targets sent as root", async ({ publisher }) => ({
    role: "root",
    bytes: publisher.document("notary1", "targets").bytes,
  })),
  refused("root sent as targets", async ({ publisher }) => ({
    role: "targets",
    bytes: publisher.document("notary1", "root").bytes,
  })),
  refused("root signed by a stranger", root(same, stranger)),
  refused(
    "root without signatures",
    root(same, () => []),
  ),
  refused(
    "root version 7 after 1",
    root((before) => ({ ...before, version: 7 })),
  ),
  refused("expired root", root(yesterday)),
  refused("root with targets threshold 0", root(threshold("targets", 0))),
  refused("root with its own threshold unmet", root(threshold("root", 2))),
  refused(
    "root naming a key it does not list",
    root((before) => ({
      ...before,
      roles: { ...before.roles, targets: { keyIds: ["0".repeat(64) as KeyId], threshold: 1 } },
    })),
  ),
  refused("a delegation that nobody made", delegation("targets/releases")),
  refused("a delegation of a delegation that nobody made", delegation("targets/a/b")),
];

/** In a collection of its own; `change` makes its first documents odd. */
function fresh(
  name: string,
  change: (world: World, publisher: TestPublisher, documents: readonly Document[]) => Promise<readonly Part[]>,
): Question {
  return {
    name: `first: ${name}`,
    ask: async (world) => {
      const publisher = world.publisherOf(`docker.example.com/first/${name.replace(/[^a-z0-9]+/gi, "-")}`);
      const documents = await world.initial(publisher);
      return world.post(await change(world, publisher, documents), undefined, publisher.gun);
    },
  };
}

const part = ({ role, bytes }: { readonly role: string; readonly bytes: Uint8Array }): Part => ({
  filename: role,
  bytes,
});
const only = (role: string) => async (_: World, __: TestPublisher, documents: readonly Document[]) =>
  documents.filter((document) => document.role === role).map(part);
const newline = (role: string) => async (_: World, __: TestPublisher, documents: readonly Document[]) =>
  documents.map((each) =>
    each.role === role ? { filename: role, bytes: Buffer.concat([each.bytes, Buffer.from("\n")]) } : part(each),
  );

async function rootOf(
  publisher: TestPublisher,
  documents: readonly Document[],
  change: (before: Root) => Root,
): Promise<readonly Part[]> {
  const others = documents.filter((document) => document.role !== "root").map(part);
  const before = publisher.document<Root>("notary1", "root").signed;
  return [part(await publisher.sign("notary1", "root", change(before), [publisher.rootSigner])), ...others];
}

/** The root gives the role to a key of the publisher's. */
function handing(role: "timestamp" | "snapshot", signer: Signer): (before: Root) => Root {
  const key = notary1.makeKey(signer.publicKey);
  return (before) => ({
    ...before,
    keys: new Map([...before.keys, [key.id, key]]),
    roles: { ...before.roles, [role]: { keyIds: [key.id], threshold: 1 } },
  });
}

/** Root, targets and a snapshot by a key that the publisher holds. */
async function withSnapshot(
  { people }: World,
  publisher: TestPublisher,
  documents: readonly Document[],
  { change = (_: Map<string, MetaEntry>) => undefined as unknown, signer = people.stranger, expiresIn = day } = {},
): Promise<readonly Part[]> {
  const [rootPart, ...others] = await rootOf(publisher, documents, handing("snapshot", people.stranger));
  if (rootPart === undefined) return [];
  const listing = ({ bytes }: Part): MetaEntry => ({
    version: undefined,
    length: Buffer.from(bytes).length,
    hashes: new Map([["sha256", sha256(Buffer.from(bytes))]]),
  });
  const meta = new Map([rootPart, ...others].map((each) => [each.filename ?? "", listing(each)]));
  change(meta);
  const expires = notary1.formatExpiry(Date.now() + expiresIn);
  const signed = { type: "snapshot", version: 1, expires, meta, extra: {} } as unknown as Snapshot;
  return [rootPart, ...others, part(await publisher.sign("notary1", "snapshot", signed, [signer]))];
}

const wrong: MetaEntry = { version: undefined, length: 5, hashes: new Map([["sha256", sha256("other")]]) };
const timestampPart: Part = {
  filename: "timestamp",
  bytes: '{"signed":{"_type":"Timestamp","version":9},"signatures":[]}',
};

const firsts = [
  fresh("root and targets", async (_, __, documents) => documents.map(part)),
  fresh("targets and root", async (_, __, documents) => documents.toReversed().map(part)),
  fresh("with a timestamp", async (_, __, documents) => [...documents.map(part), timestampPart]),
  fresh("only a timestamp", async () => [timestampPart]),
  fresh("names in .json", async (_, __, documents) =>
    documents.map(({ role, bytes }) => ({ filename: `${role}.json`, bytes })),
  ),
  fresh("targets twice", async (_, __, documents) => [...documents, ...documents.slice(1)].map(part)),
  fresh("nothing", async () => []),
  fresh("only targets", only("targets")),
  fresh("only root", only("root")),
  fresh("root version 2", (_, publisher, documents) =>
    rootOf(publisher, documents, (before) => ({ ...before, version: 2 })),
  ),
  fresh("root version 3", (_, publisher, documents) =>
    rootOf(publisher, documents, (before) => ({ ...before, version: 3 })),
  ),
  fresh("root of another collection", async ({ publisher }) =>
    ["root", "targets"].map((role) => part(publisher.document("notary1", role))),
  ),
  fresh("a line end after targets", newline("targets")),
  fresh("a line end after root", newline("root")),
  fresh("another server's timestamp key", ({ people }, publisher, documents) =>
    rootOf(publisher, documents, handing("timestamp", people.stranger)),
  ),
  fresh("another server's snapshot key", ({ people }, publisher, documents) =>
    rootOf(publisher, documents, handing("snapshot", people.stranger)),
  ),
  fresh("own snapshot", (world, publisher, documents) => withSnapshot(world, publisher, documents)),
  fresh("own snapshot without root", (world, publisher, documents) =>
    withSnapshot(world, publisher, documents, { change: (meta) => meta.delete("root") }),
  ),
  fresh("own snapshot without targets", (world, publisher, documents) =>
    withSnapshot(world, publisher, documents, { change: (meta) => meta.delete("targets") }),
  ),
  fresh("own snapshot of another root", (world, publisher, documents) =>
    withSnapshot(world, publisher, documents, { change: (meta) => meta.set("root", wrong) }),
  ),
  fresh("own snapshot of other targets", (world, publisher, documents) =>
    withSnapshot(world, publisher, documents, { change: (meta) => meta.set("targets", wrong) }),
  ),
  fresh("own snapshot by a stranger", (world, publisher, documents) =>
    withSnapshot(world, publisher, documents, { signer: world.people.targets }),
  ),
  fresh("own snapshot that has expired", (world, publisher, documents) =>
    withSnapshot(world, publisher, documents, { expiresIn: -day }),
  ),
];

export const updates: readonly Question[] = [
  ...contentTypes,
  ...byBody,
  ...filenames,
  ...byText,
  ...refusals,
  ...firsts,
];
