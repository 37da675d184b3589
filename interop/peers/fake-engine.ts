// As much of a container engine as the docker client needs for `docker trust sign`, push and pull with content trust on: it answers
// the questions, runs nothing, and remembers what it was asked, so that a test can see by which digest a trusted pull pulled.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

export interface EngineImage {
  readonly digest: string;
  readonly size: number;
}

export interface FakeEngine extends AsyncDisposable {
  /** For DOCKER_HOST. */
  readonly host: string;
  /** `METHOD /path?query` of every request, without the API version. */
  readonly requests: string[];
}

/** `images`: what a push of a tag answers, by tag. */
export async function startFakeEngine(images: Readonly<Record<string, EngineImage>> = {}): Promise<FakeEngine> {
  const requests: string[] = [];
  const known = new Map(Object.entries(images));
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      const url = new URL(request.url ?? "/", "http://engine");
      const path = decodeURIComponent(url.pathname).replace(/^\/v1\.\d+/, "");
      requests.push(`${request.method} ${path}${url.search}`);
      answer(path, url.searchParams, request, response, known);
    });
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    host: `tcp://127.0.0.1:${port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

const headers = {
  "Api-Version": "1.41",
  "Docker-Experimental": "false",
  Ostype: "linux",
  "Content-Type": "application/json",
};

function answer(
  path: string,
  query: URLSearchParams,
  request: IncomingMessage,
  response: ServerResponse,
  images: ReadonlyMap<string, EngineImage>,
): void {
  const send = (status: number, ...bodies: readonly unknown[]): void => {
    response.writeHead(status, headers);
    response.end(request.method === "HEAD" ? "" : bodies.map((body) => `${JSON.stringify(body)}\r\n`).join(""));
  };
  if (path === "/_ping") {
    response.writeHead(200, { ...headers, "Content-Type": "text/plain" });
    response.end("OK");
  } else if (path === "/version") {
    send(200, { Version: "0", ApiVersion: "1.41", MinAPIVersion: "1.24", Os: "linux", Arch: "amd64" });
  } else if (path === "/info") {
    send(200, { ID: "fake", OSType: "linux", IndexServerAddress: "https://index.docker.io/v1/", RegistryConfig: {} });
  } else if (path.startsWith("/images/") && path.endsWith("/push")) {
    const tag = query.get("tag") ?? "";
    const image = images.get(tag);
    const { digest: Digest, size: Size } = image ?? { digest: "", size: 0 };
    const progress = { status: `${tag}: digest: ${Digest} size: ${Size}` };
    if (image === undefined) send(404, { message: `no image with tag ${tag}` });
    else send(200, progress, { progressDetail: {}, aux: { Tag: tag, Digest, Size } });
  } else if (path === "/images/create") {
    send(200, { status: `Status: Image is up to date for ${query.get("fromImage")}@${query.get("tag")}` });
  } else if (/^\/images\/.+\/json$/.test(path)) {
    send(200, { Id: [...images.values()][0]?.digest ?? "", Os: "linux", Architecture: "amd64" });
  } else if (/^\/images\/.+\/tag$/.test(path)) {
    send(201);
  } else {
    send(404, { message: `the fake engine does not know ${path}` });
  }
}
