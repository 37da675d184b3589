// Passphrases as Notary's client takes them: NOTARY_<ROLE>_PASSPHRASE, else a question on the terminal, in its words. A variable that is
// wrong fails at once; without variable and terminal there is no passphrase (notary-v1, sections 4.2 and 13).
import type { Environment } from "../../home/index.ts";
import type { KeyPurpose, PassphraseProvider, PassphraseRequest } from "../../signers/index.ts";
import { printable } from "../terminal.ts";

const variables: Readonly<Record<KeyPurpose, string>> = {
  root: "NOTARY_ROOT_PASSPHRASE",
  targets: "NOTARY_TARGETS_PASSPHRASE",
  snapshot: "NOTARY_SNAPSHOT_PASSPHRASE",
  delegation: "NOTARY_DELEGATION_PASSPHRASE",
  recovery: "NOTARY_ROOT_PASSPHRASE",
};

const minLength = 8;
const maxQuestions = 10;

const rootAdvice = `You are about to create a new root signing key passphrase. This passphrase
will be used to protect the most sensitive key in your signing system. Please
choose a long, complex passphrase and be careful to keep the password and the
key file itself secure and backed up. It is highly recommended that you use a
password manager to generate the passphrase and keep it safe. There will be no
way to recover this key. You can find the key in your config directory.
`;

export interface Asking {
  readonly env: Environment;
  readonly canAsk: boolean;
  say(text: string): void;
  ask(question: string, options: { readonly isSecret: true }): Promise<string | undefined>;
}

/** The variable for keys of this purpose. */
export function passphraseVariable(purpose: KeyPurpose): string {
  return variables[purpose];
}

export function notaryPassphrases(asking: Asking): PassphraseProvider {
  const given = new Map<string, string>();
  return async (request) => {
    const set = asking.env[variables[request.purpose]];
    if (set !== undefined && set !== "") return set;
    if (!asking.canAsk) return undefined;
    const known = request.keyId === undefined || request.attempt > 1 ? undefined : given.get(request.keyId);
    const answer = known ?? (request.isNew ? await askNew(asking, request) : await askOld(asking, request));
    // A key made a moment ago is opened with what was chosen for it.
    if (answer !== undefined && request.keyId !== undefined) given.set(request.keyId, answer);
    return answer;
  };
}

/** As notaryPassphrases, for a key whose passphrase is changed: the variable says the old one, the new one is always asked for. */
export function newPassphrases(asking: Asking, old: PassphraseProvider): PassphraseProvider {
  return async (request) => {
    if (!request.isNew) return old(request);
    return asking.canAsk ? askNew(asking, request) : (asking.env[variables[request.purpose]] ?? undefined);
  };
}

function nameOf(request: PassphraseRequest): string {
  const key = `${printable(request.role ?? request.purpose)} key`;
  return request.keyId === undefined ? key : `${key} with ID ${request.keyId.slice(0, 7)}`;
}

async function askOld(asking: Asking, request: PassphraseRequest): Promise<string | undefined> {
  if (request.attempt > 1) asking.say("Passphrase incorrect. Please retry.\n");
  return asking.ask(`Enter passphrase for ${nameOf(request)}: `, { isSecret: true });
}

async function askNew(asking: Asking, request: PassphraseRequest): Promise<string | undefined> {
  if (request.purpose === "root") asking.say(rootAdvice);
  for (let asked = 0; asked < maxQuestions; asked++) {
    const first = await asking.ask(`Enter passphrase for new ${nameOf(request)}: `, { isSecret: true });
    if (first === undefined) return undefined;
    if ([...first].length < minLength) {
      asking.say(
        "Passphrase is too short. Please use a password manager to generate and store a good random passphrase.\n",
      );
      continue;
    }
    const second = await asking.ask(`Repeat passphrase for new ${nameOf(request)}: `, { isSecret: true });
    if (second === undefined || second === first) return second;
    asking.say("Passphrases do not match. Please retry.\n");
  }
  return undefined;
}
