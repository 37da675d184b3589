// Odd requests of every route but the update: methods, paths, encodings, names, changefeed parameters, protocol versions.
import type { World } from "./world.ts";

export interface Question {
  readonly name: string;
  ask(world: World): Promise<string>;
}

const gun = "docker.example.com/team/app";
const tuf = `/v2/${gun}/_trust/tuf`;

function line(method: string, path: string, more = "", version = "1.1"): string {
  return `${method} ${path} HTTP/${version}\r\nHost: h\r\n${more}\r\n`;
}

function get(path: string | ((world: World) => string), name?: string): Question {
  if (typeof path === "string") return { name: name ?? `GET ${path}`, ask: (world) => world.ask(line("GET", path)) };
  return { name: name ?? "", ask: (world) => world.ask(line("GET", path(world))) };
}

const methods = ["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "TRACE"];
const routes = [
  "/",
  "/v2",
  "/v2/",
  "/v2/x",
  "/v1/",
  "/_notary_server/health",
  "/_notary_server/health/",
  "/metrics/",
  "/v2/_trust/changefeed",
  tuf,
  `${tuf}/root.json`,
  `${tuf}/timestamp.key`,
  `${tuf}/targets.key`,
  `${tuf}/nothing`,
  `/v2/${gun}/_trust/changefeed?records=2`,
  `/v2/${gun}/_trust/`,
  "/v2/new/gun/_trust/tuf/timestamp.json",
  "/favicon.ico",
];
const byMethod = methods.flatMap((method) =>
  routes.map((path) => ({ name: `${method} ${path}`, ask: (world: World) => world.ask(line(method, path)) })),
);

const files = [
  ..."root.json/ root.json?x=1 Root.json root root.JSON 0.root.json 1.root.json 01.root.json -1.root.json +1.root.json".split(
    " ",
  ),
  ..."2.root.json 1.targets.json 2.targets.json 3.targets.json 10.targets.json 1.snapshot.json 2.snapshot.json".split(
    " ",
  ),
  ..."1.timestamp.json 2.timestamp.json 3.timestamp.json 1..root.json 1.1.root.json 1e0.root.json".split(" "),
  ..."2147483647.root.json 2147483648.root.json 99999999999.root.json 99999999999999999999999.root.json".split(" "),
  ..."timestamp.json snapshot.json targets.json targets/.json targets/releases.json targets/a/b/c.json targets/A.json".split(
    " ",
  ),
  ..."targets/a%20b.json targets/a%2fb.json targets/a//b.json targets//a.json targets/..%2froot.json".split(" "),
  ..."targets/../root.json targets/./a.json targets/a.b.json targets/%C3%A9.json targets/%ff.json %72oot.json".split(
    " ",
  ),
  ..."root%2ejson root%00.json root.json%00 root.json%0d%0aX:y targets/*.json mirrors.json targetsx.json".split(" "),
  ..."root/x.json timestamp/x.json /root.json ./root.json x/../root.json timestamp.key/ timestamp.key?x root.key".split(
    " ",
  ),
  ..."1.timestamp.key Timestamp.key targets/x.key snapshot.key".split(" "),
  `targets.${"0".repeat(64)}.json`,
  `targets.${"0".repeat(63)}.json`,
  `targets.${"0".repeat(65)}.json`,
  `targets.${"0".repeat(96)}.json`,
  `targets.${"a".repeat(128)}.json`,
  `targets/releases.${"0".repeat(64)}.json`,
];
const byFile = files.map((file) =>
  get(`${tuf}/${file}`, `GET T/${file.replace(/0{20,}|a{20,}/, ({ length }) => `<${length} digits>`)}`),
);

const byHash: readonly Question[] = [
  get((world) => `${tuf}/root.${world.hashOf("root")}.json`, "root by its hash"),
  get((world) => `${tuf}/root.${world.hashOf("root").toUpperCase()}.json`, "root by its hash in upper case"),
  get((world) => `${tuf}/targets.${world.hashOf("targets")}.json`, "targets by their hash"),
  get((world) => `${tuf}/root.${world.hashOf("targets")}.json`, "root by the hash of targets"),
  get((world) => `${tuf}/targets/x.${world.hashOf("targets")}.json`, "a delegation by the hash of targets"),
  get(
    (world) => `/v2/other/_trust/tuf/root.${world.hashOf("root")}.json`,
    "another collection by the hash of this root",
  ),
  get((world) => `${tuf}/1.root.${world.hashOf("root")}.json`, "root by version and hash"),
];

const guns = [
  ..."a a/b A/B library/Alpine docker.io/library/alpine localhost:5000/x [::1]:5000/a a..b x~y+z __proto__ constructor".split(
    " ",
  ),
  ..."x:y:z ../a a/../b a//b %2e%2e/a a%2fb a%20b a*b %C3%A9 - . _trust a/_trust/b a%00 a/ /a a@b a;b a%25b".split(" "),
  "x".repeat(253),
  "x".repeat(255),
  "x".repeat(256),
];
const byGun = guns.flatMap((name) => {
  const shown = name.length > 100 ? `<${name.length} letters>` : name;
  const ask = (method: string, file: string): Question => ({
    name: `${method} ${file === "" ? "update route" : file} of collection ${shown}`,
    ask: (world) => world.ask(line(method, `/v2/${name}/_trust/tuf/${file}`)),
  });
  return [ask("GET", "timestamp.key"), ask("GET", "root.json"), ask("DELETE", "")];
});

const feeds = [
  "",
  "?records",
  ..."?records= ?records=a ?records=1.5 ?records=+1 ?records=%2B1 ?records=0 ?records=1 ?records=2 ?records=-1".split(
    " ",
  ),
  ..."?records=-2 ?records=-0 ?records=01 ?records=--1 ?records=0x1 ?records=1_0 ?Records=1 ?records=1000".split(" "),
  ..."?records=2147483647 ?records=2147483648 ?records=9223372036854775808 ?records=1&records=2".split(" "),
  ..."?records=1&change_id= ?records=1&change_id=0 ?records=1&change_id=1 ?records=1&change_id=abc".split(" "),
  ..."?records=1&change_id=-1 ?records=2&change_id=-5 ?records=-1&change_id=1 ?records=-1&change_id=2".split(" "),
  ..."?records=-2&change_id=3 ?records=-1&change_id=-1 ?records=0&change_id=1 ?records=1&change_id=99".split(" "),
  ..."?records=-1&change_id=99 ?records=1&change_id=1.0 ?records=1&change_id=99999999999 ?records=1;change_id=2".split(
    " ",
  ),
];
const byFeed = feeds.flatMap((query) =>
  ["", `${gun}/`, "none/"].map((name) =>
    get(`/v2/${name}_trust/changefeed${query}`, `feed of ${name === "" ? "all" : name}${query}`),
  ),
);

const root = `${tuf}/root.json`;
const byProtocol: readonly Question[] = [
  { name: "method FOO", ask: (world) => world.ask(line("FOO", root)) },
  { name: "method get", ask: (world) => world.ask(line("get", root)) },
  { name: "HTTP/1.0", ask: (world) => world.ask(line("GET", root, "", "1.0")) },
  { name: "HTTP/2.0 without TLS", ask: (world) => world.ask(line("GET", "/", "", "2.0")) },
  { name: "Connection: close", ask: (world) => world.ask(line("GET", root, "Connection: close\r\n")) },
  { name: "Accept-Encoding: gzip", ask: (world) => world.ask(line("GET", root, "Accept-Encoding: gzip\r\n")) },
  { name: "Accept of another type", ask: (world) => world.ask(line("GET", root, "Accept: image/png\r\n")) },
  { name: "Range", ask: (world) => world.ask(line("GET", root, "Range: bytes=0-9\r\n")) },
  {
    name: "If-Modified-Since",
    ask: (world) => world.ask(line("GET", root, "If-Modified-Since: Sun, 22 Nov 2037 07:19:47 GMT\r\n")),
  },
  { name: "GET with a body", ask: (world) => world.ask(`${line("GET", root, "Content-Length: 3\r\n")}xyz`) },
  {
    name: "POST key with a body",
    ask: (world) => world.ask(`${line("POST", `${tuf}/timestamp.key`, "Content-Length: 3\r\n")}xyz`),
  },
  { name: "no Host", ask: (world) => world.ask(`GET ${root} HTTP/1.1\r\n\r\n`) },
  { name: "absolute form", ask: (world) => world.ask(line("GET", `http://elsewhere${root}`)) },
  { name: "Upgrade", ask: (world) => world.ask(line("GET", root, "Connection: Upgrade\r\nUpgrade: h2c\r\n")) },
  { name: "a blank in the path", ask: (world) => world.ask(line("GET", `${tuf}/ro ot.json`)) },
  { name: "a raw byte in the path", ask: (world) => world.ask(Buffer.from(line("GET", `${tuf}/targets/é.json`))) },
];

export const requests: readonly Question[] = [...byMethod, ...byFile, ...byHash, ...byGun, ...byFeed, ...byProtocol];
