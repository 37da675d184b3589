// What `docker trust` says to do: nothing that its caller cannot do.
import assert from "node:assert/strict";
import { it } from "node:test";
import { CountersignError } from "../../bytes/index.ts";
import { failureText } from "./failure.ts";

it("advice about options and directories that docker trust does not have is left out, docker's own stands in its place", () => {
  const hints = [
    "give the certificate authority of that server with --tls-ca FILE or COUNTERSIGN_TLS_CA",
    "or put it where docker looks: ca.crt",
  ];
  const tls = failureText(new CountersignError("tls.untrusted", "not trusted", { hints }));
  assert.equal(tls, "not trusted\n  - or put it where docker looks: ca.crt\n");
  const missing = new CountersignError("key.missing", "no key", {
    hints: ["bring it with: countersign key import FILE"],
  });
  assert.equal(
    failureText(missing),
    "no key\n  - a key that is elsewhere comes here with: docker trust key load KEYFILE\n",
  );
  for (const code of ["key.passphrase_missing", "key.passphrase_wrong"] as const) {
    const text = failureText(new CountersignError(code, "closed", { hints: ["give it by file descriptor"] }));
    assert.match(text, /^closed\n {2}- set DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE and [A-Z_]+, or run on a terminal\n$/);
  }
});

it("no control character of a server or a file reaches the terminal", () => {
  const error = new CountersignError("metadata.invalid", "bad \u001b[2Jname", { hints: ["\u001b]0;title\u0007"] });
  assert.doesNotMatch(failureText(error), /[\u0000-\u0009\u000b-\u001f]/);
});
