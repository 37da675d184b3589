// What people do with the `notary` client, as scripts. Each has its own collection, so that they can run side by side.
import { writeFileSync } from "node:fs";
import type { Play, Props } from "./play.ts";

export interface Script {
  /** For directories and the table of differences. */
  readonly key: string;
  readonly name: string;
  run(play: Play, props: Props): Promise<void>;
}

const yes = { stdin: "yes\n" };

const firstSteps: Script = {
  key: "first-steps",
  name: "first steps: init, add, addhash, remove, status, reset, publish, list, lookup, verify",
  async run(play, { digests }) {
    const gun = "docker.example.com/team/app";
    const one = (...args: string[]) => play.notary("ann", args);
    await one("status", gun);
    await one("list", gun);
    await one("publish", gun);
    await one("delete", gun);
    await one("init", gun);
    await one("status", gun);
    await one("list", gun);
    await one("publish", gun);
    await one("list", gun);
    await one("add", gun, "v1.0", "hello.txt");
    await one("add", gun, "v1.0", "no-such-file");
    await one("status", gun);
    await one("list", gun);
    await one("publish", gun);
    await one("list", gun);
    await one("list", gun, "-r", "targets");
    await one("list", gun, "-r", "targets/releases");
    await one("lookup", gun, "v1.0");
    await one("lookup", gun, "nope");
    await play.notary("ann", ["verify", gun, "v1.0"], { stdin: "hello world\n" });
    await play.notary("ann", ["verify", gun, "v1.0"], { stdin: "other world\n" });
    await play.notary("ann", ["verify", gun, "nope"], { stdin: "hello world\n" });
    await one("addhash", gun, "v1.1", "1234", "--sha256", digests[0] ?? "");
    await one("addhash", gun, "v1.2", "99", "--sha256", digests[1] ?? "");
    await one("remove", gun, "v1.0");
    await one("remove", gun, "never-there");
    await one("status", gun);
    await one("reset", gun, "-n", "1");
    await one("status", gun);
    await one("publish", gun);
    await one("list", gun);
    await one("add", gun, "v2.0", "hello.txt");
    await one("reset", gun, "--all");
    await one("status", gun);
    await one("publish", gun);
    await one("add", "-p", gun, "v3.0", "hello.txt");
    await one("addhash", "-p", gun, "v3.1", "7", "--sha256", digests[1] ?? "");
    await one("remove", "-p", gun, "v1.1");
    await one("witness", "-p", gun, "targets");
    await one("list", gun);
    await one("key", "list");
    await play.notary("reader", ["list", gun]);
    await play.notary("reader", ["lookup", gun, "v3.1"]);
    await play.notary("reader", ["add", gun, "v9", "hello.txt"]);
    await play.notary("reader", ["publish", gun]);
  },
};

const rotation: Script = {
  key: "rotation",
  name: "key rotation of every role, to local and to remote management, with readers that saw it and readers that did not",
  async run(play) {
    const gun = "docker.example.com/team/rotation";
    const one = (...args: string[]) => play.notary("ann", args);
    await one("init", "-p", gun);
    await one("add", "-p", gun, "v1", "hello.txt");
    await play.notary("old-reader", ["list", gun]);
    await one("key", "rotate", gun, "snapshot", "-r");
    await one("add", "-p", gun, "v2", "hello.txt");
    await one("key", "rotate", gun, "timestamp", "-r");
    await one("key", "rotate", gun, "timestamp");
    await one("key", "rotate", gun, "targets", "-r");
    await one("key", "rotate", gun, "targets");
    await one("add", "-p", gun, "v3", "hello.txt");
    play.copy("old-reader", "older-reader");
    await play.notary("old-reader", ["list", gun]);
    await play.notary("ann", ["key", "rotate", gun, "root"], { stdin: "no\n" });
    await play.notary("ann", ["key", "rotate", gun, "root"], yes);
    await play.notary("ann", ["key", "rotate", gun, "root"], yes);
    await one("key", "rotate", gun, "snapshot");
    await one("add", "-p", gun, "v4", "hello.txt");
    await one("key", "rotate", gun, "snapshot", "-r");
    await one("key", "rotate", gun, "timestamp", "-r");
    await one("key", "rotate", gun, "nonsense");
    await one("key", "rotate", gun, "targets/releases");
    await one("add", gun, "staged", "hello.txt");
    await one("key", "rotate", gun, "targets");
    await one("status", gun);
    await one("publish", gun);
    for (const who of ["old-reader", "older-reader", "new-reader"]) await play.notary(who, ["list", gun]);
    await one("key", "list");
  },
};

