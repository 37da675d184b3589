// `docker trust sign IMAGE:TAG`: signs what the registry has under the tag; the first time it starts the repository, with the login's name
// as its signer.
import { CountersignError, parseRoleName } from "../../bytes/index.ts";
import {
  addSigner,
  ownSigner,
  parseSignerName,
  type Repository,
  readTrustData,
  type SignedTag,
  signImage,
  startRepository,
} from "../../docker-trust/index.ts";
import type { Collection } from "../../updater/index.ts";
import type { Streams } from "../terminal.ts";
import { prefixed } from "./failure.ts";
import { say, type TrustCommand, type TrustContext } from "./trust-command.ts";
import { inRepository } from "./trust-place.ts";

export const trustSign: TrustCommand = {
  spec: {
    words: ["sign"],
    usage: "IMAGE:TAG",
    summary: "Sign an image",
    names: { exactly: 1 },
    options: [{ name: "local", text: ["Sign a locally tagged image"] }],
  },
  async run(context) {
    const { args, streams } = context;
    const [text = ""] = args.names;
    await inRepository(context, text, async (repository) => {
      const tag = tagOf(repository);
      let collection = await repository.read({ offline: false });
      if (await isToBegin(repository, collection)) {
        collection = await repository.whileStarting(() => beginUnlessBegun(repository, streams));
      }
      const [existing] = collection === undefined ? [] : (await readTrustData(collection, tag)).tags;
      await signTag(repository, context, { tag, existing });
    });
    return 0;
  },
};

async function signTag(
  repository: Repository,
  { args, streams }: TrustContext,
  { tag, existing }: { readonly tag: string; readonly existing: SignedTag | undefined },
): Promise<void> {
  const { text, reference } = repository.image;
  const overwrites = args.flag("local");
  if (overwrites) {
    streams.err(`Signing and pushing trust data for ${text} as the registry has it, may overwrite remote trust data\n`);
  }
  const signature = await signImage(repository, { tag, existing, overwrites });
  if (existing === undefined || signature.replaces) {
    say(streams, `${tag}: digest: sha256:${signature.digest} size: ${signature.length}`);
    say(streams, "Signing and pushing trust metadata");
  } else {
    say(streams, `Signing and pushing trust metadata for ${text}`);
  }
  try {
    await signature.publish();
  } catch (error) {
    throw prefixed(`failed to sign ${reference.gun}:${tag}`, error);
  }
  if (existing !== undefined && !signature.replaces) {
    say(streams, `Existing signatures for tag ${existing.name} digest ${existing.digest} from:`);
    say(streams, [...existing.signers].sort().join(", "));
  }
  say(streams, `Successfully signed ${reference.gun}:${tag}`);
}

async function isToBegin(repository: Repository, collection: Collection | undefined): Promise<boolean> {
  return collection === undefined || isHalfStarted(repository, collection);
}

/** Another process of this machine may have begun it since it was looked for. */
async function beginUnlessBegun(repository: Repository, streams: Streams): Promise<Collection | undefined> {
  const collection = await repository.read({ offline: false });
  if (!(await isToBegin(repository, collection))) return collection;
  // Before anything is made that cannot be taken back.
  await repository.content();
  await begin(repository, streams, collection === undefined);
  return repository.read({ offline: false });
}

/** An earlier run made the collection and was cut off before it had named the first signer. */
async function isHalfStarted(repository: Repository, collection: Collection): Promise<boolean> {
  const { root, targets } = collection.documents();
  const top = targets.get(parseRoleName("targets"))?.signed;
  const isUntouched = root.signed.version === 1 && top?.version === 1 && top.targets.size === 0;
  if (!isUntouched || (top.delegations?.roles.length ?? 0) > 0) return false;
  const held = (await repository.ring()).ids();
  const { keys, roles } = root.signed;
  const own = roles.targets.keyIds.flatMap((id) => keys.get(id)?.publicKey?.id ?? []);
  return own.some((id) => held.has(id)) && (await repository.login()) !== undefined;
}

async function begin(repository: Repository, streams: Streams, isNew: boolean): Promise<void> {
  const { host } = repository.image.reference;
  const login = await repository.login();
  if (login === undefined || login === "") {
    throw new CountersignError("usage.invalid", `nobody is logged in to ${host}, so the first signer has no name`, {
      hints: [
        `log in: docker login ${host}`,
        "or name the first signer: docker trust signer add --key NAME.pub NAME REPOSITORY",
      ],
    });
  }
  const role = parseSignerName(login);
  // Asks for a passphrase, perhaps: first, so that nothing is half started when the answer does not come.
  const key = await ownSigner(repository, login);
  if (isNew) await startRepository(repository);
  await repository.publish({ changes: () => addSigner(role, [key]) });
  say(streams, `Created signer: ${login}`);
  say(streams, `Finished initializing signed repository for ${repository.image.text}`);
}

/** @throws usage.invalid; a digest beside the tag is fine: exactly that content is signed */
function tagOf({ image: { text, reference } }: Repository): string {
  if (reference.tag !== undefined) return reference.tag;
  const isDigest = reference.digest !== undefined;
  throw new CountersignError(
    "usage.invalid",
    isDigest ? "cannot use a digest reference for IMAGE:TAG" : `no tag specified for ${text}`,
  );
}
