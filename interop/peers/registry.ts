// Debian's docker-registry on a loopback port, with its blobs in a directory of its own, and skopeo to fill it.
import { writeFileSync } from "node:fs";
import { needPeer } from "./find.ts";
import { freePort, type RunningProcess, runOk, startProcess } from "./process.ts";
import type { Scratch } from "./scratch.ts";

export interface Registry extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly process: RunningProcess;
  /** Copies `TAG` of an OCI layout directory (with every platform of an index) to `name:tag`. */
  push(layout: string, layoutTag: string, name: string, tag: string): Promise<void>;
  /** Digest and exact bytes of what `name:tag` names now. */
  manifest(name: string, tag: string): Promise<{ readonly digest: string; readonly bytes: Uint8Array }>;
}

export interface RegistryOptions {
  /** The directory of its blobs. */
  readonly name?: string;
  /** A line of an htpasswd file (bcrypt): everything then asks for Basic credentials. */
  readonly htpasswd?: string;
}

export async function startRegistry(directory: Scratch, options: RegistryOptions = {}): Promise<Registry> {
  const { name = "registry", htpasswd } = options;
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const config = directory.at(`${name}.yml`);
  const lines = [
    "version: 0.1",
    "log: {level: warn, accesslog: {disabled: true}}",
    `storage: {filesystem: {rootdirectory: ${directory.at(name)}}, delete: {enabled: true}}`,
    `http: {addr: "${host}"}`,
    ...(htpasswd === undefined ? [] : [`auth: {htpasswd: {realm: test, path: ${directory.at(`${name}.htpasswd`)}}}`]),
  ];
  if (htpasswd !== undefined) writeFileSync(directory.at(`${name}.htpasswd`), `${htpasswd}\n`);
  writeFileSync(config, `${lines.join("\n")}\n`);
  const process = await startProcess({
    name: "docker-registry",
    command: needPeer("docker-registry"),
    args: ["serve", config],
    cwd: directory.path,
    ready: async () => (await fetch(`http://${host}/v2/`)).status < 500,
  });
  return {
    host,
    process,
    push: async (layout, layoutTag, image, tag) => {
      const args = [
        "copy",
        "--all",
        "--dest-tls-verify=false",
        `oci:${layout}:${layoutTag}`,
        `docker://${host}/${image}:${tag}`,
      ];
      await runOk(needPeer("skopeo"), ["--insecure-policy", ...args], { env: { HOME: directory.path } });
    },
    manifest: async (image, tag) => {
      const accept = ["application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json"].join(
        ", ",
      );
      const response = await fetch(`http://${host}/v2/${image}/manifests/${tag}`, { headers: { accept } });
      if (!response.ok) throw new Error(`${image}:${tag}: ${response.status}`);
      const bytes = new Uint8Array(await response.arrayBuffer());
      return { digest: response.headers.get("docker-content-digest") ?? "", bytes };
    },
    [Symbol.asyncDispose]: () => process.stop(),
  };
}
