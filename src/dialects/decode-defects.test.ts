// Documents that lie in their form, in both dialects: each is refused with a code, or read as what it harmlessly is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ErrorCode, isCountersignError, type JsonObject, type JsonValue, parseRoleName } from "../bytes/index.ts";
import { generateSigner, notaryKeyId } from "../keys/index.ts";
import { inBothDialects } from "../testing/index.ts";
import type { DialectName, Signed } from "../tuf/index.ts";
import { dialectNamed, notary1, tuf1 } from "./index.ts";

const targets = parseRoleName("targets");
const signer = await generateSigner();
const hash = Buffer.alloc(32, 7);

/** A well-formed document of each role, as JSON to be mangled. */
function sample(name: DialectName, type: Signed["type"]): Record<string, JsonValue> {
  const key = dialectNamed(name).makeKey(signer.publicKey);
  const role = { keyids: [key.id], threshold: 1 };
  const hashes = { sha256: name === "notary1" ? hash.toString("base64") : hash.toString("hex") };
  const entry: JsonObject = name === "notary1" ? { hashes, length: 5 } : { version: 1 };
  const json = name === "notary1" ? "" : ".json";
  const spec: JsonObject = name === "notary1" ? {} : { spec_version: "1.0.34" };
  const common = {
    ...spec,
    _type: name === "notary1" ? capital(type) : type,
    expires: "2030-01-01T00:00:00Z",
    version: 1,
  };
  const delegated: JsonObject = { ...role, name: name === "notary1" ? "targets/a" : "a", paths: ["x"] };
  switch (type) {
    case "root": {
      const roles = { root: role, targets: role, snapshot: role, timestamp: role };
      return { ...common, consistent_snapshot: false, keys: { [key.id]: key.source }, roles };
    }
    case "targets": {
      const delegations = { keys: { [key.id]: key.source }, roles: [delegated] };
      return { ...common, targets: { x: { length: 5, hashes } }, delegations };
    }
    case "snapshot":
      return { ...common, meta: { [`root${json}`]: entry, [`targets${json}`]: entry } };
    case "timestamp":
      return { ...common, meta: { [`snapshot${json}`]: entry } };
  }
}

