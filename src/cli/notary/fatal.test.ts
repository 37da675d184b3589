// The rows of notary-v1, section 14, that a client can meet: Notary's line first, so that scripts go on finding it, then what to do.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CountersignError, type ErrorCode } from "../../bytes/index.ts";
import { tellFailure } from "./fatal.ts";

const id = "a".repeat(64);
const tell = (code: ErrorCode, message: string, hasCachedRoot = false) =>
  tellFailure(new CountersignError(code, message), { gun: "ex/app", host: "trust.example.com", hasCachedRoot });

describe("a failure is told as Notary tells it", () => {
  const rows: readonly (readonly [string, ErrorCode, string, string, boolean?])[] = [
    [
      "B, C",
      "metadata.expired",
      "root version 2 expired at 2026-11-02T07:27:07.5Z",
      "root expired at Mon Nov  2 07:27:07 UTC 2026",
    ],
    [
      "J",
      "metadata.rollback",
      "timestamp version 2 is older than version 3, the one trusted before",
      "version 2 is lower than current version 3",
    ],
    [
      "JJ, K",
      "pin.mismatch",
      "no pinned key signed",
      "could not rotate trust to a new trusted root: failed to validate data with current trusted certificates",
      true,
    ],
    [
      "pins",
      "pin.mismatch",
      "no pinned key signed",
      "could not validate the path to a trusted root: unable to match any certificates to trust_pinning config",
    ],
    [
      "no pin",
      "pin.missing",
      "not pinned",
      "could not validate the path to a trusted root: invalid trust pinning specified",
    ],
    [
      "T",
      "certificate.invalid",
      "expired",
      "could not validate the path to a trusted root: unable to retrieve valid leaf certificates",
    ],
    [
      "M",
      "threshold.unmet",
      "targets version 3 is signed by 1 of the 2 keys",
      "valid signatures did not meet threshold for targets",
    ],
    [
      "A",
      "key.missing",
      `a new root is signed by 1 of these keys, 0 at hand: ${id}`,
      `signing keys not available: need 1 keys from 1 possible keys (${id})`,
    ],
    [
      "F",
      "key.missing",
      `targets needs 1 of the keys that root lists (${id}), 0 at hand`,
      `could not find necessary signing keys, at least one of these keys must be available: ${id}`,
    ],
    [
      "V",
      "key.passphrase_wrong",
      `the passphrase does not open key ${id} (targets)`,
      `could not find necessary signing keys, at least one of these keys must be available: ${id}`,
    ],
    [
      "H, I",
      "publish.refused",
      "https://h/: INVALID_UPDATE: An error occurred during validation: key not found",
      "An error occurred during validation: key not found",
    ],
    ["S", "conflict.lost_race", "https://h/: VERSION: newer", "trust server rejected operation."],
    ["X", "download.unavailable", "GET https://h/v2/: answered 503", "unable to reach trust server at this time: 503."],
    ["offline", "download.unreachable", "refused", "client is offline"],
    ["not there", "collection.missing", "none", "trust.example.com does not have trust data for ex/app"],
    ["denied", "download.denied", "401", "you are not authorized to perform this operation: server returned 401."],
  ];
  for (const [row, code, message, line, cached] of rows) {
    it(`${row}: ${code}`, () => {
      const told = tell(code, message, cached);
      assert.equal(told.line, line);
      assert.ok(
        told.more.some((text) => text.includes(`[${code}]`)),
        "our own words and code follow",
      );
    });
  }

  it("shows no control character that a server or a file put into a message", () => {
    assert.doesNotMatch(tell("metadata.invalid", "bad \u001b[2Jname\r\n* fatal: all is well").line, /[\u0000-\u001f]/);
  });

  it("an expired document: its own role is to be renewed by its holder, a timestamp by the server alone", () => {
    const more = (role: string) =>
      tell("metadata.expired", `${role} version 2 expired at 2026-11-02T07:27:07Z`).more.join("\n");
    assert.match(more("root"), /notary witness -p ex\/app root$/m);
    assert.match(more("targets/qa"), /notary witness -p ex\/app targets\/qa$/m);
    assert.match(more("timestamp"), /the trust server signs the timestamp/);
    assert.doesNotMatch(more("timestamp"), /witness/);
  });

  it("14-H, 14-I: a server without the keys that the root names is told from one that refuses a change", () => {
    const more = (reason: string) => tell("publish.refused", `https://h/: INVALID_UPDATE: ${reason}`).more.join("\n");
    for (const reason of [
      `An error occurred during validation: rpc error: code = NotFound desc = key ${id} not found`,
      "The root metadata is invalid: no  timestamp keys exist on the server",
    ]) {
      assert.match(more(reason), /notary key rotate ex\/app snapshot timestamp -r/);
      assert.match(more(reason), /begun for another server and never published/);
    }
    assert.doesNotMatch(more("The targets metadata is invalid: unsupported value"), /another server/);
  });

  it("a recovery kit is a way where the root key is lost, by the command that knows it", () => {
    const hints = ["or let the recovery kit sign: --sign-with-kit FILE"];
    const error = new CountersignError("key.missing", `a new root is signed by 1 of these keys, 0 at hand: ${id}`, {
      hints,
    });
    const { more } = tellFailure(error, { gun: "ex/app", host: undefined, hasCachedRoot: true });
    assert.ok(!more.some((text) => text.includes("FILE")));
    assert.ok(more.some((text) => text.includes("countersign rotate --help says how, under --sign-with-kit")));
  });

  it("sends nobody to commands of another program", () => {
    const error = new CountersignError("key.missing", `key ${id}`, {
      hints: ["bring it with: countersign key import FILE"],
    });
    const told = tellFailure(error, { gun: undefined, host: undefined, hasCachedRoot: false });
    assert.ok(!told.more.some((text) => text.includes("countersign key import")));
    assert.ok(told.more.some((text) => text.includes("notary key import")));
  });
});