const delegations: Script = {
  key: "delegations",
  name: "delegations: add, list, publish into, remove paths and keys, purge, witness, remove",
  async run(play, { digests, directory }) {
    const gun = "docker.example.com/team/delegations";
    const ann = (...args: string[]) => play.notary("ann", args);
    const bob = (...args: string[]) => play.notary("bob", args);
    await ann("init", "-p", gun);
    await ann("key", "rotate", gun, "snapshot", "-r");
    await ann("delegation", "list", gun);
    await ann("delegation", "add", gun, "targets/releases", "bob.pub", "--all-paths");
    await ann("delegation", "add", gun, "targets/dev", "bob.pub", "carol.pub", "--paths", "dev-,rel-");
    await ann("delegation", "add", gun, "targets/UPPER", "bob.pub", "--all-paths");
    await ann("delegation", "add", gun, "targets/bad/../x", "bob.pub");
    await ann("delegation", "add", gun, "targets/ed", "hello.txt", "--all-paths");
    await ann("status", gun);
    await ann("publish", gun);
    await ann("delegation", "list", gun);
    await bob("key", "import", "bob.key", "--role", "user-bob");
    await bob("key", "list");
    await bob("add", gun, "2.0", "hello.txt", "-r", "targets/releases");
    await bob("publish", gun);
    await bob("addhash", "-p", gun, "dev-1", "42", "--sha256", digests[0] ?? "", "-r", "targets/dev");
    writeFileSync(directory.at("custom-dev.json"), '{"b":1,"a":2}');
    await bob("add", gun, "dev-2", "hello.txt", "-r", "targets/dev", "--custom", "custom-dev.json");
    await bob("publish", gun);
    await bob("reset", gun, "--all");
    await bob("add", gun, "forbidden", "hello.txt", "-r", "targets/dev");
    await bob("publish", gun);
    await bob("reset", gun, "--all");
    await bob("add", gun, "1.0", "hello.txt");
    await bob("publish", gun);
    await bob("reset", gun, "--all");
    await bob("add", gun, "nobody", "hello.txt", "-r", "targets/nobody");
    await bob("publish", gun);
    await bob("reset", gun, "--all");
    await bob("delegation", "add", "-p", gun, "targets/releases/nested", "carol.pub", "--all-paths");
    await play.notary("carol", ["key", "import", "carol.key", "--role", "user-carol"]);
    await play.notary("carol", ["add", "-p", gun, "nested", "hello.txt", "-r", "targets/releases/nested"]);
    await play.notary("reader", ["list", gun]);
    await play.notary("reader", ["list", gun, "-r", "targets/releases"]);
    await play.notary("reader", ["lookup", gun, "nested"]);
    await bob("witness", "-p", gun, "targets/releases");
    await ann("witness", "-p", gun, "targets", "targets/releases");
    await bob("remove", "-p", gun, "2.0", "-r", "targets/releases");
    await ann("delegation", "remove", "-p", gun, "targets/dev", "--paths", "rel-");
    await ann("delegation", "list", gun);
    await ann("delegation", "add", "-p", gun, "targets/dev", "--paths", "hot-");
    await ann("delegation", "remove", gun, "targets/dev", "--paths", "dev-,hot-");
    await ann("delegation", "remove", gun, "targets/dev");
    await play.notary("ann", ["delegation", "remove", "-p", gun, "targets/nothere"], yes);
    await ann("reset", gun, "--all");
    await ann("delegation", "remove", "-y", "-p", gun, "targets/dev");
    await ann("delegation", "list", gun);
    await play.notary("reader", ["list", gun]);
    const listed = await ann("delegation", "list", gun);
    const [key = ""] = /\b[0-9a-f]{64}\b/.exec(listed.stdout) ?? [];
    await ann("delegation", "purge", "-p", gun, "--key", key);
    await ann("delegation", "list", gun);
    await play.notary("reader", ["list", gun]);
    await ann("delegation", "add", "-p", gun, "targets/releases", "carol.pub");
    await play.notary("carol", ["witness", "-p", gun, "targets/releases"]);
    await play.notary("reader", ["list", gun]);
    await play.notary("late-reader", ["list", gun]);
  },
};

