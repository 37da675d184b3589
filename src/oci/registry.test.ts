// Registries that lie about digests, serve something else, redirect, or page without end.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CountersignError, digestOf, type ErrorCode, encodeUtf8 } from "../bytes/index.ts";
import { createAuthorizedClient, createHttpClient, credentialFor } from "../http/index.ts";
import { fakeClock, type LoopbackServer, loopbackServer } from "../testing/index.ts";
import { checkDescriptorTree } from "./check-tree.ts";
import type { ImageSource } from "./image.ts";
import { mediaTypes } from "./manifest.ts";
import { parseReference } from "./reference.ts";
import { openImageSource, resolveImage } from "./resolve-image.ts";

const layer = encodeUtf8("layer bytes");
const config = encodeUtf8("{}");
const descriptor = (bytes: Uint8Array, mediaType: string) => ({
  mediaType,
  digest: digestOf(bytes),
  size: bytes.length,
});
const manifest = encodeUtf8(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: descriptor(config, "application/vnd.oci.image.config.v1+json"),
    layers: [descriptor(layer, "application/vnd.oci.image.layer.v1.tar")],
  }),
);
const index = encodeUtf8(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: [
      {
        ...descriptor(manifest, mediaTypes.ociManifest),
        platform: { os: "linux", architecture: "arm64", variant: "v8" },
      },
      { ...descriptor(manifest, mediaTypes.ociManifest), platform: { os: "unknown", architecture: "unknown" } },
    ],
  }),
);

interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array | string;
}

/** Paths below /v2/app/ and what they answer. */
function registry(answers: Record<string, Answer | Uint8Array>): Promise<LoopbackServer> {
  return loopbackServer((request, response) => {
    const path = (request.url ?? "").replace("/v2/app/", "");
    if (path === "/v2/") return void response.end("{}");
    const found = Object.hasOwn(answers, path) ? answers[path] : undefined;
    const answer = found instanceof Uint8Array ? { body: found } : (found ?? { status: 404 });
    const type = path.startsWith("manifests/")
      ? { "content-type": path.includes("index") ? mediaTypes.ociIndex : mediaTypes.ociManifest }
      : {};
    response.writeHead(answer.status ?? 200, { ...type, ...answer.headers }).end(answer.body);
  });
}

function open(server: LoopbackServer, tag: string) {
  const reference = parseReference(`${server.host}/app${tag}`);
  const http = createHttpClient({ sleep: async () => undefined });
  const credentials = credentialFor(server.host, { kind: "password", username: "u", password: "p" });
  const client = createAuthorizedClient({ client: http, credentials, clock: fakeClock().now });
  const source = openImageSource(reference, { client });
  return { source, resolve: () => resolveImage(reference, source) };
}

async function refused(work: Promise<unknown>, code: ErrorCode, words = /./): Promise<void> {
  const error: unknown = await work.then(
    () => assert.fail(`expected ${code}`),
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof CountersignError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, words);
}

async function readAll(source: ImageSource, bytes: Uint8Array): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source.readBlob(descriptor(bytes, "x/y"))) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

const whole = {
  "manifests/1": manifest,
  "manifests/index": index,
  [`manifests/${digestOf(manifest)}`]: manifest,
  [`blobs/${digestOf(layer)}`]: layer,
  [`blobs/${digestOf(config)}`]: config,
};

test("a tag resolves to the digest of what came; an index stays an index with its platforms", async () => {
  await using server = await registry(whole);
  const image = await open(server, ":1").resolve();
  assert.deepEqual([image.digest, image.length, image.isIndex], [digestOf(manifest), manifest.length, false]);
  const multi = await open(server, ":index").resolve();
  assert.deepEqual([multi.digest, multi.isIndex], [digestOf(index), true]);
  assert.deepEqual(
    multi.platforms.map(({ os, architecture, variant }) => [os, architecture, variant]),
    [["linux", "arm64", "v8"]],
  );
});

test("another manifest than the digest asked for is image.mismatch", async () => {
  await using server = await registry({ [`manifests/${digestOf(index)}`]: manifest });
  await refused(open(server, `@${digestOf(index)}`).resolve(), "image.mismatch");
});

test("a Docker-Content-Digest that is not the body's is registry.failed", async () => {
  for (const claim of [digestOf(index), "sha256:nonsense"]) {
    await using server = await registry({
      "manifests/1": { headers: { "docker-content-digest": claim }, body: manifest },
    });
    await refused(open(server, ":1").resolve(), "registry.failed");
  }
});

