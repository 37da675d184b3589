// Passphrases, in this order: --passphrase-file or --passphrase-fd, the environment (ours by role, ours for all, then Notary's and
// docker's), a hidden question on a terminal. Without any of them the error names the variables. None ever enters an error or log.
import { readFile } from "node:fs/promises";
import { CountersignError } from "../bytes/index.ts";
import { diskError, type Environment } from "../home/index.ts";
import type { KeyPurpose, PassphraseProvider, PassphraseRequest } from "../signers/index.ts";
import type { Arguments, OptionSpec } from "./command.ts";
import type { Terminal } from "./terminal.ts";

export const passphraseOptions: readonly OptionSpec[] = [
  {
    name: "passphrase-file",
    value: "FILE",
    isFile: true,
    text: "take the passphrase of every key from the first line of a file",
  },
  { name: "passphrase-fd", value: "N", text: "take it from the first line of an open file descriptor" },
];

/** Variables by purpose, the first that is set wins. */
export const passphraseVariables: Readonly<Record<KeyPurpose, readonly string[]>> = {
  root: [
    "COUNTERSIGN_ROOT_PASSPHRASE",
    "COUNTERSIGN_PASSPHRASE",
    "NOTARY_ROOT_PASSPHRASE",
    "DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE",
  ],
  targets: [
    "COUNTERSIGN_TARGETS_PASSPHRASE",
    "COUNTERSIGN_PASSPHRASE",
    "NOTARY_TARGETS_PASSPHRASE",
    "DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE",
  ],
  snapshot: [
    "COUNTERSIGN_SNAPSHOT_PASSPHRASE",
    "COUNTERSIGN_PASSPHRASE",
    "NOTARY_SNAPSHOT_PASSPHRASE",
    "DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE",
  ],
  delegation: [
    "COUNTERSIGN_DELEGATION_PASSPHRASE",
    "COUNTERSIGN_PASSPHRASE",
    "NOTARY_DELEGATION_PASSPHRASE",
    "DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE",
  ],
  recovery: ["COUNTERSIGN_RECOVERY_PASSPHRASE", "COUNTERSIGN_PASSPHRASE"],
};

const maxPassphraseBytes = 4096;
const minNewLength = 8;

/** A provider for this run. A file or descriptor is read once, at the first question. */
export function passphraseProvider(args: Arguments, env: Environment, terminal: Terminal): PassphraseProvider {
  const file = args.value("passphrase-file");
  const descriptor = args.value("passphrase-fd");
  let given: Promise<string> | undefined;
  const chosen = new Map<KeyPurpose, string>();
  return async (request) => {
    if (file !== undefined || descriptor !== undefined) {
      given ??= file === undefined ? readDescriptor(descriptor ?? "") : readFirstLine(file, file);
      return given;
    }
    const name = passphraseVariables[request.purpose].find((candidate) => (env[candidate] ?? "") !== "");
    if (name !== undefined) return env[name];
    if (!terminal.canAsk) throw noPassphrase(request);
    // A key made a moment ago is opened with what was chosen for it.
    const known = request.isNew || request.attempt === 1 ? chosen.get(request.purpose) : undefined;
    const answer = known ?? (request.isNew ? await askNew(terminal, request) : await askOld(terminal, request));
    if (answer !== undefined && request.isNew) chosen.set(request.purpose, answer);
    return answer;
  };
}

function noPassphrase(request: PassphraseRequest): CountersignError {
  const [first, second] = passphraseVariables[request.purpose];
  const which = request.isNew ? `a new ${request.purpose} key` : `the ${request.purpose} key ${shortId(request.keyId)}`;
  return new CountersignError(
    "key.passphrase_missing",
    `${which} needs a passphrase, and there is no terminal to ask on`,
    {
      hints: [`set ${first} or ${second}`, "or pass --passphrase-file FILE or --passphrase-fd N"],
    },
  );
}

async function askOld(terminal: Terminal, request: PassphraseRequest): Promise<string | undefined> {
  if (request.attempt > 1) terminal.warning("that passphrase does not open the key");
  return terminal.ask(`passphrase of the ${request.purpose} key ${shortId(request.keyId)}: `, { hidden: true });
}

async function askNew(terminal: Terminal, request: PassphraseRequest): Promise<string | undefined> {
  for (;;) {
    const first = await terminal.ask(`new passphrase for the ${request.purpose} key: `, { hidden: true });
    if (first === undefined) return undefined;
    if ([...first].length < minNewLength) {
      terminal.warning(`a passphrase has at least ${minNewLength} characters`);
      continue;
    }
    const second = await terminal.ask("once more: ", { hidden: true });
    if (second === undefined || second === first) return second;
    terminal.warning("these two differ");
  }
}

function shortId(id: string | undefined): string {
  return id === undefined ? "" : id.slice(0, 7);
}

async function readDescriptor(text: string): Promise<string> {
  const number = Number(text);
  if (!/^[0-9]{1,4}$/.test(text)) {
    throw new CountersignError("usage.invalid", "--passphrase-fd needs the number of an open file descriptor");
  }
  return readFirstLine(number, `file descriptor ${number}`);
}

async function readFirstLine(source: string | number, name: string): Promise<string> {
  let text: string;
  try {
    text = typeof source === "number" ? await readOpenFile(source) : await readFile(source, "utf8");
  } catch (error) {
    throw diskError(error, "read", name);
  }
  const [line = ""] = text.split(/\r?\n/, 1);
  if (line !== "" && text.length <= maxPassphraseBytes) return line;
  throw new CountersignError("key.passphrase_missing", `the first line of ${name} is no passphrase`);
}

async function readOpenFile(descriptor: number): Promise<string> {
  const { readFileSync } = await import("node:fs");
  return readFileSync(descriptor, "utf8");
}
