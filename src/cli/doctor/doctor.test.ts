// What the doctor sees, and when it says so.
import assert from "node:assert/strict";
import { it } from "node:test";
import { collectionStatus, findKeys } from "../../flows/index.ts";
import { day } from "../../testing/index.ts";
import { gun, openWorld, sign, start } from "../publishing-world.ts";
import { collectionFindings } from "./collection-check.ts";
import { contentTrust, isContentTrustOn } from "./docker-check.ts";
import { clockFindings } from "./server-check.ts";

const docker = (version: string, hasTrust: boolean) => ({ path: "/usr/bin/docker", version, hasTrust });

it("a docker 29 that is asked for content trust and checks nothing is a problem", () => {
  const codes = (version: string, hasTrust: boolean, value: string | undefined) =>
    contentTrust(docker(version, hasTrust), value === undefined ? {} : { DOCKER_CONTENT_TRUST: value }).map(
      ({ level, code }) => [level, code],
    );
  assert.deepEqual(codes("29.0.0", false, "1"), [["problem", "docker.trust_ignored"]]);
  assert.deepEqual(codes("29.0.0", false, "yes"), [["problem", "docker.trust_ignored"]]);
  assert.deepEqual(codes("29.0.0", false, "0"), [["fine", "docker.no_trust"]]);
  assert.deepEqual(codes("29.0.0", false, undefined), [["fine", "docker.no_trust"]]);
  assert.deepEqual(codes("28.2.2", true, "1"), [["fine", "docker.trust"]]);
});

it("DOCKER_CONTENT_TRUST is read as docker reads it", () => {
  for (const value of ["1", "true", "T", "on", "enabled"]) {
    assert.equal(isContentTrustOn({ DOCKER_CONTENT_TRUST: value }), true, value);
  }
  for (const value of ["", "0", "false", "F"])
    assert.equal(isContentTrustOn({ DOCKER_CONTENT_TRUST: value }), false, value);
});

it("a clock that is off is told before it makes anything look expired", () => {
  const levels = (skewMs: number | undefined) => clockFindings("trust.example.com", skewMs).map(({ level }) => level);
  assert.deepEqual(levels(undefined), []);
  assert.deepEqual(levels(5_000), []);
  assert.deepEqual(levels(-60_000), ["warning"]);
  assert.deepEqual(levels(3_600_000), ["problem"]);
  assert.match(clockFindings("h", 3_600_000)[0]?.text ?? "", /3600 s behind/);
});

it("a single root key, and a role that runs out within half a year, are told with what to do", async () => {
  await using world = await openWorld();
  const owner = world.machine("owner");
  await start(world, owner);
  await sign(owner, "1.0");
  const codesAt = async (days: number) => {
    const request = { gun, dialect: "auto", pins: [], trustOnFirstUse: false, offline: "never" } as const;
    const found = await collectionStatus(owner.ports, request, await findKeys(owner.places));
    return collectionFindings(found, world.clock.now() + days * day).map(({ code }) => code);
  };
  assert.deepEqual(await codesAt(0), ["key.single_root"]);
  const late = await codesAt(3 * 365 - 100);
  assert.ok(late.includes("role.near_expiry"), String(late));
});
