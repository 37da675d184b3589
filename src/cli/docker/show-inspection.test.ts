// Inspections to the byte as docker 28 printed the same facts.
import assert from "node:assert/strict";
import { it } from "node:test";
import type { TrustData } from "../../docker-trust/index.ts";
import { inspectionJson, prettyInspection } from "./show-inspection.ts";

const digest = "5a6e910823092f5ccf8ff3a1f84d94b9d6b0f9e81a83fe77e596aaa9618567e6";
const data: TrustData = {
  tags: [
    { name: "v1", digest, length: 192, hashes: new Map(), signers: ["bob", "alice"] },
    { name: "v2", digest, length: 192, hashes: new Map(), signers: [] },
  ],
  signers: [
    { name: "alice", keys: ["8af6bbe1b84042baa9bae8f189d3f64f86b288fb23b49341594affa91aaf1a48"] },
    { name: "bob", keys: ["e376d4c7fdf3b87d59bc9869b29a8f49f30c46af6730423205c04ccafe33eb25"] },
  ],
  rootKeys: ["78d64dc822ef8dfd0fe294022b6ac342186ec09cf84d34ef4368fe9abefaa8e4"],
  repositoryKeys: ["0898faad496294dee8d6094c5b4277e1986386e8dbaf64b6f790ad3a855172eb"],
};

it("tables as docker's --pretty has them", () => {
  assert.equal(
    prettyInspection("127.0.0.1:14440/team/app", data),
    `
Signatures for 127.0.0.1:14440/team/app

SIGNED TAG   DIGEST                                                             SIGNERS
v1           ${digest}   alice, bob
v2           ${digest}   (Repo Admin)

List of signers and their keys for 127.0.0.1:14440/team/app

SIGNER    KEYS
alice     8af6bbe1b840
bob       e376d4c7fdf3

Administrative keys for 127.0.0.1:14440/team/app

  Repository Key:\t0898faad496294dee8d6094c5b4277e1986386e8dbaf64b6f790ad3a855172eb
  Root Key:\t78d64dc822ef8dfd0fe294022b6ac342186ec09cf84d34ef4368fe9abefaa8e4
`,
  );
  const empty = prettyInspection("x", { ...data, tags: [], signers: [] });
  assert.match(empty, /^\nNo signatures for x\n\n\nAdministrative keys for x\n\n/);
});

it("a tag's name cannot draw on the terminal or break out of the JSON", () => {
  const [first] = data.tags;
  assert.ok(first !== undefined);
  const evil = { ...data, tags: [{ ...first, name: "v1\u001b[2K<script>&" }] };
  assert.doesNotMatch(prettyInspection("x", evil), /\u001b/);
  const json = inspectionJson([{ text: "x", data: evil }]);
  assert.doesNotMatch(json, /[<>&\u001b]/);
  assert.match(json, /"SignedTag": "v1\\u001b\[2K\\u003cscript\\u003e\\u0026"/);
});

it("JSON as docker writes it: signers from the end, nobody is Repo Admin, nothing found is an empty list", () => {
  const [one] = JSON.parse(inspectionJson([{ text: "x", data }]));
  assert.deepEqual(Object.keys(one), ["Name", "SignedTags", "Signers", "AdministrativeKeys"]);
  assert.deepEqual(one.SignedTags[1], { SignedTag: "v2", Digest: digest, Signers: ["Repo Admin"] });
  assert.deepEqual(one.SignedTags[0].Signers, ["bob", "alice"]);
  assert.deepEqual(
    one.Signers.map(({ Name }: { Name: string }) => Name),
    ["bob", "alice"],
  );
  assert.equal(inspectionJson([]), "[]\n");
});
