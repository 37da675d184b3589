// Credentials where `docker login` keeps them: config.json (auths, credHelpers, credsStore) and the programs it names,
// docker-credential-NAME, spoken to over stdin and stdout. Rule: a credential is found under its own host only (Docker Hub
// under `https://index.docker.io/v1/`), a program has a deadline and an output limit, and its output enters no error.
import { promises } from "node:fs";
import { join } from "node:path";
import { CountersignError, encodeUtf8 } from "../bytes/index.ts";
import type { Credential, CredentialSource } from "./credentials.ts";
import { entriesOf, member, parseLooseJson, stringMember } from "./json-body.ts";
import { type RunProgram, runProgram } from "./run-program.ts";
import { nodeCode } from "./transport-errors.ts";

export interface DockerCredentialOptions {
  /** `$DOCKER_CONFIG`, or `~/.docker`. */
  readonly directory: string;
  /** Starts the helper program; node:child_process unless told. */
  readonly run?: RunProgram;
  /** 10 s unless told: a helper may ask its user something, but not for ever. */
  readonly helperTimeoutMs?: number;
}

const hubKey = "https://index.docker.io/v1/";
const hubNames = new Set(["docker.io", "index.docker.io", "registry-1.docker.io"]);
/** What a helper answers for "I have none"; every implementation uses this text. */
const notFound = "credentials not found in native keychain";
/** With this user name the secret is an identity token. */
const tokenUser = "<token>";

/**
 * Reads the file on first use. @throws disk.unreadable; usage.invalid for a file that is no JSON object or an entry that
 * cannot be read; download.denied when a helper fails
 */
export function dockerCredentials(options: DockerCredentialOptions): CredentialSource {
  let reading: Promise<unknown> | undefined;
  return async (host) => {
    reading ??= readConfig(join(options.directory, "config.json"));
    const config = await reading;
    const keys = hubNames.has(host) ? [hubKey] : [host];
    for (const key of keys) {
      const helper = helperFor(config, key, host);
      const found = helper === undefined ? fromAuths(config, key) : await askHelper(helper, key, options);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

async function readConfig(path: string): Promise<unknown> {
  let bytes: Uint8Array;
  try {
    bytes = await promises.readFile(path);
  } catch (cause) {
    if (nodeCode(cause) === "ENOENT" || nodeCode(cause) === "ENOTDIR") return {};
    throw new CountersignError("disk.unreadable", `${path} cannot be read (${nodeCode(cause)})`, { cause });
  }
  const config = parseLooseJson(bytes);
  if (typeof config !== "object" || config === null) {
    throw new CountersignError("usage.invalid", `${path} is not a JSON object`, {
      hints: ["repair it, or point DOCKER_CONFIG at another directory"],
    });
  }
  return config;
}

function helperFor(config: unknown, key: string, host: string): string | undefined {
  const helpers = member(config, "credHelpers");
  const named = stringMember(helpers, key) ?? stringMember(helpers, host) ?? stringMember(config, "credsStore");
  return named === "" ? undefined : named;
}

/** Docker also finds entries written as `https://host/v1/` or with a path; only the host part counts. */
function fromAuths(config: unknown, key: string): Credential | undefined {
  const auths = member(config, "auths");
  const exact = member(auths, key);
  const entry = exact ?? entriesOf(auths).find(([name]) => hostOfKey(name) === hostOfKey(key))?.[1];
  if (entry === undefined) return undefined;
  const token = stringMember(entry, "identitytoken");
  if (token !== undefined && token !== "") return { kind: "identityToken", token };
  const pair = stringMember(entry, "auth");
  if (pair === undefined || pair === "") return undefined;
  const text = Buffer.from(pair, "base64").toString("utf8").replace(/\0+$/, "");
  const colon = text.indexOf(":");
  if (colon <= 0) {
    throw new CountersignError(
      "usage.invalid",
      `docker's config.json: the entry for ${key} is not base64 of user:password`,
      {
        hints: [`log in again: docker login ${key}`],
      },
    );
  }
  return { kind: "password", username: text.slice(0, colon), password: text.slice(colon + 1) };
}

function hostOfKey(key: string): string {
  return key.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
}

async function askHelper(
  helper: string,
  key: string,
  options: DockerCredentialOptions,
): Promise<Credential | undefined> {
  const program = `docker-credential-${helper}`;
  const fail = (why: string, cause?: unknown): CountersignError =>
    new CountersignError("download.denied", `the credential helper ${program} ${why} (asked for ${key})`, {
      hints: [
        `try it by hand: echo ${key} | ${program} get`,
        "docker's config.json names it under credHelpers or credsStore",
      ],
      cause,
    });
  if (!/^[A-Za-z0-9._-]{1,100}$/.test(helper)) throw fail("has a name that is no program name");
  const { run = runProgram, helperTimeoutMs = 10_000 } = options;
  const result = await run(program, ["get"], encodeUtf8(key), { timeoutMs: helperTimeoutMs, maxBytes: 1_048_576 });
  switch (result.kind) {
    case "absent":
      throw fail("is not installed", result.cause);
    case "late":
      throw fail(`did not answer within ${helperTimeoutMs} ms`);
    case "tooLong":
      throw fail("answered more than a credential");
    case "ended":
      break;
  }
  if (result.exitCode !== 0) {
    if (Buffer.from(result.stdout).includes(notFound)) return undefined;
    throw fail(`failed with exit code ${result.exitCode}`);
  }
  const credential = fromHelper(result.stdout);
  if (credential === undefined) throw fail("answered something that is no credential");
  return credential;
}

function fromHelper(stdout: Uint8Array): Credential | undefined {
  const reply = parseLooseJson(stdout);
  const username = stringMember(reply, "Username");
  const secret = stringMember(reply, "Secret");
  if (username === undefined || secret === undefined) return undefined;
  if (username === tokenUser) return { kind: "identityToken", token: secret };
  return { kind: "password", username, password: secret };
}
