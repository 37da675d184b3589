// Makes a document: encode `signed` once, sign those bytes, assemble. Nothing re-serialises them afterwards, so the hash of
// what is stored, sent and listed in snapshots is the hash of these bytes (notary-v1 9.5, the hash trap).
import type { RoleName } from "../bytes/index.ts";
import type { Signer } from "../keys/index.ts";
import type { Dialect } from "./dialect.ts";
import type { Document, Key, Signature, Signed } from "./model.ts";

/** A secret and the key object under which the document's role lists its public half. */
export interface SigningKey {
  readonly signer: Signer;
  readonly key: Key;
}

/**
 * Signs `signed` with every key given, in the order given; one key object signs once.
 * @throws preflight.inexpressible, key.unsupported, and what a signer throws
 */
export async function signDocument<T extends Signed>(
  dialect: Dialect,
  role: RoleName,
  signed: T,
  signingKeys: readonly SigningKey[],
): Promise<Document<T>> {
  const signedBytes = dialect.encodeSigned(signed);
  const signatures = new Map<string, Signature>();
  for (const { signer, key } of signingKeys) {
    if (signatures.has(key.id)) continue;
    const { scheme, method } = dialect.signingScheme(key);
    signatures.set(key.id, { keyId: key.id, method, signature: await signer.sign(signedBytes, scheme) });
  }
  const list = [...signatures.values()];
  const bytes = dialect.assemble(signedBytes, list);
  return { dialect: dialect.name, role, bytes, signedBytes, signatures: list, signed };
}
