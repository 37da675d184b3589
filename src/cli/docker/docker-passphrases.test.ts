// Passphrases in docker's ways: which variable opens what, what is asked, and that nothing is shown on a terminal.
import assert from "node:assert/strict";
import { it } from "node:test";
import type { KeyPurpose, PassphraseRequest } from "../../signers/index.ts";
import { dockerPassphrases } from "./docker-passphrases.ts";

function asked(env: Readonly<Record<string, string>>, answers: readonly string[] = [], inIsTerminal = true) {
  const said: string[] = [];
  const hidden: boolean[] = [];
  const left = [...answers];
  const streams = {
    out: (text: string) => {
      said.push(text);
    },
    err: () => undefined,
    outIsTerminal: true,
    errIsTerminal: true,
    inIsTerminal,
    readLine: async (options: { readonly hidden: boolean }) => {
      hidden.push(options.hidden);
      return left.shift();
    },
  };
  const provider = dockerPassphrases(streams, env, async ({ purpose }) =>
    purpose === "delegation" ? "alice" : undefined,
  );
  const ask = (purpose: KeyPurpose, more: Partial<PassphraseRequest> = {}) =>
    provider({ purpose, keyId: undefined, attempt: 1, isNew: false, ...more });
  return { ask, said, hidden };
}

it("docker's variables: one for root, one for everything else; ours after them", async () => {
  const { ask, said } = asked({
    DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE: "root-pass",
    DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE: "repository-pass",
    COUNTERSIGN_PASSPHRASE: "ours",
  });
  assert.equal(await ask("root"), "root-pass");
  for (const purpose of ["targets", "snapshot", "delegation"] as const)
    assert.equal(await ask(purpose), "repository-pass");
  assert.equal(await asked({ COUNTERSIGN_PASSPHRASE: "ours" }).ask("root"), "ours");
  assert.equal(await asked({ DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE: "x" }, ["typed"]).ask("root"), "typed");
  assert.deepEqual(said, []);
});

it("a new one is asked twice and held to a length, unseen; what differs is asked again", async () => {
  const { ask, said, hidden } = asked({}, ["short", "long enough", "something else", "long enough", "long enough"]);
  assert.equal(await ask("delegation", { isNew: true }), "long enough");
  assert.deepEqual(new Set(hidden), new Set([true]));
  const text = said.join("");
  assert.match(text, /^Enter passphrase for new alice key: \nPassphrase is too short\./);
  assert.match(text, /Repeat passphrase for new alice key: \nPassphrases do not match\. Please retry\.\n/);
  // The key made a moment ago opens with it.
  assert.equal(await ask("delegation"), "long enough");
});

it("what is piped in is read line by line; a root key's first question comes with docker's warning", async () => {
  const { ask, said, hidden } = asked({}, ["piped passphrase", "piped passphrase"], false);
  assert.equal(await ask("root", { isNew: true }), "piped passphrase");
  assert.deepEqual(hidden, [false, false]);
  assert.match(said.join(""), /^You are about to create a new root signing key passphrase\./);
  assert.match(said.join(""), /Enter passphrase for new root key: /);
});

it("nobody there to answer: none, and no loop", async () => {
  assert.equal(await asked({}).ask("targets"), undefined);
  assert.equal(await asked({}, ["a", "b", "c", "d", "e", "f"]).ask("targets", { isNew: true }), undefined);
});
