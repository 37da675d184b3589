// Which odd requests are answered differently on purpose, by topic of docs/notary-differences.md.
import type { Difference } from "../sessions/differences.ts";

const onDocuments = (...files: readonly string[]) => files.map((file) => `GET T/${file}`);
/** What asking for a key of the collection and deleting it say; a root it never has is missing on both. */
const onCollections = (...names: readonly string[]) =>
  names.flatMap((name) => [`GET timestamp.key of collection ${name}`, `DELETE update route of collection ${name}`]);
const andRoot = (...names: readonly string[]) => [
  ...onCollections(...names),
  ...names.map((name) => `GET root.json of collection ${name}`),
];
const onFeeds = (...queries: readonly string[]) =>
  queries.flatMap((query) => ["all", "docker.example.com/team/app/", "none/"].map((name) => `feed of ${name}${query}`));
const saying = (role: string, ...texts: readonly string[]) =>
  texts.map((text) => `${role} saying ${JSON.stringify(text)}`);

const emptyDocuments = ["null", "{}", '{"signed":null}', '{"signed":{},"signatures":[]}'];
const wrongShapes = [
  '{"signed":[],"signatures":[]}',
  '{"signed":{},"signatures":{}}',
  '{"signed":{"version":"1"},"signatures":[]}',
  '{"signed":{"version":1.5},"signatures":[]}',
];
const tooBig = '{"signed":{"version":99999999999999999999},"signatures":[]}';

export const requestDifferences: readonly Difference[] = [
  {
    topic: "One name per document",
    where: [
      ...onDocuments("0.root.json", "01.root.json"),
      "root by the hash of targets",
      "a delegation by the hash of targets",
      "another collection by the hash of this root",
    ],
  },
  {
    topic: "Unknown is 404",
    where: [
      ...onDocuments("2147483648.root.json", "99999999999.root.json", "99999999999999999999999.root.json"),
      ...onDocuments("targets/releases.json", "targets/a/b/c.json", "targets/A.json", "targets/a%2fb.json"),
      ...onDocuments("targets/a.b.json", "targets/%C3%A9.json", "targets/%ff.json", "targets/*.json"),
      ...onDocuments("root.json%0d%0aX:y"),
    ],
  },
  {
    topic: "Paths are not tidied",
    where: [
      ...onDocuments("targets/a//b.json", "targets//a.json", "targets/..%2froot.json", "targets/../root.json"),
      ...onDocuments("targets/./a.json", "/root.json", "./root.json", "x/../root.json"),
      ...andRoot("../a", "a/../b", "a//b", "%2e%2e/a", ".", "a/", "/a"),
    ],
  },
  {
    topic: "Names of collections",
    where: [
      ...onCollections("x:y:z", "a%20b", "%C3%A9", "-", "a@b", "a;b", "a%25b", "<256 letters>"),
      ...andRoot("_trust", "a/_trust/b", "a%00"),
    ],
  },
  {
    topic: "The changefeed",
    where: onFeeds("?records=1&change_id=99999999999", "?records=1;change_id=2"),
  },
  {
    topic: "The HTTP layer",
    where: [
      ...["method FOO", "method get", "HTTP/1.0", "HTTP/2.0 without TLS", "no Host"],
      ...["a blank in the path", "a raw byte in the path"],
    ],
  },
  // On every error, and with access control: nothing of that is asked here.
  { topic: "Errors are not cached", where: [] },
  { topic: "Protected documents stay out of shared caches", where: [] },
  {
    topic: "Malformed uploads",
    where: [
      ...["content type multipart/form-data; boundary=OTHER", "a body empty", "a body with bare line feeds"],
      ...[
        "a body without its end",
        "a body ending in a header",
        "a body with filename*",
        "a body with a folded header",
      ],
      ...["{} trailing", "{}{}"].flatMap((text) =>
        ["root", "targets", "timestamp"].flatMap((role) => saying(role, text)),
      ),
      ...saying("timestamp", ...wrongShapes, tooBig),
    ],
  },
  {
    topic: "Reasons in our own words",
    where: [
      ...["root", "targets"].flatMap((role) =>
        saying(role, ...emptyDocuments, ...wrongShapes, tooBig, '{"a":1,"a":2}'),
      ),
      ...["targets version 0", "root sent as targets", "root with targets threshold 0"],
      ...["root naming a key it does not list", "a delegation that nobody made"],
      ...["a delegation of a delegation that nobody made", "first: only root"],
      ...["without root", "without targets", "of another root", "of other targets"].map(
        (which) => `first: own snapshot ${which}`,
      ),
    ],
  },
  {
    topic: "Keys of another server",
    where: ["first: another server's timestamp key", "first: another server's snapshot key"],
  },
  { topic: "A lost name can be taken up again", where: ["first: root version 3"] },
];
