// Plugins in docker's directories: what fits which docker, and never a file of somebody else's lost.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { it } from "node:test";
import { temporaryDirectory } from "../../testing/index.ts";
import { code } from "../publishing-world.ts";
import { type FoundDocker, findDocker, hasBuiltInTrust, versionIn } from "./find-docker.ts";
import { pluginsNamed, removePlugin, writePlugin } from "./plugin-directories.ts";
import { isOurPlugin, pluginFile } from "./plugin-file.ts";
import { pluginsFor } from "./plugin-places.ts";

const found = (version: string | undefined): FoundDocker => ({
  path: "/usr/bin/docker",
  version,
  hasTrust: version !== undefined && hasBuiltInTrust(version),
});

it("docker-trust belongs to docker 29 and later only", () => {
  assert.deepEqual(pluginsFor(found("28.5.2"), false), ["countersign"]);
  assert.deepEqual(pluginsFor(found("20.10.24"), false), ["countersign"]);
  assert.deepEqual(pluginsFor(found("29.0.0"), false), ["countersign", "trust"]);
  assert.deepEqual(pluginsFor(found("100.1"), false), ["countersign", "trust"]);
  assert.deepEqual(pluginsFor(found(undefined), false), ["countersign"]);
  assert.deepEqual(pluginsFor(undefined, false), ["countersign"]);
  assert.deepEqual(pluginsFor(undefined, true), ["countersign", "trust"]);
});

it("a docker that is none (podman, a broken one) has no version", async () => {
  assert.equal(versionIn("Docker version 28.2.2, build e6534b4\n"), "28.2.2");
  assert.equal(versionIn("Docker version 20.10.24+dfsg1, build 297e128\n"), "20.10.24");
  assert.equal(versionIn("podman version 5.0.0\n"), undefined);
  await using directory = await temporaryDirectory();
  const path = join(directory.path, "docker");
  await writeFile(path, "#!/bin/sh\nexit 3\n", { mode: 0o755 });
  assert.deepEqual(await findDocker({ PATH: directory.path }), { path, version: undefined, hasTrust: false });
  assert.equal(await findDocker({ PATH: join(directory.path, "empty") }), undefined);
});

it("the file calls the program by its full path, whatever that holds, and finds a Node that has moved", async () => {
  await using directory = await temporaryDirectory();
  const odd = join(directory.path, "it's $HOME `odd`");
  await mkdir(odd);
  const node = join(odd, "node");
  await writeFile(node, '#!/bin/sh\nprintf "%s|" "$@"\n', { mode: 0o755 });
  const plugin = join(directory.path, "docker-trust");
  await writeFile(plugin, pluginFile("trust", { node, program: join(odd, "main.js") }), { mode: 0o755 });
  const run = () =>
    execFileSync(plugin, ["trust", "sign", "a b"], { env: { PATH: `${odd}:/usr/bin:/bin` } }).toString();
  assert.equal(run(), `${odd}/main.js|docker-plugin|trust|trust|sign|a b|`);
  await writeFile(plugin, pluginFile("trust", { node: "/nowhere/node", program: "main.js" }));
  assert.equal(run(), "main.js|docker-plugin|trust|trust|sign|a b|");
});

it("a plugin of somebody else's is neither replaced unasked nor removed", async () => {
  await using directory = await temporaryDirectory();
  const env = { DOCKER_CONFIG: directory.path };
  const plugins = join(directory.path, "cli-plugins");
  const text = pluginFile("trust", { node: "/n", program: "/p" });
  await writePlugin(plugins, "trust", text, false);
  await writePlugin(plugins, "trust", text, false);
  const path = join(plugins, "docker-trust");
  assert.equal((await stat(path)).mode & 0o777, 0o755);
  assert.ok(isOurPlugin(await readFile(path, "utf8")));
  assert.equal((await pluginsNamed(env, "trust"))[0]?.isOurs, true);

  await writeFile(path, "#!/bin/sh\n# of Docker Inc.\n");
  await chmod(path, 0o755);
  await assert.rejects(writePlugin(plugins, "trust", text, false), code("usage.invalid"));
  assert.equal(await removePlugin(plugins, "trust"), false);
  assert.match(await readFile(path, "utf8"), /Docker Inc/);
  await writePlugin(plugins, "trust", text, true);
  assert.equal(await removePlugin(plugins, "trust"), true);
  assert.equal(await removePlugin(plugins, "trust"), false);
});

it("docker's own extra directories are looked at too", async () => {
  await using directory = await temporaryDirectory();
  const extra = join(directory.path, "extra");
  await writeFile(join(directory.path, "config.json"), JSON.stringify({ cliPluginsExtraDirs: [extra, 7] }));
  await mkdir(extra);
  await writeFile(join(extra, "docker-trust"), "#!/bin/sh\n");
  const [plugin] = await pluginsNamed({ DOCKER_CONFIG: directory.path }, "trust");
  assert.deepEqual([plugin?.path, plugin?.isOurs], [join(extra, "docker-trust"), false]);
});
