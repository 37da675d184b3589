// `npm run quickstart`: the main job on real input, with nothing but this repository. A trust server on a data directory of its own, a
// collection, a real image of two layers signed and verified; then the image is exchanged and altered, and refused.
// It checks every answer and exits with 0 only if each was right. No network, no registry, nothing left behind.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { blobPath, setTag, tamper, writeImage } from "./image-layout.ts";
import { type Answer, programIn, type RunningServer } from "./program.ts";
import type { TarEntry } from "./tar.ts";

const root = dirname(dirname(import.meta.dirname));
const collection = "registry.example.com/team/app";
const image = ["oci:image:1.0", "--as", `${collection}:1.0`] as const;

const directory = mkdtempSync(join(tmpdir(), "countersign-quickstart-"));
let server: RunningServer | undefined;
try {
  await quickstart();
  console.log("\nEvery step did what it should. Next: README.md, and `npm run countersign -- help`.");
} finally {
  await server?.stop().catch(() => undefined);
  rmSync(directory, { recursive: true, force: true });
}

async function quickstart(): Promise<void> {
  const script = join(root, "src/cli/main.ts");
  const home = { HOME: directory, COUNTERSIGN_HOME: join(directory, "home") };

  say("A real image of two layers, in an OCI layout directory.");
  const layout = join(directory, "image");
  const good = writeImage(layout, [documentsLayer(), appLayer("hello")], ["/app/hello"]);
  const evil = writeImage(layout, [documentsLayer(), appLayer("goodbye")], ["/app/hello"]);
  setTag(layout, "1.0", good);
  console.log(`  image:1.0 is ${good.digest}`);

  say("A trust server with embedded storage and a TLS certificate of its own.");
  // The last thing it says is how to go on; its address and certificate stand above.
  const serving = ["serve", "--data", "trust-server", "--listen", "127.0.0.1:0"];
  server = await programIn(directory, script, home).serve(/countersign init/, ...serving);
  const variables = {
    COUNTERSIGN_SERVER: told(server.output, /COUNTERSIGN_SERVER=(\S+)/),
    COUNTERSIGN_TLS_CA: told(server.output, /COUNTERSIGN_TLS_CA=(\S+)/),
    // Protects the keys of this demonstration, which end with it.
    COUNTERSIGN_PASSPHRASE: "quickstart-only",
  };
  console.log("");
  for (const [name, value] of Object.entries(variables)) console.log(`$ export ${name}=${value}`);
  const countersign = programIn(directory, script, { ...home, ...variables });

  say("The publisher makes the collection (with a recovery kit) and signs the image's tag.");
  expect(0, await countersign.run("init", collection, "--recovery-kit", "recovery-kit.txt"));
  expect(0, await countersign.run("sign", ...image));

  say("Anybody who pins the collection's key can verify the tag.");
  expect(0, await countersign.run("verify", ...image), good.digest);

  say("Somebody re-points the tag at another image: refused, with both digests.");
  setTag(layout, "1.0", evil);
  expect(1, await countersign.run("verify", ...image), good.digest, evil.digest);

  say("Somebody alters the signed manifest in place: refused.");
  setTag(layout, "1.0", good);
  const original = readFileSync(blobPath(layout, good.digest), "utf8");
  tamper(layout, good.digest, (text) => text.replace('"schemaVersion":2', '"schemaVersion":3'));
  expect(1, await countersign.run("verify", ...image));
  tamper(layout, good.digest, () => original);

  say("The whole chain in one file verifies without a server.");
  expect(0, await countersign.run("bundle", collection, "--output", "app.bundle"));
  const stopped = await server.stop();
  server = undefined;
  if (stopped !== 0) throw new Error(`the server ended with ${stopped}, expected 0`);
  expect(0, await countersign.run("verify", ...image, "--bundle", "app.bundle"), good.digest);
}

/** The repository's own documents, as files that are on any machine. */
function documentsLayer(): readonly TarEntry[] {
  const names = readdirSync(root).filter((name) => /^(LICENSE|[A-Z]+\.md)$/.test(name));
  const files = names.map((name) => ({ path: `usr/share/doc/app/${name}`, content: readFileSync(join(root, name)) }));
  return [...directories("usr/", "usr/share/", "usr/share/doc/", "usr/share/doc/app/"), ...files];
}

function appLayer(greeting: string): readonly TarEntry[] {
  const content = Buffer.from(`#!/bin/sh\necho ${greeting}\n`);
  return [...directories("app/"), { path: "app/hello", content, executable: true }];
}

function directories(...paths: readonly string[]): readonly TarEntry[] {
  return paths.map((path) => ({ path, content: Buffer.alloc(0) }));
}

function say(text: string): void {
  console.log(`\n# ${text}`);
}

function expect(status: number, answer: Answer, ...said: readonly string[]): void {
  if (answer.status !== status) throw new Error(`expected exit status ${status}, got ${answer.status}`);
  for (const text of said) if (!answer.output.includes(text)) throw new Error(`expected the answer to name ${text}`);
  console.log(`  (exit status ${answer.status})`);
}

function told(output: string, pattern: RegExp): string {
  const found = pattern.exec(output)?.[1];
  if (found === undefined) throw new Error(`expected the server to tell ${pattern}`);
  return found;
}
