// The lines of a running server: levels that move, and values that cannot forge a line.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeClock } from "../../testing/index.ts";
import { operationsLog } from "./operations-log.ts";

const request = { method: "GET", path: "/v2/", status: 200 };

function logWith(level: "error" | "info", format: "json" | "logfmt") {
  const lines: string[] = [];
  const log = operationsLog({ level, format, clock: fakeClock().now, print: (line) => lines.push(line) });
  return { log, lines };
}

test("errors always, requests from level info on; both signals move the level and stop at its ends", () => {
  const { log, lines } = logWith("error", "json");
  log.write("request", request);
  log.write("error", { reason: "x" });
  assert.equal(lines.length, 1);
  assert.equal(log.move("more"), "warning");
  log.write("request", request);
  assert.equal(log.move("more"), "info");
  log.write("request", request);
  assert.equal(JSON.parse(lines.at(-1) ?? "").event, "request");
  assert.equal(log.move("more"), "debug");
  assert.equal(log.move("more"), "debug");
  for (let count = 0; count < 5; count++) log.move("less");
  const before = lines.length;
  log.write("error", { reason: "errors are never switched off" });
  log.write("request", request);
  assert.equal(lines.length, before + 1);
});

test("a path with line ends and quotes cannot forge a line", () => {
  for (const format of ["json", "logfmt"] as const) {
    const { log, lines } = logWith("info", format);
    log.write("request", { ...request, path: '/v2/\nlevel=error event="x"', code: undefined });
    assert.equal(lines.length, 1);
    assert.ok(!lines[0]?.includes("\n"));
    assert.match(lines[0] ?? "", /"\/v2\/\\nlevel=error event=\\"x\\""/);
  }
  const { log, lines } = logWith("info", "logfmt");
  log.write("request", request);
  assert.match(lines[0] ?? "", /^time=[0-9TZ:.-]+ level=info event=request method=GET path=\/v2\/ status=200$/);
});
