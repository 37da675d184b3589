import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type FlagSpec, NotaryUsage, parseFlags } from "./command-line.ts";

const specs: readonly FlagSpec[] = [
  { name: "publish", short: "p", kind: "bool", text: "" },
  { name: "roles", short: "r", kind: "strings", text: "" },
  { name: "server", short: "s", kind: "string", text: "" },
  { name: "number", short: "n", kind: "ints", text: "" },
];
const parse = (...argv: string[]) => parseFlags(argv, specs);
const refused = (message: string) => (error: unknown) => error instanceof NotaryUsage && error.message === message;

describe("Notary's command line", () => {
  it("takes flags before, between and after names, as scripts write them", () => {
    const flags = parse(
      "-s",
      "https://a",
      "gun",
      "-pr",
      "targets/a,targets/b",
      "name",
      "--roles=targets/c",
      "--",
      "-x",
    );
    assert.deepEqual(flags.positionals, ["gun", "name", "-x"]);
    assert.equal(flags.flag("publish"), true);
    assert.deepEqual(flags.values("roles"), ["targets/a", "targets/b", "targets/c"]);
    assert.equal(flags.value("server"), "https://a");
  });

  it("lets the last value win, and a yes/no flag be switched off", () => {
    assert.equal(parse("-s", "a", "--server", "b").value("server"), "b");
    assert.equal(parse("-p", "--publish=false").flag("publish"), false);
  });

  it("says what is wrong in Notary's words", () => {
    assert.throws(() => parse("--bogus"), refused("unknown flag: --bogus"));
    assert.throws(() => parse("-z"), refused("unknown shorthand flag: 'z' in -z"));
    assert.throws(() => parse("-r"), refused("flag needs an argument: 'r' in -r"));
    assert.throws(() => parse("--server"), refused("flag needs an argument: --server"));
    assert.throws(
      () => parse("-n", "x"),
      refused('invalid argument "x" for "-n, --number" flag: strconv.Atoi: parsing "x": invalid syntax'),
    );
  });

  it("knows no flag of the name of an object's own members", () => {
    assert.throws(() => parse("--__proto__=1"), refused("unknown flag: --__proto__"));
    assert.deepEqual(parse("__proto__", "constructor").positionals, ["__proto__", "constructor"]);
  });
});
