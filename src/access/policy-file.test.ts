// The policy file: what it takes, and that no slip in it opens a door.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { CountersignError, encodeUtf8, parseJson } from "../bytes/index.ts";
import { decodeAccessPolicy } from "./policy-file.ts";

const github = "https://token.actions.githubusercontent.com";

function decode(value: unknown) {
  return decodeAccessPolicy(parseJson(encodeUtf8(JSON.stringify(value))), "/etc/countersign");
}

function fault(value: unknown): string {
  try {
    decode(value);
  } catch (error) {
    assert.ok(error instanceof CountersignError, String(error));
    return error.message;
  }
  return assert.fail(`accepted: ${JSON.stringify(value)}`);
}

function githubRule(rule: Readonly<Record<string, unknown>>) {
  const whole = { claims: { repository: "octo/app" }, collections: ["x/**"], actions: ["push"], ...rule };
  return { url: "https://trust.example.com", oidc: [{ issuer: github, rules: [whole] }] };
}

test("an empty policy means API tokens and nothing for anybody else", () => {
  assert.deepEqual(decode({}), { anonymousPull: [], apiTokens: true, oidc: [] });
});

test("a whole policy, with paths beside the file and the audience from the server's own address", () => {
  const policy = decode({
    url: "https://trust.example.com/",
    anonymousPull: ["registry.example.com/public/**"],
    dockerTokens: {
      realm: "https://auth.example.com/token",
      service: "notary",
      issuer: "auth",
      rootCertBundle: "certs/bundle.pem",
    },
    oidc: [
      {
        issuer: github,
        rules: [{ claims: { repository: "octo/app", ref_protected: true }, collections: ["a"], actions: ["*"] }],
      },
      {
        issuer: "https://ci.example.com",
        audience: "x",
        jwks: "/keys.json",
        rules: [{ claims: { a: "b" }, collections: [], actions: ["pull"] }],
      },
    ],
  });
  assert.equal(policy.url, "https://trust.example.com");
  assert.equal(policy.dockerTokens?.rootCertBundlePath, "/etc/countersign/certs/bundle.pem");
  assert.deepEqual(policy.oidc[0]?.audiences, ["https://trust.example.com"]);
  assert.equal(policy.oidc[0]?.rules[0]?.claims.get("ref_protected"), "true");
  assert.equal(policy.oidc[1]?.jwksPath, "/keys.json");
});

test("a misspelt member is named, not passed over: anonymousPul would close, claim would open", () => {
  assert.match(fault({ anonymousPul: [] }), /^policy\.anonymousPul: unknown member/);
  assert.match(fault(githubRule({ claim: {} })), /^policy\.oidc\[0\]\.rules\[0\]\.claim: unknown member/);
  assert.match(fault({ ["__proto__"]: { apiTokens: true } }), /unknown member/);
});

test("a rule that would let in everybody's jobs is refused", () => {
  assert.match(fault(githubRule({ claims: {} })), /no claim/);
  assert.match(fault(githubRule({ claims: { ref: "refs/heads/main" } })), /anybody can run jobs/);
  assert.match(fault(githubRule({ claims: { repository: "*/app" } })), /anybody can run jobs/);
  assert.match(fault(githubRule({ claims: { repository: "**", ref: "refs/heads/main" } })), /anybody can run jobs/);
  assert.match(fault(githubRule({ claims: { sub: "repo:*" } })), /anybody can run jobs/);
  assert.match(fault(githubRule({ claims: { repository: "octo*/app" } })), /anybody can run jobs/);
  const workflow = "octo/ci/.github/workflows/release.yml@refs/heads/main";
  assert.match(fault(githubRule({ claims: { job_workflow_ref: workflow } })), /anybody can run jobs/);
  for (const claims of [
    { job_workflow_ref: workflow, repository_owner: "octo" },
    { repository_owner: "octo" },
    { sub: "repo:octo/app:*" },
    { repository_id: 123 },
    { repository: "octo/*" },
  ]) {
    assert.equal(decode(githubRule({ claims })).oidc.length, 1);
  }
});

test("at other issuers that everybody has an account with a rule must say whose they are, too", () => {
  const rule = (issuer: string, claims: object) => ({
    oidc: [{ issuer, audience: "a", rules: [{ claims, collections: ["x"], actions: ["push"] }] }],
  });
  for (const [issuer, owner] of [
    ["https://agent.buildkite.com", "organization_slug"],
    ["https://app.terraform.io", "terraform_organization_name"],
    ["https://accounts.google.com", "email"],
  ] as const) {
    assert.match(fault(rule(issuer, { ref: "main" })), /anybody can run jobs/, issuer);
    assert.equal(decode(rule(issuer, { [owner]: "octo" })).oidc.length, 1, issuer);
  }
  assert.equal(decode(rule("https://gitlab.example.com", { ref: "main" })).oidc.length, 1);
});

test("patterns, actions, addresses and texts that mean nothing or too much", () => {
  assert.match(fault({ anonymousPull: [""] }), /policy\.anonymousPull\[0\]/);
  assert.match(fault({ anonymousPull: ["a/***"] }), /\*\*\*/);
  assert.match(fault({ anonymousPull: "**" }), /expected a list/);
  assert.match(fault(githubRule({ actions: [] })), /no action/);
  assert.match(fault(githubRule({ actions: ["admin"] })), /pull, push or \*/);
  assert.match(fault({ url: "http://trust.example.com" }), /https/);
  assert.match(fault({ url: "https://u:p@trust.example.com" }), /https/);
  assert.match(fault({ apiTokens: "false" }), /true or false/);
  const docker = { realm: "https://a.example.com/t", service: "s", issuer: "i" };
  assert.match(fault({ dockerTokens: docker }), /rootCertBundle or jwks/);
  assert.match(fault({ dockerTokens: { ...docker, jwks: "j", service: 's"\r\nx: y' } }), /plain text/);
  assert.match(fault({ dockerTokens: { ...docker, jwks: "j", realm: "http://a.example.com" } }), /https/);
  assert.match(fault({ limits: { upload: { perMinute: 1, burst: 1 } } }), /policy\.limits\.upload: unknown member/);
  assert.match(fault({ limits: { uploads: { perMinute: 0, burst: 1 } } }), /policy\.limits\.uploads\.perMinute/);
  assert.match(fault({ limits: { uploads: { perMinute: 1 } } }), /policy\.limits\.uploads\.burst/);
  const twice = { issuer: "https://ci.example.com", audience: "a", rules: githubRule({}).oidc[0]?.rules };
  assert.match(fault({ oidc: [twice, twice] }), /named twice/);
  assert.match(fault({ oidc: [{ ...twice, audience: undefined }] }), /audience/);
  assert.match(fault({ oidc: [{ ...twice, rules: [] }] }), /no rule/);
});

test("the policies that the documentation shows are policies", () => {
  const text = readFileSync(new URL("../../docs/authentication.md", import.meta.url), "utf8");
  const shown = [...text.matchAll(/```json\n([\s\S]*?)```/g)].map((match): unknown => JSON.parse(match[1] ?? ""));
  const [whole, gitlab] = shown;
  assert.equal(shown.length, 2);
  assert.equal(decode(whole).oidc[0]?.rules[0]?.name, "releases");
  assert.equal(decode({ url: "https://trust.example.com", oidc: [gitlab] }).oidc[0]?.rules[0]?.claims.size, 3);
});
