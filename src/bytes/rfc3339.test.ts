import assert from "node:assert/strict";
import { test } from "node:test";
import { formatRfc3339, formatRfc3339Seconds, parseRfc3339 } from "./rfc3339.ts";

test("takes Notary's nanoseconds and zones, and TUF's whole seconds, and keeps the text", () => {
  const at = Date.UTC(2026, 11, 6, 7, 17, 42);
  for (const [text, expected] of [
    ["2026-12-06T07:17:42Z", at],
    ["2026-12-06T07:17:42.697130789Z", at + 697],
    ["2026-12-06T07:17:42.6Z", at + 600],
    ["2026-12-06T07:17:42.000999Z", at],
    ["2026-12-06T09:17:42+02:00", at],
    ["2026-12-05T23:47:42.5-07:30", at + 500],
    ["2024-02-29T00:00:00Z", Date.UTC(2024, 1, 29)],
    ["0001-01-01T00:00:00Z", -62135596800000],
    ["1969-12-31T23:59:59.9999Z", -1],
  ] as const) {
    assert.deepEqual(parseRfc3339(text), { text, at: expected });
  }
});

for (const text of [
  "",
  "2026-12-06",
  "2026-12-06T07:17Z",
  "2026-12-06 07:17:42Z",
  "2026-12-06t07:17:42z",
  "2026-12-06T07:17:42",
  "2026-12-06T07:17:42.Z",
  "2026-12-06T07:17:42,5Z",
  "2026-12-06T07:17:42.1234567890Z",
  "2026-02-29T00:00:00Z",
  "2026-02-31T00:00:00Z",
  "2026-13-01T00:00:00Z",
  "2026-00-01T00:00:00Z",
  "2026-01-00T00:00:00Z",
  "2026-01-01T24:00:00Z",
  "2026-01-01T00:60:00Z",
  "2016-12-31T23:59:60Z",
  "2026-01-01T00:00:00+24:00",
  "2026-01-01T00:00:00+0100",
  "+002026-01-01T00:00:00Z",
  "2026-12-06T07:17:42Z\n",
  "9".repeat(10_000),
]) {
  test(`refuses ${JSON.stringify(text.slice(0, 40))}`, () => {
    assert.throws(() => parseRfc3339(text), { code: "timestamp.invalid" });
  });
}

test("writes dates as Go does and as TUF 1.0 does", () => {
  const at = Date.UTC(2026, 11, 6, 7, 17, 42);
  assert.equal(formatRfc3339(at), "2026-12-06T07:17:42Z");
  assert.equal(formatRfc3339(at + 690), "2026-12-06T07:17:42.69Z");
  assert.equal(formatRfc3339(at + 7), "2026-12-06T07:17:42.007Z");
  assert.equal(formatRfc3339Seconds(at + 999), "2026-12-06T07:17:42Z");
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, 8.64e15 + 1, Date.UTC(10_000, 0, 1)]) {
    assert.throws(() => formatRfc3339(bad), { code: "timestamp.invalid" });
    assert.throws(() => formatRfc3339Seconds(bad), { code: "timestamp.invalid" });
  }
});
