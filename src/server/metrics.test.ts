// Dashboards and alerts made for notary-server keep their series: names, types, help and labels are those of a captured /metrics.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { Metrics } from "./metrics.ts";

const sample = readFileSync(join(import.meta.dirname, "../../vectors/notary1/metrics-sample.txt"), "utf8");

/** Of families that Go's runtime has and others do not. */
const goOnly = /^# \w+ (?:go_|http_(?:request|response)_|process_virtual_memory_bytes )/;

function headings(text: string): readonly string[] {
  return text.split("\n").filter((line) => line.startsWith("# ") && !goOnly.test(line));
}

test("every family of notary-server that is not about Go is there, with its help and type", () => {
  const metrics = new Metrics();
  metrics.observe({
    operation: "GetRole",
    method: "GET",
    status: 200,
    microseconds: 5,
    requestBytes: 1,
    responseBytes: 2,
  });
  const ours = new Set(headings(metrics.text()));
  const missing = headings(sample).filter((line) => !ours.has(line));
  const linuxOnly = /process_(?:open|max)_fds/;
  assert.deepEqual(process.platform === "linux" ? missing : missing.filter((line) => !linuxOnly.test(line)), []);
});

test("series have Notary's labels, and every line is one that Prometheus can read", () => {
  const metrics = new Metrics();
  for (const operation of [
    "UpdateTUF",
    "GetRole",
    "GetRoleByHash",
    "GetRoleByVersion",
    "GetKey",
    "RotateKey",
    "DeleteTUF",
    "Changefeed",
  ])
    metrics.observe({ operation, method: "GET", status: 200, microseconds: 5.5, requestBytes: 1, responseBytes: 2 });
  const text = metrics.text();
  const shapes = (lines: string) =>
    new Set(
      lines
        .split("\n")
        .filter((line) => line.startsWith("notary_server_"))
        .map((line) => line.replace(/ \S+$/, "").replace(/(code|method)="\w+"/g, '$1=""')),
    );
  const ours = shapes(text);
  assert.deepEqual(
    [...shapes(sample)].filter((line) => !ours.has(line)),
    [],
  );
  for (const line of text.trimEnd().split("\n"))
    assert.match(line, /^(?:# (?:HELP|TYPE) \w+ .+|\w+(?:\{(?:\w+="[^"\\]*",?)+\})? -?[\d.]+(?:e[-+]\d+)?)$/);
});
