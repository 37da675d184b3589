// Notary's trust_pinning: which entry speaks, and nothing is trusted on the strength of one that cannot be read.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { isCountersignError, type JsonValue, parseGun } from "../bytes/index.ts";
import { notaryPinning } from "./notary-pinning.ts";

const gun = parseGun("docker.example.com/team/app");
const base = join(import.meta.dirname, "../../vectors/certificates");
const id = (digit: string): string => digit.repeat(64);
const certsOf = async (pinning: JsonValue | undefined) => {
  const { pins, trustOnFirstUse } = await notaryPinning(pinning, gun, base);
  return [pins.map((pin) => (pin.kind === "authority" ? pin.origin : pin.id)), trustOnFirstUse];
};

test("exact name, then the longest prefix, then the longest authority, then first use", async () => {
  const ca = {
    "docker.example.com/": "ca2.crt",
    "docker.example.com/team/": "ca.crt",
    "other.example.com/": "none.crt",
  };
  const prefixes = { "docker.example.com/*": [id("1")], "docker.example.com/team/*": [id("2")], "other/*": [id("3")] };
  assert.deepEqual(await certsOf({ certs: { ...prefixes, [gun]: [id("4"), id("5")] }, ca }), [
    [id("4"), id("5")],
    false,
  ]);
  assert.deepEqual(await certsOf({ certs: prefixes, ca }), [[id("2")], false]);
  assert.deepEqual(await certsOf({ ca }), [[join(base, "ca.crt")], false]);
  assert.deepEqual(
    await certsOf({ certs: { "Docker.example.com/*": [id("1")] } }),
    [[], true],
    "names are case-sensitive",
  );
  assert.deepEqual(await certsOf({ disable_tofu: true }), [[], false]);
  for (const none of [undefined, null, {}]) assert.deepEqual(await certsOf(none), [[], true]);
});

test("an empty list pins nothing and is not first use either", async () => {
  assert.deepEqual(await certsOf({ certs: { [gun]: [] } }), [[], false]);
});

test("shapes that are none of Notary's are refused, as are authorities that are not there", async () => {
  const wrong: readonly JsonValue[] = [
    [],
    "x",
    { certs: [] },
    { certs: { [gun]: id("1") } },
    { certs: { [gun]: [7] } },
    { certs: { [gun]: ["../../etc/passwd"] } },
    { ca: { "docker.example.com/": 7 } },
    { disable_tofu: "yes" },
  ];
  for (const pinning of wrong) {
    await assert.rejects(notaryPinning(pinning, gun, base), (error) => isCountersignError(error, "config.invalid"));
  }
  await assert.rejects(notaryPinning({ ca: { docker: "gone.crt" } }, gun, base), (error) =>
    isCountersignError(error, "disk.unreadable"),
  );
  await assert.rejects(notaryPinning({ ca: { docker: "README.md" } }, gun, base), (error) =>
    isCountersignError(error, "certificate.invalid"),
  );
  const proto: JsonValue = JSON.parse('{"certs":{"__proto__":["x"]},"ca":{}}');
  assert.deepEqual(await certsOf(proto), [[], true]);
});
