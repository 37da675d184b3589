// Parsing, help, suggestions and the rules of the terminal, named after the mistake each one answers.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CountersignError } from "../bytes/index.ts";
import { parseArguments } from "./arguments.ts";
import type { CommandSpec } from "./command.ts";
import { commandHelp } from "./help.ts";
import { editDistance, nearest } from "./suggest.ts";
import { commandTable } from "./table.ts";
import { openTerminal, printable, type Streams } from "./terminal.ts";

const spec: CommandSpec = {
  name: "try",
  usage: ["NAME"],
  about: ["Tries."],
  positionals: { min: 1, max: 2 },
  options: [
    { name: "file", value: "PATH", text: "a file" },
    { name: "pin", value: "ID", multiple: true, text: "a pin" },
    { name: "deep", short: "d", text: "look deep" },
  ],
  examples: [],
  json: [],
};

function refused(...argv: readonly string[]): CountersignError {
  try {
    parseArguments(spec, argv);
  } catch (error) {
    assert.ok(error instanceof CountersignError && error.code === "usage.invalid");
    return error;
  }
  throw new assert.AssertionError({ message: `${argv.join(" ")} was accepted` });
}

describe("arguments", () => {
  it("takes values joined or apart, repeated ones, short flags, and -- before names that start with a dash", () => {
    const args = parseArguments(spec, ["-d", "--pin=a", "--pin", "b", "--file=-x", "--", "--name"]);
    assert.deepEqual(
      [args.flag("deep"), args.values("pin"), args.value("file"), args.positionals],
      [true, ["a", "b"], "-x", ["--name"]],
    );
  });
  it("suggests the option that was meant", () => {
    assert.ok(refused("x", "--deap").hints.includes("did you mean --deep?"));
  });
  it("does not take the next option for a forgotten value", () => {
    assert.match(refused("x", "--file", "--deep").message, /--file needs a value/);
    assert.match(refused("x", "--file").message, /--file needs a value/);
  });
  it("refuses an option given twice, a value for a flag, and names too many or too few", () => {
    refused("x", "--file", "a", "--file", "b");
    refused("x", "--deep=yes");
    refused();
    refused("a", "b", "c");
  });
  it("calls asking for an undeclared option a bug", () => {
    const args = parseArguments(spec, ["x"]);
    assert.throws(() => args.value("deep"), /does not declare/);
  });
});

describe("suggestions", () => {
  it("counts a swap of neighbours as one slip", () => {
    assert.equal(editDistance("verfiy", "verify"), 1);
    assert.equal(nearest("verfiy", ["verify", "revoke"]), "verify");
  });
  it("says nothing when two are equally near, or none is", () => {
    assert.equal(nearest("tag", ["tags", "tagx"]), undefined);
    assert.equal(nearest("zzzz", ["tags"]), undefined);
    assert.equal(nearest("x".repeat(10_000), ["tags"]), undefined);
  });
});

describe("the terminal", () => {
  function capture(isTerminal: boolean): { streams: Streams; out: () => string; err: () => string } {
    let out = "";
    let err = "";
    const streams: Streams = {
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
      outIsTerminal: isTerminal,
      errIsTerminal: isTerminal,
      inIsTerminal: isTerminal,
      readLine: async () => undefined,
    };
    return { streams, out: () => out, err: () => err };
  }
  it("shows escape sequences in names instead of obeying them", () => {
    assert.equal(printable("1.0\u001b[2K\rtrusted\u202e"), "1.0\\u{1b}[2K\\u{d}trusted\\u{202e}");
  });
  it("prints no colour and no progress where nobody looks, or NO_COLOR says so", () => {
    for (const [isTerminal, env] of [
      [false, {}],
      [true, { NO_COLOR: "1" }],
    ] as const) {
      const { streams, out, err } = capture(isTerminal);
      const terminal = openTerminal(streams, { json: false, quiet: false, env });
      terminal.line(terminal.paint("red", "x"));
      if (!isTerminal) terminal.progress("working");
      assert.equal(out(), "x\n");
      assert.equal(err().includes("working"), false);
    }
  });
  it("keeps stdout to one JSON text with --json, and silent with --quiet", () => {
    const json = capture(true);
    const terminal = openTerminal(json.streams, { json: true, quiet: false, env: {} });
    terminal.line("words");
    terminal.note("note");
    terminal.value({ a: 1 });
    assert.deepEqual([JSON.parse(json.out()), json.err()], [{ a: 1 }, ""]);
    const quiet = capture(true);
    const silent = openTerminal(quiet.streams, { json: false, quiet: true, env: {} });
    silent.line("words");
    silent.note("note");
    silent.progress("step");
    silent.error("error: e");
    assert.deepEqual([quiet.out(), quiet.err()], ["", "error: e\n"]);
  });
});

describe("every command", () => {
  it("has a name as in the table, usage, examples, a JSON shape, and texts that fit shell completion", async () => {
    for (const entry of commandTable) {
      const command = await entry.load();
      assert.equal(command.spec.name, entry.name);
      assert.ok(command.spec.examples.length > 0 && command.spec.json.length > 0 && command.spec.usage.length > 0);
      assert.ok(!/['\\\n]/.test(entry.summary));
      const help = commandHelp(command.spec);
      for (const option of command.spec.options) assert.ok(help.includes(`--${option.name}`));
      const names = command.spec.options.map((option) => option.name);
      assert.equal(new Set(names).size, names.length, `${entry.name} declares an option twice`);
    }
  });
});
