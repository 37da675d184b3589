// The two servers that do nothing but answer: bare Node and nginx, with the same bytes as the collection under test.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { type CertificateFiles, makeCertificate } from "../interop/peers/certificates.ts";
import { needPeer } from "../interop/peers/find.ts";
import { freePort, type RunningProcess, startProcess } from "../interop/peers/process.ts";
import type { Scratch } from "../interop/peers/scratch.ts";
import { serverCpu } from "./load.ts";

export interface Yardstick extends AsyncDisposable {
  readonly url: string;
  readonly processes: readonly RunningProcess[];
}

/** URL path -> body. */
export type Bodies = ReadonlyMap<string, Uint8Array>;

export async function startBareNode(directory: Scratch, bodies: Bodies, tls: boolean): Promise<Yardstick> {
  const name = tls ? "node-tls" : "node";
  const map = Object.fromEntries(
    [...bodies].map(([path, body], index) => {
      const file = directory.at(`${name}-${index}`);
      writeFileSync(file, body);
      return [path, file];
    }),
  );
  writeFileSync(directory.at(`${name}.json`), JSON.stringify(map));
  const port = await freePort();
  const files = tls ? await makeCertificate(directory, name) : undefined;
  const script = join(import.meta.dirname, "bare-node.ts");
  const certificate = files === undefined ? [] : [files.certificate, files.key];
  return yardstick(directory, name, port, files, process.execPath, [
    script,
    String(port),
    directory.at(`${name}.json`),
    ...certificate,
  ]);
}

export async function startNginx(directory: Scratch, bodies: Bodies, tls: boolean): Promise<Yardstick> {
  const name = tls ? "nginx-tls" : "nginx";
  const home = directory.at(name);
  for (const [path, body] of bodies) {
    mkdirSync(dirname(join(home, "root", path)), { recursive: true });
    writeFileSync(join(home, "root", path), body);
  }
  const port = await freePort();
  const files = tls ? await makeCertificate(directory, name) : undefined;
  const listen =
    files === undefined
      ? `listen 127.0.0.1:${port};`
      : `listen 127.0.0.1:${port} ssl;
    ssl_certificate ${files.certificate}; ssl_certificate_key ${files.key}; ssl_session_cache shared:a:1m;`;
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `${kind}_temp_path ${home}/${kind};`,
  );
  writeFileSync(
    join(home, "nginx.conf"),
    `
    daemon off; worker_processes 1; pid ${home}/pid; error_log stderr error; ${process.getuid?.() === 0 ? "user root;" : ""}
    events { worker_connections 512; }
    http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; ${temporary.join(" ")}
      default_type application/json; open_file_cache max=100; server { ${listen} root ${home}/root; } }`,
  );
  return yardstick(directory, name, port, files, needPeer("nginx"), ["-c", join(home, "nginx.conf"), "-e", "stderr"]);
}

async function yardstick(
  directory: Scratch,
  name: string,
  port: number,
  files: CertificateFiles | undefined,
  command: string,
  args: readonly string[],
): Promise<Yardstick> {
  const { connect } = await import("node:net");
  const running = await startProcess({
    name,
    command,
    args,
    cwd: directory.path,
    cpu: serverCpu,
    ready: () => {
      const { promise, resolve, reject } = Promise.withResolvers<boolean>();
      const socket = connect(port, "127.0.0.1", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", reject);
      return promise;
    },
  });
  const url = `${files === undefined ? "http" : "https"}://127.0.0.1:${port}`;
  return { url, processes: [running], [Symbol.asyncDispose]: () => running.stop() };
}
