// What the commands of `docker trust` share: docker's directory, its passphrases, notes on stderr, and questions.
import { join } from "node:path";
import { CountersignError } from "../../bytes/index.ts";
import {
  type DockerTrustOptions,
  dockerDirectory,
  openRepository,
  parseDockerImage,
  type Repository,
} from "../../docker-trust/index.ts";
import { type NotaryVault, openNotaryVault, type PassphraseProvider } from "../../signers/index.ts";
import { printable, type Streams } from "../terminal.ts";
import { dockerPassphrases } from "./docker-passphrases.ts";
import type { TrustContext } from "./trust-command.ts";

/** docker's key folder. */
export function dockerVault({ env }: Pick<TrustContext, "env">): NotaryVault {
  return openNotaryVault(join(dockerDirectory(env), "trust", "private"));
}

/** `newName`: what a key that is made now is called in a question. */
export function passphrasesOf(context: Omit<TrustContext, "args">, newName?: string): PassphraseProvider {
  const { streams, env } = context;
  return dockerPassphrases(streams, env, async (request) => {
    if (request.purpose !== "delegation") return undefined;
    if (request.isNew) return newName;
    const keys = request.keyId === undefined ? [] : await dockerVault(context).list();
    return keys.find(({ id }) => id === request.keyId)?.role ?? newName;
  });
}

/** The repository of an image; closed when `work` is done. @throws reference.invalid, usage.invalid, and what `work` throws */
export async function inRepository<T>(
  context: Omit<TrustContext, "args">,
  text: string,
  work: (repository: Repository) => Promise<T>,
  newName?: string,
): Promise<T> {
  const { env, clock, streams } = context;
  const notify = (note: string): void => streams.err(`note: ${printable(note)}\n`);
  const options: DockerTrustOptions = { env, clock, passphrases: passphrasesOf(context, newName), notify };
  const repository = await openRepository(parseDockerImage(text), options);
  try {
    return await work(repository);
  } finally {
    repository.close();
  }
}

/** For a command about signatures that are there, in docker's words. */
export function noTrustData({ gun, image, ports }: Repository): CountersignError {
  return new CountersignError("collection.missing", `${ports.server.url.host} does not have trust data for ${gun}`, {
    hints: [
      `nothing is signed under this name: check it, or begin with docker trust sign ${image.text}`,
      "is it the right trust server? DOCKER_CONTENT_TRUST_SERVER names another",
    ],
  });
}

/** docker's question; everything but y means no. */
export async function confirm(streams: Streams, question: string): Promise<boolean> {
  streams.out(`${printable(question)} [y/N] `);
  return (await streams.readLine({ hidden: false }))?.trim().toLowerCase() === "y";
}
