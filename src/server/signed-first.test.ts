// Somebody without a key of the collection uploads as much as the limits let through, and the server's one thread is asked to read it.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseRoleName } from "../bytes/index.ts";
import { notary1, tuf1 } from "../dialects/index.ts";
import { generateSigner } from "../keys/index.ts";
import type { DialectName, Document, Targets } from "../tuf/index.ts";
import { maxUnsignedBytes } from "./signed-first.ts";
import { openTestApp } from "./test-app.test.ts";
import { dialects, type TestPublisher } from "./test-publisher.ts";

const targetsRole = parseRoleName("targets");

/** The publisher's next targets, with so many more that they are over the allowance; signed by its key unless told. */
function manyTargets(publisher: TestPublisher, dialect: DialectName, signer = publisher.targetsSigner) {
  const many = Array.from(
    { length: 25_000 },
    (_, index) =>
      [`m${index}`, { length: index, hashes: new Map([["sha256", new Uint8Array(32)]]), custom: undefined }] as const,
  );
  return publisher.edit<Targets>(dialect, "targets", (before) => ({ ...before, targets: new Map(many) }), [signer]);
}

async function answered(response: Response): Promise<{ readonly status: number; readonly text: string }> {
  return { status: response.status, text: await response.text() };
}

/** The same content, as another program might have written it. */
function spaced(document: Document): Uint8Array {
  return Buffer.from(Buffer.from(document.bytes).toString().replace('{"signed":', '{ "signed":'));
}

for (const dialect of dialects) {
  describe(`an upload of very many ${dialect} targets`, () => {
    test("by a holder of the key is read; by anybody else it is refused for its missing signature before it is read", async () => {
      await using server = await openTestApp();
      const publisher = await server.publisher();
      await publisher.init();
      const stranger = await manyTargets(publisher, dialect, await generateSigner());
      assert.ok(stranger.bytes.length > maxUnsignedBytes);
      const refused = await answered(await publisher.publish([stranger]));
      assert.match(refused.text, /no key of the collection has signed/);
      assert.equal(refused.status, 422);

      // With the owner's signature of another document, and broken in a way that only reading would show.
      const owned = publisher.document<Targets>(dialect, "targets");
      const text = Buffer.from(stranger.bytes).toString();
      const stolen = Buffer.from(owned.bytes).toString();
      const forged =
        text.slice(0, text.lastIndexOf(',"signatures"')) + stolen.slice(stolen.lastIndexOf(',"signatures"'));
      for (const bytes of [forged, forged.replace('"m1":', '"m1";')]) {
        const part = { filename: `${dialect}/targets`, bytes: Buffer.from(bytes) };
        const answer = await answered(await publisher.post("publish", [part]));
        assert.match(answer.text, /no key of the collection has signed/);
      }

      const good = await manyTargets(publisher, dialect);
      const accepted = await answered(await publisher.publish([good]));
      assert.equal(accepted.status, 200, accepted.text);
    });

    test("in another layout, or under keys that come along, is not read either", async () => {
      await using server = await openTestApp();
      const publisher = await server.publisher();
      await publisher.init();
      const good = await manyTargets(publisher, dialect);
      const part = { filename: `${dialect}/targets`, bytes: spaced(good) };
      assert.match((await answered(await publisher.post("publish", [part]))).text, /in canonical form/);

      // A small targets document of a stranger, which delegates to the stranger, speaks for nobody.
      const stranger = await generateSigner();
      const role = parseRoleName("targets/mine");
      const delegating = await publisher.edit<Targets>(
        dialect,
        "targets",
        (before) => {
          const key = publisher.keyOf({ notary1, tuf1 }[dialect], "targets/mine", stranger);
          const paths =
            dialect === "tuf1"
              ? ({ kind: "patterns", patterns: ["*"] } as const)
              : ({ kind: "prefixes", prefixes: [""] } as const);
          const delegation = { name: role, keyIds: [key.id], threshold: 1, paths, terminating: false };
          return {
            ...before,
            delegations: { keys: new Map([[key.id, key]]), roles: [delegation], succinct: undefined },
          };
        },
        [stranger],
      );
      const { signed } = await manyTargets(publisher, dialect);
      const child = await publisher.sign(dialect, "targets/mine", signed, [stranger]);
      assert.match((await answered(await publisher.publish([child, delegating]))).text, /no key of the collection/);
      // The owner's does, whatever comes first.
      const approved = await publisher.sign(dialect, "targets", delegating.signed, [publisher.targetsSigner]);
      const accepted = await answered(await publisher.publish([child, approved]));
      assert.equal(accepted.status, 200, accepted.text);
    });

    test("cannot begin a collection", async () => {
      await using server = await openTestApp();
      const publisher = await server.publisher();
      const first = await publisher.initial();
      const many = await manyTargets(publisher, dialect);
      const others = first.filter((each) => each.dialect !== dialect || each.role !== targetsRole);
      const answer = await answered(await publisher.publish([...others, many]));
      assert.match(answer.text, /publish the collection with few targets first/);
    });
  });
}
