// A new recovery kit for a collection that is alive already: on disk, whole and readable, before the root that names it goes out.
import { CountersignError, type Gun } from "../bytes/index.ts";
import { createFile, readSmallFile } from "../home/index.ts";
import type { CanonicalKeyId, Signer } from "../keys/index.ts";
import { makeRecoveryKit, type PassphraseProvider, parseRecoveryKit } from "../signers/index.ts";

export interface NewKit {
  readonly path: string;
  /** Asked for when a kit is made. */
  readonly passphrase: () => Promise<string>;
}

/** The kit of an interrupted run where its file is still there, else a new one. @throws key.exists for a file that is another's */
export async function makeNewKit(
  about: {
    readonly gun: Gun;
    /** Milliseconds since the epoch. */
    readonly now: number;
    readonly passphrases: PassphraseProvider;
    readonly earlier: { readonly path: string; readonly id: CanonicalKeyId } | undefined;
  },
  { path, passphrase }: NewKit,
  /** Called before the file is there. */
  note: (id: CanonicalKeyId) => Promise<void>,
): Promise<Signer> {
  const { gun, now, passphrases, earlier } = about;
  if (earlier !== undefined) {
    const bytes = await readSmallFile(earlier.path, { maxBytes: 64 * 1024 });
    const kit = bytes === undefined ? undefined : parseRecoveryKit(bytes);
    if (kit !== undefined && kit.keyId === earlier.id) return kit.open(passphrases);
  }
  const made = await makeRecoveryKit({ gun, passphrase: await passphrase(), now });
  await note(made.signer.publicKey.id);
  if (await createFile(path, made.text)) return made.signer;
  throw new CountersignError("key.exists", `${path} is there already`, {
    hints: ["a recovery kit is never overwritten: move the file away or name another one"],
  });
}
