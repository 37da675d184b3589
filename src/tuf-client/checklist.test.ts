// Defects that other TUF clients had, each with the test that fails when its rule is taken out of ours. A test that is renamed or removed
// is missed here.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { it } from "node:test";

/** Defect -> file -> tests. */
const checklist: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  "a threshold of zero or less": { thresholds: ["makes a root unreadable"] },
  "one signature counted twice": { thresholds: ["the same signature twice makes a document unreadable"] },
  "one key under several ids or types counted twice": {
    thresholds: ["one key under two key ids is one signer", "one P-256 key as ecdsa and as ecdsa-sha2-nistp256"],
  },
  "a root not held against its own threshold": { "root-chain": ["a root that its own keys did not sign is refused"] },
  "a root not held against the one before": {
    "root-chain": ["a root that the keys before it did not sign is refused"],
  },
  "a root version skipped": { "root-chain": ["a root that skips a version is refused, and one that repeats it"] },
  "a rejected file kept": { rollback: ["what is rejected is never stored, and the next run works"] },
  "rollback judged without the stored file": {
    rollback: ["an older timestamp is refused, and the stored one stays", "an expired stored timestamp still says"],
  },
  "no recovery from a fast-forward attack": { "root-chain": ["a fast-forward attack is recovered from by rotating"] },
  "delegated roles without expiry, hash, length or version": {
    delegations: ["a delegated role is held to expiry, hash and length", "a role that cannot be had or verified ends"],
  },
  "a cached role believed through another delegator": { delegations: ["a role reached through two delegators"] },
  "terminating ignored": { delegations: ["a terminating delegation ends the search"] },
  "order of delegations lost": { delegations: ["roles are searched depth first in the order written"] },
  "globs that cross slashes or fold case": { delegations: ["a wildcard does not cross a slash"] },
  "names that lead out of the directory": {
    downloads: [
      "no path of a repository leads out of the directory",
      "roles cannot write outside the metadata directory",
      "a link that lies in the place of a target is replaced, not followed",
      "a file of another spelling is never taken for the target",
    ],
    mirror: ["links in a copy are not followed: nothing is written outside"],
  },
  "a delegated role called root, timestamp, snapshot or targets": { delegations: ["delegations to root, timestamp,"] },
  "a crash over null, wrong types or missing members": {
    "hostile-documents": ["a member that is missing, null or of"],
  },
  "a crash over a key's length, or over keys that are missing": {
    keys: ["a key in a scheme that does not fit it, of another length"],
    thresholds: ["empty, odd and unknown signatures harm nothing"],
  },
  "endless and slow data": { "web-transport": ["bodies that are cut, silent, dripping, endless or longer"] },
  "redirects to other schemes": { "web-transport": ["redirects are followed to the same host, and refused to other"] },
  "thousands of signatures": { thresholds: ["thousands of signatures are refused before any is checked"] },
  "megabytes of nested JSON": { "hostile-documents": ["five megabytes of nested JSON in a targets role end quickly"] },
  "__proto__ and constructor as names": { delegations: ["names such as __proto__, constructor and toString"] },
  "RFC 8785 instead of OLPC canonical JSON": {
    "signed-bytes": [
      "control characters and letters are covered raw",
      "members are covered in the order of their UTF-8",
    ],
  },
  "numbers that lose digits": { "signed-bytes": ["integers are covered digit by digit"] },
  "unknown members dropped before verification": { "signed-bytes": ["members that nobody knows are covered"] },
  "expiry against a moving clock": { rollback: ["expiry is judged by the time at which the run began"] },
};

it("every defect of the checklist has its test", async () => {
  for (const [defect, files] of Object.entries(checklist)) {
    for (const [file, tests] of Object.entries(files)) {
      const source = await readFile(new URL(`${file}.test.ts`, import.meta.url), "utf8");
      const names = [...source.matchAll(/^ *it\((["`])(.*?)\1, /gm)].map(([, , name = ""]) => name);
      for (const test of tests)
        assert.ok(
          names.some((name) => name.includes(test)),
          `${defect}: no test "${test}" in ${file}`,
        );
    }
  }
});
