// Passphrases as docker takes them: DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE for root keys, DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE for all
// others, then ours; otherwise asked in docker's words, from a terminal unseen, or line by line from what is piped in. Only what is chosen
// on a terminal is held to a length.
import type { Environment } from "../../home/index.ts";
import type { KeyPurpose, PassphraseProvider, PassphraseRequest } from "../../signers/index.ts";
import { passphraseVariables } from "../passphrases.ts";
import type { Streams } from "../terminal.ts";

const minNewLength = 8;
const maxTries = 4;

const rootWarning = [
  "You are about to create a new root signing key passphrase. This passphrase",
  "will be used to protect the most sensitive key in your signing system. Please",
  "choose a long, complex passphrase and be careful to keep the password and the",
  "key file itself secure and backed up. It is highly recommended that you use a",
  "password manager to generate the passphrase and keep it safe. There will be no",
  "way to recover this key. You can find the key in your config directory.",
];

/** `nameOf`: what the key is called in a question; a signer's name where docker shows that. */
export function dockerPassphrases(
  streams: Streams,
  env: Environment,
  nameOf: (request: PassphraseRequest) => Promise<string | undefined>,
): PassphraseProvider {
  const chosen = new Map<string, string>();
  return async (request) => {
    const given = variablesOf(request.purpose).find((name) => (env[name] ?? "") !== "");
    if (given !== undefined) return env[given];
    const key = request.keyId ?? request.purpose;
    // A key made a moment ago is opened with what was chosen for it.
    const known = request.attempt === 1 && !request.isNew ? chosen.get(key) : undefined;
    if (known !== undefined) return known;
    const name = (await nameOf(request)) ?? displayName(request.purpose);
    const title = `${name} key${request.keyId === undefined ? "" : ` with ID ${request.keyId.slice(0, 7)}`}`;
    const answer = request.isNew ? await askNew(streams, request, title) : await askOld(streams, request, title);
    if (answer !== undefined && request.isNew) chosen.set(key, answer);
    return answer;
  };
}

function variablesOf(purpose: KeyPurpose): readonly string[] {
  const docker =
    purpose === "root" ? "DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE" : "DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE";
  return [docker, ...passphraseVariables[purpose].filter((name) => name.startsWith("COUNTERSIGN_"))];
}

function displayName(purpose: KeyPurpose): string {
  return purpose === "targets" || purpose === "snapshot" ? "repository" : purpose;
}

async function askOld(streams: Streams, request: PassphraseRequest, title: string): Promise<string | undefined> {
  if (request.attempt > 1) streams.out("Passphrase incorrect. Please retry.\n");
  return ask(streams, `Enter passphrase for ${title}: `);
}

async function askNew(streams: Streams, request: PassphraseRequest, title: string): Promise<string | undefined> {
  if (request.purpose === "root") streams.out(`${rootWarning.join("\n")}\n`);
  for (let tries = 1; tries <= maxTries; tries++) {
    const first = await ask(streams, `Enter passphrase for new ${title}: `);
    if (first === undefined) return undefined;
    if (first.length < minNewLength) {
      streams.out(
        "Passphrase is too short. Please use a password manager to generate and store a good random passphrase.\n",
      );
      continue;
    }
    const second = await ask(streams, `Repeat passphrase for new ${title}: `);
    if (second === undefined || second === first) return second;
    streams.out("Passphrases do not match. Please retry.\n");
  }
  return undefined;
}

async function ask(streams: Streams, question: string): Promise<string | undefined> {
  streams.out(question);
  const answer = await streams.readLine({ hidden: streams.inIsTerminal });
  streams.out("\n");
  return answer?.trim();
}
