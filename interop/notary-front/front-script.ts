// What people and scripts type at `notary`, right and wrong, one after the other in one trust directory. Unlike the scripts of
// interop/sessions it begins no collection twice: with Debian's client that ends the collection, with ours it is refused.
import type { Script } from "../sessions/notary-scripts.ts";

const gun = "docker.example.com/team/front";

export const frontScript: Script = {
  key: "front",
  name: "first steps, help, keys, and what is refused",
  async run(play, { digests: [digest = ""] }) {
    const ann = (...args: string[]) => play.notary("ann", args);
    await ann("status", gun);
    await ann("list", gun);
    await ann("init", gun);
    await ann("list", gun);
    await ann("add", gun, "v1", "hello.txt");
    await ann("add", gun, "v2", "no-such-file");
    await ann("addhash", gun, "v3", "12");
    await ann("addhash", gun, "v3", "12", "--sha256", "abcd");
    await ann("addhash", gun, "v3", "twelve", "--sha256", digest);
    await ann("addhash", gun, "v3", "12", "--sha256", digest);
    await ann("remove", gun, "v9");
    await ann("status", gun);
    await ann("reset", gun);
    await ann("reset", gun, "-n", "x");
    await ann("reset", gun, "-n", "2");
    await ann("publish", gun);
    await ann("status", gun);
    await ann("list", gun);
    await ann("lookup", gun, "v1");
    await ann("lookup", gun, "nope");
    await play.notary("ann", ["verify", gun, "v1"], { stdin: "hello world\n" });
    await play.notary("ann", ["verify", gun, "v1", "-q"], { stdin: "hello world\n" });
    await play.notary("ann", ["verify", gun, "v1"], { stdin: "other world\n" });
    await play.notary("ann", ["verify", gun, "nope"], { stdin: "hello world\n" });
    await ann("remove", "-p", gun, "v1");
    await ann("list", gun);
    await ann("key", "list");
    await ann("key", "generate", "rsa");
    await ann("key", "remove", "abc");
    await ann("key", "export", "--gun", gun, "--key", "abc");
    await ann("key", "rotate", gun, "timestamp");
    await ann("key", "rotate", gun, "targets", "-r");
    await ann("key", "rotate", gun);
    await ann("delegation", "add", gun);
    await ann("delegation", "remove", gun, "targets/none");
    await ann("delegation", "purge", gun);
    await ann("witness", gun);
    await ann("list", "--bogus");
    await ann("list", gun, "-r");
    await ann("lst");
    await ann("help");
    await ann("remove");
    await ann("add", gun, "v5", "hello.txt", "-r", "root");
    await ann("remove", gun, "v5", "-r", "nonsense");
    await ann("delegation", "list", "docker.example.com/team/none");
    await ann("verify", gun, "v3", "-i", "hello.txt", "-o", "no-such-directory/out");
    await ann("list", "--help");
    await ann("key", "--help");
    await ann("key", "rotate", "--help");
    await ann("delegation", "add", "--help");
    await play.notary("reader", ["lookup", gun, "v3"]);
    await play.notary("reader", ["add", "-p", gun, "v4", "hello.txt"]);
    await ann("delete", gun);
    await ann("delete", gun, "--remote");
    await ann("list", gun);
  },
};
