// The plugin's command line: docker's words and statuses for what is wrong, its protocol, its global options.
import assert from "node:assert/strict";
import { it } from "node:test";
import { takeGlobalOptions } from "./global-options.ts";
import { parseTrustArguments } from "./parse-trust-arguments.ts";
import { pluginNames, runPlugin } from "./plugin.ts";
import { commandHelp } from "./trust-help.ts";
import { trustRevoke } from "./trust-revoke.ts";
import { trustSignerAdd } from "./trust-signer-add.ts";

function harness(env: Readonly<Record<string, string>> = {}) {
  const said = { out: "", err: "" };
  const own: { argv: readonly string[]; config: string | undefined }[] = [];
  const program = {
    streams: {
      out: (text: string) => {
        said.out += text;
      },
      err: (text: string) => {
        said.err += text;
      },
      outIsTerminal: false,
      errIsTerminal: false,
      inIsTerminal: false,
      readLine: async () => undefined,
    },
    env,
    workingDirectory: "/nowhere",
    version: "1.2.3",
    runOwn: async (argv: readonly string[], at: Readonly<Record<string, string | undefined>>) => {
      own.push({ argv, config: at.DOCKER_CONFIG });
      return 7;
    },
  };
  return { said, own, program };
}

it("docker learns what each plugin is", async () => {
  for (const name of pluginNames) {
    const { said, program } = harness();
    assert.equal(await runPlugin(name, ["docker-cli-plugin-metadata"], program), 0);
    const told: unknown = JSON.parse(said.out);
    assert.ok(typeof told === "object" && told !== null);
    assert.deepEqual(Object.keys(told), ["SchemaVersion", "Vendor", "Version", "ShortDescription"]);
    assert.equal("SchemaVersion" in told && told.SchemaVersion, "0.1.0");
  }
});

it("docker's global options stand before the plugin's name; --config moves everything of docker's", async () => {
  const { own, program } = harness({ DOCKER_CONFIG: "/before" });
  const argv = ["-D", "--config", "/there", "-H", "tcp://127.0.0.1:1", "--log-level=debug", "-ldebug"];
  assert.equal(await runPlugin("countersign", [...argv, "countersign", "verify", "--config"], program), 7);
  assert.deepEqual(own, [{ argv: ["verify", "--config"], config: "/there" }]);
  assert.deepEqual(takeGlobalOptions(["--config"]), { kind: "refused", message: "flag needs an argument: --config" });
  assert.deepEqual(takeGlobalOptions(["--nonsense", "x"]), { kind: "refused", message: "unknown flag: --nonsense" });
});

it("docker countersign trust is docker's, but for our own commands of that name", async () => {
  for (const [argv, status] of [
    [["countersign", "trust", "sign"], 1],
    [["countersign", "trust", "list"], 7],
    [["countersign", "trust", "add", "x"], 7],
    [["countersign", "tags"], 7],
    [["countersign"], 7],
  ] as const) {
    assert.equal(await runPlugin("countersign", argv, harness().program), status, argv.join(" "));
  }
  const { said, program } = harness();
  assert.equal(await runPlugin("trust", ["trust", "list"], program), 1);
  assert.match(said.err, /^docker: unknown command: docker trust list\n/);
});

it("what docker says of a wrong command line is said with the same status", async () => {
  const cases: readonly (readonly [readonly string[], number, string])[] = [
    [
      ["sign"],
      1,
      "docker: 'docker trust sign' requires 1 argument\n\nUsage:  docker trust sign IMAGE:TAG\n\nRun 'docker trust sign --help' for more information\n",
    ],
    [
      ["inspect"],
      1,
      "docker: 'docker trust inspect' requires at least 1 argument\n\nUsage:  docker trust inspect IMAGE[:TAG] [IMAGE[:TAG]...]\n\nSee 'docker trust inspect --help' for more information\n",
    ],
    [
      ["sign", "--foo", "x"],
      125,
      "unknown flag: --foo\n\nUsage:  docker trust sign IMAGE:TAG\n\nRun 'docker trust sign --help' for more information\n",
    ],
    [
      ["sign", "-x"],
      125,
      "unknown shorthand flag: 'x' in -x\n\nUsage:  docker trust sign IMAGE:TAG\n\nRun 'docker trust sign --help' for more information\n",
    ],
    [
      ["signer", "foo"],
      1,
      "docker: unknown command: docker trust signer foo\n\nUsage:  docker trust signer\n\nRun 'docker trust signer --help' for more information\n",
    ],
    [["sign", "alpine"], 1, "no tag specified for alpine\n"],
    [["signer", "add", "aa", "x"], 1, "path to a public key must be provided using the `--key` flag\n"],
    [["signer", "add", "releases", "x"], 1, "releases is a reserved keyword, use a different signer name\n"],
  ];
  for (const [argv, status, words] of cases) {
    const { said, program } = harness({ COUNTERSIGN_HOME: "/nowhere", DOCKER_CONFIG: "/nowhere" });
    assert.equal(await runPlugin("trust", ["trust", ...argv], program), status, argv.join(" "));
    assert.equal(said.err, words);
    assert.equal(said.out, "");
  }
});

it("help is laid out as docker lays it out, on stderr where nobody asked for it", async () => {
  const { said, program } = harness();
  const bare = harness();
  assert.equal(await runPlugin("trust", ["trust", "--help"], program), 0);
  assert.equal(await runPlugin("trust", ["trust"], bare.program), 0);
  assert.deepEqual(bare.said, { out: "", err: said.out });
  assert.equal(
    said.out,
    "Usage:  docker trust COMMAND\n\nManage trust on Docker images\n\nManagement Commands:\n  key         Manage keys for signing Docker images\n  signer      Manage entities who can sign Docker images\n\nCommands:\n  inspect     Return low-level information about keys and signatures\n  revoke      Remove trust for an image\n  sign        Sign an image\n\nRun 'docker trust COMMAND --help' for more information on a command.\n",
  );
  assert.equal(
    commandHelp(trustRevoke.spec, "docker trust revoke"),
    "Usage:  docker trust revoke [OPTIONS] IMAGE[:TAG]\n\nRemove trust for an image\n\nOptions:\n  -y, --yes   Do not prompt for confirmation\n",
  );
});

it("options stand anywhere, lists grow, and what follows -- is a name", () => {
  const parse = (...argv: readonly string[]) =>
    parseTrustArguments(trustSignerAdd.spec, "docker trust signer add", argv);
  const parsed = parse("ann", "--key=a.pub", "repo", "--key", "b.pub", "--", "--key");
  assert.ok(parsed.kind === "parsed");
  assert.deepEqual(
    [parsed.args.names, parsed.args.values("key")],
    [
      ["ann", "repo", "--key"],
      ["a.pub", "b.pub"],
    ],
  );
  assert.equal(parse("ann", "repo", "--key").kind, "refused");
  const yes = (...argv: readonly string[]) => parseTrustArguments(trustRevoke.spec, "docker trust revoke", argv);
  for (const [argv, expected] of [
    [["x", "-y"], true],
    [["x", "--yes=true"], true],
    [["x", "--yes=false"], false],
    [["x", "-y", "--yes=0"], false],
  ] as const) {
    const answer = yes(...argv);
    assert.equal(answer.kind === "parsed" && answer.args.flag("yes"), expected, argv.join(" "));
  }
  assert.equal(yes("x", "--yes=perhaps").kind, "refused");
});
