// A large targets document is checked where it stands and not built (plain-target.ts, bytes/json-entries.ts): it must be read, refused and
// signed exactly as a small one is, whatever somebody hides among its thousands of plain targets.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type ErrorCode,
  encodeCanonicalJson,
  isCountersignError,
  type JsonObject,
  parseRoleName,
} from "../bytes/index.ts";
import type { DialectName, Document, Targets } from "../tuf/index.ts";
import { dialectNamed } from "./index.ts";

const hashes: Readonly<Record<DialectName, string>> = { notary1: `${"A".repeat(43)}=`, tuf1: "ab".repeat(32) };
const sha512s: Readonly<Record<DialectName, string>> = { notary1: `${"A".repeat(86)}==`, tuf1: "ab".repeat(64) };
const role = parseRoleName("targets");

/** Enough plain targets, from `m` on, to make a document large. */
const fillers: Readonly<Record<DialectName, string>> = { notary1: fill("notary1"), tuf1: fill("tuf1") };

function plain(dialect: DialectName, length = 5): string {
  return `{"hashes":{"sha256":"${hashes[dialect]}"},"length":${length}}`;
}

function fill(dialect: DialectName): string {
  return Array.from({ length: 24_000 }, (_, index) => `"m${index + 100_000}":${plain(dialect, index)}`).join(",");
}

function document(dialect: DialectName, targets: string, isLarge = true): Uint8Array {
  const all = isLarge ? `${fillers[dialect]}${targets === "" ? "" : ","}${targets}` : targets;
  const type = dialect === "tuf1" ? "targets" : "Targets";
  const version = dialect === "tuf1" ? `"spec_version":"1.0.34",` : "";
  const text = `{"signed":{"_type":"${type}","expires":"2030-01-01T00:00:00Z",${version}"targets":{${all}},"version":2},"signatures":[]}`;
  return new Uint8Array(Buffer.from(text));
}

function read(dialect: DialectName, bytes: Uint8Array): Document<Targets> {
  return dialectNamed(dialect).decodeTargets(role, bytes);
}

function refusal(dialect: DialectName, bytes: Uint8Array): ErrorCode | undefined {
  try {
    read(dialect, bytes);
    return undefined;
  } catch (error) {
    assert.ok(isCountersignError(error), String(error));
    return error.code;
  }
}