function capital(word: string): string {
  return `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;
}

function decode(name: DialectName, type: Signed["type"], signed: JsonValue, signatures: JsonValue = []) {
  const dialect = dialectNamed(name);
  const bytes = new TextEncoder().encode(JSON.stringify({ signed, signatures }));
  if (type === "root") return dialect.decodeRoot(bytes);
  if (type === "snapshot") return dialect.decodeSnapshot(bytes);
  return type === "timestamp" ? dialect.decodeTimestamp(bytes) : dialect.decodeTargets(targets, bytes);
}

function refused(action: () => unknown, ...codes: readonly ErrorCode[]): void {
  assert.throws(action, (error) => {
    assert.ok(isCountersignError(error), `plain ${String(error)}`);
    assert.ok(codes.includes(error.code), `expected ${codes.join(" or ")}, got ${error.code}: ${error.message}`);
    return true;
  });
}

/** The sample with one member, named by a path, replaced; undefined removes it. */
function changed(
  json: Record<string, JsonValue>,
  path: readonly (string | number)[],
  value: JsonValue | undefined,
): JsonValue {
  const copy = structuredClone(json);
  let at = copy as Record<string | number, JsonValue>;
  for (const step of path.slice(0, -1)) at = at[step] as Record<string | number, JsonValue>;
  const last = path.at(-1) ?? "";
  if (value === undefined) delete at[last];
  else Object.defineProperty(at, last, { value, enumerable: true, configurable: true, writable: true });
  return copy;
}

const types = ["root", "targets", "snapshot", "timestamp"] as const;

inBothDialects("the samples themselves decode", async (name) => {
  for (const type of types) assert.equal(decode(name, type, sample(name, type)).signed.type, type);
});

inBothDialects("null or a wrong type in any member is a coded error, never a crash", async (name) => {
  for (const type of types) {
    const json = sample(name, type);
    for (const path of paths(json)) {
      for (const value of [null, undefined, 7, "x", [], {}, [null], { a: null }, true, -1, 1e15]) {
        try {
          decode(name, type, changed(json, path, value));
        } catch (error) {
          assert.ok(isCountersignError(error) && error.kind !== "bug", `${type} ${path.join(".")}: ${String(error)}`);
        }
      }
    }
  }
});

function paths(value: JsonValue, at: readonly (string | number)[] = []): (string | number)[][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => [[...at, name], ...paths(member, [...at, name])]);
}

inBothDialects("a document of another role is refused by its type", async (name) => {
  for (const type of types) {
    for (const other of types) {
      if (other !== type) refused(() => decode(name, type, sample(name, other)), "metadata.wrong_type");
    }
  }
  refused(() => decode(name, "targets", { ...sample(name, "targets"), _type: "TARGETS" }), "metadata.wrong_type");
});

inBothDialects("versions below one, thresholds below one and dates that are none are refused", async (name) => {
  for (const version of [0, -1, "1", null]) {
    refused(() => decode(name, "timestamp", { ...sample(name, "timestamp"), version }), "metadata.invalid");
  }
  for (const threshold of [0, -1, "1", null]) {
    const path = ["roles", "root", "threshold"];
    refused(() => decode(name, "root", changed(sample(name, "root"), path, threshold)), "threshold.invalid");
    const delegated = ["delegations", "roles", 0, "threshold"];
    refused(() => decode(name, "targets", changed(sample(name, "targets"), delegated, threshold)), "threshold.invalid");
  }
  for (const expires of ["2030-02-30T00:00:00Z", "2030-01-01", "tomorrow", ""]) {
    refused(() => decode(name, "timestamp", { ...sample(name, "timestamp"), expires }), "timestamp.invalid");
  }
});

inBothDialects("a target that could never be verified is refused", async (name) => {
  const json = sample(name, "targets");
  const short = name === "notary1" ? Buffer.alloc(31).toString("base64") : "00".repeat(31);
  for (const hashes of [{}, { md5: "" }, { sha256: short }, { sha256: "" }, { sha256: 1 }, null]) {
    refused(
      () => decode(name, "targets", changed(json, ["targets", "x", "hashes"], hashes as JsonValue)),
      "target.invalid",
    );
  }
  refused(() => decode(name, "targets", changed(json, ["targets", "x", "length"], -1)), "target.invalid");
});

inBothDialects(
  "a delegated role that claims to be a top-level one, or stands there twice, is refused",
  async (name) => {
    const json = sample(name, "targets");
    for (const role of ["root", "targets", "snapshot", "timestamp", "", "a\u0000b"]) {
      refused(
        () => decode(name, "targets", changed(json, ["delegations", "roles", 0, "name"], role)),
        "metadata.invalid",
      );
    }
    const delegations = json.delegations as { roles: JsonValue[] };
    const twice = [delegations.roles[0] ?? null, delegations.roles[0] ?? null];
    refused(() => decode(name, "targets", changed(json, ["delegations", "roles"], twice)), "metadata.invalid");
  },
);

inBothDialects(
  "an unknown key type, broken key bytes and a key of the wrong size are keys nobody can use",
  async (name) => {
    const short = name === "notary1" ? Buffer.alloc(31).toString("base64") : "ab".repeat(31);
    for (const [keytype, text] of [
      ["quantum", "AAAA"],
      ["ecdsa", "AAAA"],
      ["ed25519", short],
      ["rsa", ""],
    ] as const) {
      const source = { keytype, scheme: "x", keyval: { private: null, public: text } };
      const json = sample(name, "targets");
      const id = name === "notary1" ? notaryKeyId(keytype, text) : "opaque";
      const document = dialectNamed(name).decodeTargets(
        targets,
        new TextEncoder().encode(
          JSON.stringify({ signed: changed(json, ["delegations", "keys"], { [id]: source }), signatures: [] }),
        ),
      );
      const [key] = [...(document.signed.delegations?.keys.values() ?? [])];
      assert.equal(key?.publicKey, undefined, keytype);
    }
  },
);

test("notary1: a key listed under an id that is not its hash is refused (one id, two keys)", () => {
  const json = sample("notary1", "root");
  const [[id = "", source] = []] = Object.entries(json.keys as JsonObject);
  const other = `${id.slice(1)}0`;
  refused(() => decode("notary1", "root", changed(json, ["keys"], { [other]: source ?? null })), "metadata.invalid");
});

test("notary1: a root that lists a key it does not hold is refused", () => {
  const path = ["roles", "targets", "keyids"];
  refused(
    () => decode("notary1", "root", changed(sample("notary1", "root"), path, ["00".repeat(32)])),
    "metadata.invalid",
  );
});

test("notary1: a file may delegate to its direct children only", () => {
  for (const role of ["targets/a/b", "other/a", "targets/../x", "targets/A"]) {
    const json = changed(sample("notary1", "targets"), ["delegations", "roles", 0, "name"], role);
    refused(() => decode("notary1", "targets", json), "metadata.invalid");
  }
});

test("notary1: Go's null lists and maps are empty ones", () => {
  const json = { ...sample("notary1", "targets"), delegations: { keys: null, roles: null }, targets: null };
  const { signed } = notary1.decodeTargets(
    targets,
    new TextEncoder().encode(JSON.stringify({ signed: json, signatures: null })),
  );
  assert.deepEqual([signed.targets.size, signed.delegations?.roles.length], [0, 0]);
});

test("notary1: a snapshot without the hash of root or targets is refused", () => {
  for (const role of ["root", "targets"]) {
    refused(
      () => decode("notary1", "snapshot", changed(sample("notary1", "snapshot"), ["meta", role], undefined)),
      "metadata.invalid",
    );
  }
});

test("tuf1: a key id that signs twice makes the file unreadable, an empty signature does not", () => {
  const one = { keyid: "k", sig: "00" };
  refused(() => decode("tuf1", "timestamp", sample("tuf1", "timestamp"), [one, one]), "metadata.invalid");
  const document = decode("tuf1", "timestamp", sample("tuf1", "timestamp"), [
    one,
    { keyid: "l", sig: "", bundle: {} },
    { keyid: "m", sig: "zz" },
  ]);
  assert.deepEqual(
    document.signatures.map(({ signature }) => signature.length),
    [1, 0, 0],
  );
});

test("tuf1: another major version, fractions of seconds, both kinds of paths or none are refused", () => {
  const timestamp = sample("tuf1", "timestamp");
  for (const version of ["2.0.0", "1", "0.9", "1.x"]) {
    refused(() => decode("tuf1", "timestamp", { ...timestamp, spec_version: version }), "metadata.invalid");
  }
  refused(() => decode("tuf1", "timestamp", { ...timestamp, expires: "2030-01-01T00:00:00.5Z" }), "timestamp.invalid");
  refused(
    () => decode("tuf1", "timestamp", { ...timestamp, expires: "2030-01-01T00:00:00+01:00" }),
    "timestamp.invalid",
  );
  const at = ["delegations", "roles", 0];
  const json = sample("tuf1", "targets");
  refused(() => decode("tuf1", "targets", changed(json, [...at, "paths"], undefined)), "metadata.invalid");
  refused(() => decode("tuf1", "targets", changed(json, [...at, "path_hash_prefixes"], ["0"])), "metadata.invalid");
});

test("tuf1: terminating left out means no", () => {
  const { signed } = tuf1.decodeTargets(
    targets,
    new TextEncoder().encode(JSON.stringify({ signed: sample("tuf1", "targets"), signatures: [] })),
  );
  assert.equal(signed.delegations?.roles[0]?.terminating, false);
});

inBothDialects("unknown members are kept, so that re-encoding loses nothing that was signed", async (name) => {
  const json = { ...sample(name, "timestamp"), "x-new": { a: [1, null] }, __proto__x: 1 };
  const document = decode(name, "timestamp", json);
  assert.deepEqual(Buffer.from(dialectNamed(name).encodeSigned(document.signed)), Buffer.from(document.signedBytes));
});

inBothDialects("thousands of signatures are refused when decoding", async (name) => {
  const many = Array.from({ length: 1001 }, (_, index) => ({ keyid: `k${index}`, method: "ecdsa", sig: "" }));
  refused(() => decode(name, "timestamp", sample(name, "timestamp"), many), "limit.exceeded");
});
