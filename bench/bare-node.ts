// The yardstick: a bare node:http (or node:https) server that answers fixed bytes from memory and does nothing else.
// usage: node bare-node.ts PORT MAP.json [CERTIFICATE KEY]      MAP: URL path -> file
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";

const [port, mapFile, certificate, key] = process.argv.slice(2);
const map: Record<string, string> = JSON.parse(readFileSync(mapFile ?? "", "utf8"));
const bodies = new Map(Object.entries(map).map(([path, file]) => [path, readFileSync(file)]));

function answer(request: IncomingMessage, response: ServerResponse): void {
  const body = bodies.get(request.url ?? "");
  if (body === undefined) {
    response.writeHead(404).end();
  } else {
    response.writeHead(200, { "Content-Type": "application/json", "Content-Length": body.length }).end(body);
  }
}

const server =
  certificate === undefined || key === undefined
    ? createServer(answer)
    : createTlsServer({ cert: readFileSync(certificate), key: readFileSync(key) }, answer);
server.listen(Number(port), "127.0.0.1");
