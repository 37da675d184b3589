// Notary's configuration file, read as Notary reads it: scripts depend on which directory is meant.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { it } from "node:test";
import { parseFlags } from "./command-line.ts";
import { globalFlags } from "./command-table.ts";
import { readNotarySettings } from "./settings.ts";

it("trust_dir is where Notary takes it: from the working directory, not from beside the file as certificates are", async () => {
  const home = await mkdtemp(join(tmpdir(), "countersign-test-"));
  try {
    mkdirSync(join(home, ".notary"));
    const write = (config: object): void => writeFileSync(join(home, ".notary/config.json"), JSON.stringify(config));
    const read = (...argv: string[]) => readNotarySettings(parseFlags(argv, globalFlags), home);
    write({ trust_dir: "trust", remote_server: { url: "https://a", root_ca: "ca.pem" } });
    const settings = await read();
    assert.equal(settings.trustDirectory, resolve("trust"));
    assert.equal(settings.tlsCa, join(home, ".notary/ca.pem"));
    assert.equal((await read("-d", "other")).trustDirectory, resolve("other"));
    write({ trust_dir: "~/trust" });
    assert.equal((await read()).trustDirectory, join(home, "trust"));
    write({});
    assert.equal((await read()).trustDirectory, join(home, ".notary"));
  } finally {
    await rm(home, { recursive: true });
  }
});