for (const dialect of ["notary1", "tuf1"] as const) {
  const hash = hashes[dialect];
  const good = plain(dialect);

  describe(`a large ${dialect} targets document`, () => {
    test("says what a small one says of every target, whichever is asked for first", () => {
      const odd = [
        `"n":${good}`,
        `"n-both":{"hashes":{"sha256":"${hash}","sha512":"${sha512s[dialect]}"},"length":0}`,
        `"n-custom":{"custom":{"b":[1,{"c":null}],"a":"\\u0041"},"hashes":{"sha256":"${hash}"},"length":7}`,
        `"n-other":{"hashes":{"sha256":"${hash}","x":"${dialect === "tuf1" ? "00" : "AA=="}"},"length":7}`,
        `"n-spaced": { "length" : 7 , "hashes" : { "sha256" : "${hash}" } }`,
        `"n-zebra":{"hashes":{"sha256":"${hash}"},"length":9,"zebra":1}`,
        `"o\u00e9\u{1f600}":${good}`,
      ];
      for (const list of [
        odd,
        odd.toReversed(),
        [...odd, `"__proto__":${good}`, `"":${good}`, `"\\u0061\\n":${good}`],
      ]) {
        const large = read(dialect, document(dialect, list.join(",")));
        const small = read(dialect, document(dialect, list.join(","), false));
        for (const [name, target] of small.signed.targets) {
          assert.ok(large.signed.targets.has(name), name);
          assert.deepEqual(large.signed.targets.get(name), target);
        }
        for (const name of ["m99999", "m100000x", "z", "constructor", "hasOwnProperty", "\ud83d"]) {
          assert.equal(large.signed.targets.get(name), undefined, name);
        }
        assert.equal(large.signed.targets.size, 24_000 + list.length);
        assert.deepEqual([...large.signed.targets].slice(24_000), [...small.signed.targets]);
        assert.deepEqual(large.signed.targets.get("m100003"), { ...small.signed.targets.get("n"), length: 3 });
      }
    });

    test("is signed over the same bytes as if it had been built", () => {
      const before = document(dialect, `"n":${good}`);
      const { signedBytes } = read(dialect, before);
      assert.equal(signedBytes.buffer, before.buffer);
      const { signed }: { signed: JsonObject } = JSON.parse(Buffer.from(before).toString());
      assert.deepEqual(encodeCanonicalJson(signed), new Uint8Array(signedBytes));
      const disordered = read(dialect, document(dialect, `"n":{"length":5,"hashes":{"sha256":"${hash}"}}`));
      assert.deepEqual(disordered.signedBytes, signedBytes);
      const spaced = read(dialect, document(dialect, `"n" : ${good}`));
      assert.deepEqual(Buffer.from(spaced.signedBytes), Buffer.from(signedBytes));
    });

    test("cannot hide what a small one could not", () => {
      const custom = (text: string) => `"n":{"custom":${text},"hashes":{"sha256":"${hash}"},"length":5}`;
      const hidden: readonly (readonly [string, string])[] = [
        ["a name twice", `"n":${good},"n":${good}`],
        ["a name twice, far apart", `"m100000":${good},"n":${good},"m100000":${good}`],
        ["a name twice through an escape", `"n":${good},"\\u006e":${good}`],
        ["custom with a name twice", custom('{"a":1,"a":2}')],
        ["custom with a fraction", custom("1.5")],
        ["custom with half a surrogate pair", custom('"\\ud83d"')],
        ["custom that is nothing", custom("")],
        ["custom that is too deep", custom("[".repeat(62) + "]".repeat(62))],
        ["a hash that is too short", `"n":${good.replace(hash, hash.slice(1))}`],
        ["a hash that is too long", `"n":${good.replace(hash, `${hash}a`)}`],
        ["a hash of other characters", `"n":${good.replace(hash, hash.replace(/^./, "-"))}`],
        [
          "a hash in the other case",
          `"n":${good.replace(hash, dialect === "tuf1" ? hash.toUpperCase() : `${"A".repeat(42)}B=`)}`,
        ],
        ["a short sha512", `"n":{"hashes":{"sha256":"${hash}","sha512":"${hash}"},"length":5}`],
        ["a sha256 twice", `"n":{"hashes":{"sha256":"${hash}","sha256":"${hash}"},"length":5}`],
        ["hashes twice", `"n":{"hashes":{"sha256":"${hash}"},"hashes":{"sha256":"${hash}"},"length":5}`],
        ["no hash", `"n":{"hashes":{},"length":5}`],
        ["no length", `"n":{"hashes":{"sha256":"${hash}"}}`],
        ["a negative length", `"n":${good.replace(":5}", ":-5}")}`],
        ["a length with a leading zero", `"n":${good.replace(":5}", ":05}")}`],
        ["a length beyond 2^53", `"n":${good.replace(":5}", ":9007199254740992}")}`],
        ["a length of text", `"n":${good.replace(":5}", ':"5"}')}`],
        ["a target that is null", `"n":null`],
        ["a target that is a list", `"n":[]`],
        ["a target that does not end", `"n":${good.slice(0, -1)}`],
        ["a target with something behind it", `"n":${good}1`],
        ["a bracket too many", `"n":${good}}`],
        ["a comma too many", `"n":${good},`],
      ];
      for (const [what, targets] of hidden) {
        const large = refusal(dialect, document(dialect, targets));
        assert.ok(large !== undefined, what);
        assert.equal(large, refusal(dialect, document(dialect, targets, false)), what);
      }
    });

    test("that is cut anywhere is refused", () => {
      const bytes = document(dialect, `"n":{"custom":{"a":1},"hashes":{"sha256":"${hash}"},"length":5}`);
      for (let cut = 1; cut < 220; cut += 11) assert.equal(refusal(dialect, bytes.subarray(0, -cut)), "json.invalid");
    });
  });
}
