// Start-up is part of the product: a command loads only what it uses. Held on the static imports, which are what a start pays for.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { it } from "node:test";

const source = dirname(import.meta.dirname);

/** Every file and package that `entry` imports statically, however far away. Type-only imports cost nothing and are left out. */
async function loadedBy(entry: string): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  const waiting = [join(source, entry)];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    if (!file.startsWith(source)) continue;
    const text = await readFile(file, "utf8");
    for (const [, kind = "", name = ""] of text.matchAll(/^(?:import|export)( type)?\b[^;]*?\bfrom "([^"]+)";/gms)) {
      if (kind === "") waiting.push(name.startsWith(".") ? join(dirname(file), name) : name);
    }
  }
  return new Set([...seen].map((file) => (file.startsWith(source) ? relative(source, file) : file)));
}

it("verify loads no server, no storage, and no package at all", async () => {
  const loaded = [...(await loadedBy("cli/commands/verify.ts"))];
  assert.ok(loaded.includes("flows/verify.ts") && loaded.includes("updater/open-collection.ts"), "the walk works");
  assert.deepEqual(
    loaded.filter((file) => /^(server|storage)\//.test(file)),
    [],
  );
  assert.deepEqual(
    loaded.filter((file) => !file.includes("/") && !file.startsWith("node:")),
    [],
  );
  assert.ok(
    !loaded.some((file) => /^node:(sqlite|http|https|tls|child_process)$/.test(file)),
    "network modules come late",
  );
});

it("the program itself loads no command", async () => {
  const loaded = [...(await loadedBy("cli/main.ts"))];
  assert.ok(loaded.includes("cli/run.ts"));
  assert.deepEqual(
    loaded.filter((file) => file.startsWith("cli/commands/") || file.startsWith("flows/")),
    [],
  );
});
