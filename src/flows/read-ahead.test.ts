// Two dialects fetched at once, and somebody who publishes in between.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CountersignError, parseGun } from "../bytes/index.ts";
import { openHome } from "../home/index.ts";
import { createAuthorizedClient, createHttpClient } from "../http/index.ts";
import { createTrustServer, type TrustServer } from "../remote/index.ts";
import type { ReadPorts } from "./ports.ts";
import { maxBundleBytes, readingAhead } from "./read-ahead.ts";

const clock = (): number => 0;
const gun = parseGun("example.com/app");
const both = ["tuf1", "notary1"] as const;

/** Answers each bundle with its own number; nothing else may be asked. */
function numberedServer(): { readonly asked: string[]; readonly ports: ReadPorts } {
  const asked: string[] = [];
  const client = createAuthorizedClient({ client: createHttpClient(), clock });
  const server: TrustServer = {
    ...createTrustServer({ url: new URL("https://127.0.0.1:9"), gun, client, clock }),
    fetchBundle: async ({ dialect }) => Buffer.from(`${asked.push(dialect)}`),
  };
  return { asked, ports: { home: openHome({}), clock, server, progress: () => undefined } };
}

async function bundles({ server }: ReadPorts): Promise<string> {
  const texts: string[] = [];
  for (const dialect of both) {
    texts.push(
      String(await server.fetchBundle({ dialect, maxBytes: maxBundleBytes }).then((b) => b && Buffer.from(b))),
    );
  }
  return texts.join();
}

test("both dialects are asked for at once, and each answer is used once", async () => {
  const { asked, ports } = numberedServer();
  const seen = await readingAhead(ports, both, async (from) => {
    assert.deepEqual(asked, ["tuf1", "notary1"], "before anybody asked");
    return [await bundles(from), await bundles(from)];
  });
  assert.deepEqual(seen, ["1,2", "3,4"], "a second asking sees what stands there then");
});

test("a publish between the two requests is no rollback; what stands with one request at a time is", async () => {
  const rollback = new CountersignError("metadata.rollback", "targets version 5 is older than version 6");
  for (const error of [rollback, new CountersignError("publish.unverified", "not read back", { cause: rollback })]) {
    const { ports } = numberedServer();
    let reads = 0;
    const once = async (from: ReadPorts): Promise<string> => {
      reads += 1;
      if (reads === 1) throw error;
      return bundles(from);
    };
    assert.equal(await readingAhead(ports, both, once), "3,4");
    const always = async (): Promise<never> => Promise.reject(error);
    await assert.rejects(readingAhead(ports, both, always), error);
  }
});

test("any other refusal is not asked for twice", async () => {
  const { ports } = numberedServer();
  let reads = 0;
  const forged = new CountersignError("threshold.unmet", "targets is signed by nobody");
  const read = async (): Promise<never> => {
    reads += 1;
    throw forged;
  };
  await assert.rejects(readingAhead(ports, both, read), forged);
  assert.equal(reads, 1);
});