test("schema 1, a web page, two kinds at once, and types that disagree are refused", async () => {
  const table: readonly (readonly [string, string, RegExp])[] = [
    ["application/vnd.docker.distribution.manifest.v1+prettyjws", '{"schemaVersion":1}', /schema 1/],
    ["text/html", "<html>", /not a JSON object/],
    [mediaTypes.ociManifest, '{"schemaVersion":2,"config":{},"layers":[],"manifests":[]}', /at once/],
    [mediaTypes.ociIndex, Buffer.from(manifest).toString(), /came as/],
    [mediaTypes.ociIndex, '{"schemaVersion":2,"config":{},"layers":[]}', /does not fit/],
    ["application/json", '{"schemaVersion":2,"mediaType":"x/y","config":{},"layers":[]}', /no kind of image/],
    [
      mediaTypes.ociManifest,
      '{"schemaVersion":2,"config":{"digest":"md5:1","size":1,"mediaType":"x"},"layers":[]}',
      /usable digest/,
    ],
    [mediaTypes.ociManifest, '{"schemaVersion":2,"config":{"size":-1},"layers":[]}', /no size/],
    [mediaTypes.ociManifest, "null", /not a JSON object/],
  ];
  for (const [type, body, words] of table) {
    await using server = await registry({ "manifests/1": { headers: { "content-type": type }, body } });
    await refused(open(server, ":1").resolve(), "registry.failed", words);
  }
});

test("no such tag is image.missing, a redirected manifest and one over 4 MiB are refused", async () => {
  await using server = await registry({
    "manifests/moved": { status: 307, headers: { location: "/v2/app/manifests/1" } },
    "manifests/1": manifest,
    "manifests/large": Buffer.alloc(4 * 1024 * 1024 + 1),
  });
  await refused(open(server, ":none").resolve(), "image.missing");
  await refused(open(server, ":moved").resolve(), "download.redirected");
  await refused(open(server, ":large").resolve(), "download.too_large");
});

test("refused credentials are registry.denied", async () => {
  await using server = await registry({
    "manifests/1": { status: 401, headers: { "www-authenticate": "Basic realm=x" } },
  });
  await refused(open(server, ":1").resolve(), "registry.denied");
});

test("a blob may be redirected to a store, which gets no credentials", async () => {
  await using store = await loopbackServer((_, response) => response.end(layer));
  await using server = await loopbackServer((request, response) => {
    if (request.headers.authorization === undefined)
      response.writeHead(401, { "www-authenticate": "Basic realm=x" }).end();
    else response.writeHead(307, { location: `${store.origin}/signed?x=1` }).end();
  });
  assert.equal(await readAll(open(server, ":1").source, layer), "layer bytes");
  assert.equal(store.headers[0]?.authorization, undefined);
});

test("a blob that is longer, shorter or other than its descriptor is refused, and its last piece never given out", async () => {
  for (const [body, code] of [
    ["layer bytes and more", "download.too_large"],
    ["layer", "image.mismatch"],
    ["LAYER bytes", "image.mismatch"],
  ] as const) {
    await using server = await registry({ [`blobs/${digestOf(layer)}`]: { body } });
    const { source } = open(server, ":1");
    let given = 0;
    const reading = (async () => {
      for await (const piece of source.readBlob(descriptor(layer, "x/y"))) given += piece.length;
    })();
    await refused(reading, code);
    assert.equal(given, 0);
  }
});

test("tags come page by page; a page elsewhere, a circle, or too many are refused", async () => {
  await using server = await registry({
    "tags/list": { headers: { link: '</v2/app/tags/list?last=b>; rel="next"' }, body: '{"tags":["a","b","../x",1]}' },
    "tags/list?last=b": { body: '{"tags":["c"]}' },
  });
  assert.deepEqual(await open(server, ":1").source.listTags(), ["a", "b", "c"]);
  await using away = await registry({
    "tags/list": { headers: { link: "<https://elsewhere.example/>; rel=next" }, body: "{}" },
  });
  await refused(open(away, ":1").source.listTags(), "registry.failed");
  await using loop = await registry({
    "tags/list": { headers: { link: "</v2/app/tags/list>; rel=next" }, body: "{}" },
  });
  await refused(open(loop, ":1").source.listTags(), "registry.failed", /circle/);
  await using crowd = await registry({ "tags/list": { body: JSON.stringify({ tags: Array(100_001).fill("a") }) } });
  await refused(open(crowd, ":1").source.listTags(), "limit.exceeded");
});

test("the deep check reads everything once, and tells the missing from the wrong", async () => {
  await using server = await registry(whole);
  const { source, resolve } = open(server, ":index");
  const paths = new Set<string>();
  const report = await checkDescriptorTree(await resolve(), source, { onProgress: ({ path }) => paths.add(path) });
  assert.deepEqual([report.manifests, report.blobs, report.problems], [2, 2, []]);
  assert.deepEqual([...paths], ["manifests[0]", "manifests[0].config", "manifests[0].layers[0]"]);
  assert.equal(report.bytes, index.length + manifest.length + layer.length + config.length);

  const { [`blobs/${digestOf(config)}`]: _, ...withoutConfig } = whole;
  await using broken = await registry({ ...withoutConfig, [`blobs/${digestOf(layer)}`]: encodeUtf8("LAYER bytes") });
  const other = open(broken, ":index");
  const found = await checkDescriptorTree(await other.resolve(), other.source);
  assert.deepEqual(
    found.problems.map(({ path, error }) => [path, error.code]),
    [
      ["manifests[0].config", "image.missing"],
      ["manifests[0].layers[0]", "image.mismatch"],
    ],
  );
  await refused(checkDescriptorTree(await other.resolve(), other.source, { maxTotalBytes: 10 }), "limit.exceeded");
});
