// TAP 4: who has to agree, and that silence never decides.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CountersignError, isCountersignError } from "../bytes/index.ts";
import { jsonBytes, rejectsWith } from "../testing/index.ts";
import { parseTufMap } from "./map-file.ts";
import { lookupInMap } from "./mapped-lookup.ts";
import type { TufTarget } from "./target.ts";

const repositories = { a: ["https://a.example/"], b: ["https://b.example/"], c: ["https://c.example/"] };

function mapOf(...mapping: readonly object[]) {
  return parseTufMap(jsonBytes({ repositories, mapping }));
}

function target(path: string, content: number): TufTarget {
  return { path, length: 1, hashes: new Map([["sha256", new Uint8Array([content])]]), custom: undefined, chain: [] };
}

type Voice = number | "absent" | "down";

function voices(said: Readonly<Record<string, Voice>>) {
  const asked: string[] = [];
  const lookup = async (name: string): Promise<TufTarget | undefined> => {
    asked.push(name);
    const voice = said[name] ?? "absent";
    if (voice === "down") throw new CountersignError("download.unreachable", name);
    return voice === "absent" ? undefined : target("x", voice);
  };
  return { asked, lookup };
}

const two = { paths: ["*"], repositories: ["a", "b", "c"], threshold: 2, terminating: false };

describe("a map", () => {
  it("is refused when a mapping names an unknown repository, or can never reach its threshold", () => {
    for (const change of [{ repositories: ["a", "d"] }, { repositories: ["toString", "a"] }, { threshold: 4 }]) {
      assert.throws(
        () => mapOf({ ...two, ...change }),
        (error) => isCountersignError(error, "config.invalid"),
      );
    }
    for (const change of [{ threshold: 0 }, { repositories: ["a", "a", "b"] }, { paths: "*" }, { terminating: 1 }]) {
      assert.throws(
        () => mapOf({ ...two, ...change }),
        (error) => isCountersignError(error, "config.invalid"),
      );
    }
  });

  it("finds what enough repositories agree on, and nothing less", async () => {
    const map = mapOf(two);
    const found = await lookupInMap(map, "x", voices({ a: 1, b: 2, c: 1 }).lookup);
    assert.deepEqual(found?.repositories, ["a", "c"]);
    assert.equal(await lookupInMap(map, "x", voices({ a: 1, b: 2, c: 3 }).lookup), undefined);
    assert.equal(await lookupInMap(map, "x", voices({ a: 1 }).lookup), undefined);
  });

  it("does without a repository that is down when the others are enough, and else fails", async () => {
    const map = mapOf(two, { paths: ["*"], repositories: ["c"], threshold: 1 });
    assert.deepEqual((await lookupInMap(map, "x", voices({ a: 1, b: 1, c: "down" }).lookup))?.repositories, ["a", "b"]);
    // b could have made two of it: going on to the next mapping would let who cut the line to b choose c's answer.
    await rejectsWith(lookupInMap(map, "x", voices({ a: 1, b: "down", c: 2 }).lookup), "download.unreachable");
  });

  it("refuses two answers that both have enough behind them", async () => {
    await rejectsWith(
      lookupInMap(mapOf({ ...two, threshold: 1 }), "x", voices({ a: 1, b: 2 }).lookup),
      "threshold.unmet",
    );
  });

  it("asks mappings in order, only those that match, and none after a terminating one", async () => {
    const first = { paths: ["dist/*"], repositories: ["a"], threshold: 1, terminating: true };
    const second = { paths: ["*", "*/*"], repositories: ["b"], threshold: 1 };
    const { asked, lookup } = voices({ b: 1 });
    assert.equal(await lookupInMap(mapOf(first, second), "dist/x", lookup), undefined);
    assert.deepEqual((await lookupInMap(mapOf(first, second), "x", lookup))?.repositories, ["b"]);
    assert.deepEqual(asked, ["a", "b"]);
  });
});