const deletion: Script = {
  key: "deletion",
  name: "delete, local and remote, a new beginning, and what readers with a cache see; the changefeed of it all",
  async run(play) {
    const gun = "docker.example.com/team/deletion";
    const one = (...args: string[]) => play.notary("ann", args);
    await one("init", "-p", gun);
    await one("add", "-p", gun, "v1", "hello.txt");
    await one("add", gun, "v2", "hello.txt");
    await one("delete", gun);
    await one("status", gun);
    await one("list", gun);
    await play.notary("reader", ["list", gun]);
    await play.http("GET", `/v2/${gun}/_trust/changefeed?records=0`);
    await one("delete", gun, "--remote");
    await one("delete", gun, "--remote");
    await one("list", gun);
    await play.notary("reader", ["list", gun]);
    await play.notary("fresh-reader", ["list", gun]);
    for (const file of ["root.json", "1.root.json", "timestamp.json"])
      await play.http("GET", `/v2/${gun}/_trust/tuf/${file}`);
    await one("init", "-p", gun);
    await one("add", "-p", gun, "again", "hello.txt");
    await one("list", gun);
    await play.notary("reader", ["list", gun]);
    await play.notary("fresh-reader", ["list", gun]);
    await play.http("GET", `/v2/${gun}/_trust/changefeed?records=100`);
    await play.http("GET", `/v2/${gun}/_trust/changefeed?records=-2`);
  },
};

const mistakes: Script = {
  key: "mistakes",
  name: "mistakes: custom data, odd names, two publishers, keys that are gone, a deleted collection published from a cache",
  async run(play, { directory }) {
    const gun = "docker.example.com/team/mistakes";
    const one = (...args: string[]) => play.notary("ann", args);
    const custom = { good: '{"a":1,"b":"x"}', unsorted: '{"b":1,"a":2}', angle: '{"a":"<b>"}', fraction: '{"a":1.5}' };
    for (const [name, text] of Object.entries(custom)) writeFileSync(directory.at(`custom-${name}.json`), text);
    await one("init", "-p", gun);
    for (const name of Object.keys(custom)) {
      await one("add", gun, `c-${name}`, "hello.txt", "--custom", `custom-${name}.json`);
      await one("publish", gun);
      await one("reset", gun, "--all");
    }
    await one("add", "-p", gun, "<angle> & accent é", "hello.txt");
    await one("list", gun);
    play.copy("ann", "twin");
    await one("add", gun, "mine", "hello.txt");
    await play.notary("twin", ["add", gun, "hers", "hello.txt"]);
    await play.notary("twin", ["publish", gun]);
    await one("publish", gun);
    await one("list", gun);
    const moved = `docker.example.com/team/moved-${play.side.letter}`;
    await play.notary("mover", ["init", moved], { isElsewhere: true });
    await play.notary("mover", ["publish", moved]);
    await play.notary("docker-mover", ["init", "-p", moved], { isElsewhere: true });
    await play.notary("docker-mover", ["key", "rotate", moved, "snapshot", "-r"], { isElsewhere: true });
    await play.notary("docker-mover", ["publish", moved]);
    await play.notary("stranger", ["init", "-p", gun]);
    await play.notary("stranger", ["key", "rotate", gun, "snapshot", "-r"]);
    await play.notary("forgetful", ["list", gun]);
    await play.notary("forgetful", ["remove", "-p", gun, "mine"]);
    await play.notary("ann", ["add", "-p", gun, "wrong", "hello.txt"], {
      env: { NOTARY_TARGETS_PASSPHRASE: "wrong passphrase" },
    });
    await one("reset", gun, "--all");
    play.copy("ann", "before");
    await one("delete", gun, "--remote");
    await play.notary("before", ["add", "-p", gun, "back", "hello.txt"]);
    await play.notary("before", ["list", gun]);
  },
};

export const notaryScripts: readonly Script[] = [firstSteps, rotation, delegations, deletion, mistakes];
