// What people do with the docker command line and content trust. No registry and no engine run: the client talks to the trust server as
// ever, and the stand-in engine says what an engine would say about images.
import { chmodSync, copyFileSync } from "node:fs";
import type { Script } from "./notary-scripts.ts";

const yes = { stdin: "y\n" };
/** On loopback the client does not check the trust server's certificate. */
const host = "127.0.0.1:5000";

const pushAndPull: Script = {
  key: "docker-push",
  name: "docker push and pull with content trust, inspect, revoke",
  async run(play) {
    const image = `${host}/team/pushed`;
    const one = (...args: string[]) => play.docker("ann", args);
    await one("trust", "inspect", image);
    await one("trust", "inspect", "--pretty", image);
    await one("pull", `${image}:v1`);
    await one("push", `${image}:v1`);
    await one("trust", "inspect", image);
    await one("trust", "inspect", "--pretty", image);
    await one("trust", "inspect", `${image}:v1`);
    await one("trust", "inspect", `${image}:v9`);
    await one("push", `${image}:v2`);
    await one("push", `${image}:not-there`);
    await one("pull", `${image}:v1`);
    await one("pull", `${image}:v9`);
    await play.docker("reader", ["pull", `${image}:v2`]);
    await play.docker("reader", ["run", "--rm", `${image}:v9`]);
    await play.engineRequests();
    await one("trust", "revoke", `${image}:v2`);
    await one("trust", "revoke", `${image}:v2`);
    // With one tag: the client takes several in no order.
    await play.docker("reader", ["pull", "--all-tags", image]);
    await play.docker("reader", ["pull", `${image}:v2`]);
    await play.docker("ann", ["trust", "revoke", image], { stdin: "n\n" });
    await one("trust", "revoke", "-y", image);
    await one("trust", "revoke", "-y", image);
    await one("trust", "inspect", "--pretty", image);
    await play.docker("reader", ["pull", `${image}:v1`]);
  },
};

const signers: Script = {
  key: "docker-trust",
  name: "docker trust: key generate and load, signer add and remove, sign",
  async run(play, { directory }) {
    const image = `${host}/team/signed`;
    const home = play.home("ann");
    const one = (...args: string[]) => play.docker("ann", args);
    copyFileSync(directory.at("bob.key"), directory.at("open.key"));
    chmodSync(directory.at("open.key"), 0o644);
    await one("trust", "key", "generate", "ann", "--dir", home);
    await one("trust", "key", "generate", "Bad Name", "--dir", home);
    await one("trust", "key", "load", "open.key", "--name", "bob");
    await one("trust", "key", "load", "carol.pub");
    await play.docker("bob", ["trust", "key", "load", "bob.key", "--name", "bob"]);
    await one("trust", "signer", "add", "--key", `${home}/ann.pub`, "ann", image);
    await one("trust", "signer", "add", "--key", "bob.pub", "bob", image);
    await one("trust", "signer", "add", "--key", "bob.pub", "releases", image);
    await one("trust", "signer", "add", "--key", "hello.txt", "carl", image);
    await one("trust", "inspect", "--pretty", image);
    await one("trust", "sign", `${image}:v1`);
    await play.docker("bob", ["trust", "sign", `${image}:v1`]);
    await play.docker("carl", ["trust", "sign", `${image}:v1`]);
    await one("push", `${image}:v2`);
    await one("trust", "inspect", image);
    await one("trust", "inspect", "--pretty", image);
    await play.docker("reader", ["pull", `${image}:v1`]);
    await one("trust", "revoke", `${image}:v2`);
    await one("trust", "signer", "remove", "bob", image);
    await one("trust", "signer", "remove", "nobody", image);
    await play.notary("ann/trust", ["delegation", "list", image]);
    await play.notary("ann/trust", ["delegation", "remove", "-y", "-p", image, "targets/bob"]);
    await one("trust", "inspect", "--pretty", image);
    await play.docker("ann", ["trust", "signer", "remove", "ann", image], yes);
    await one("trust", "signer", "remove", "--force", "ann", image);
    await one("trust", "inspect", "--pretty", image);
    await play.docker("reader", ["pull", `${image}:v1`]);
    await one("trust", "sign", `${host}/team/never-pushed:v1`);
    await one("trust", "inspect", image, `${host}/team/never-pushed`, `${host}/team/nothing`);
  },
};

export const dockerScripts: readonly Script[] = [pushAndPull, signers];
