// What `notary init` takes from elsewhere: the server's timestamp key, and a root certificate that somebody else has issued.
import { decodeUtf8, type Gun } from "../../bytes/index.ts";
import { fetchServerKey, type ReadPorts } from "../../flows/index.ts";
import {
  type CanonicalKeyId,
  type Certificate,
  type PublicKey,
  parseCertificates,
  rootCertificateFault,
} from "../../keys/index.ts";
import { NotaryUsage } from "./command-line.ts";
import { requiredFile } from "./required-file.ts";

export function serverTimestampKey(ports: ReadPorts): Promise<PublicKey> {
  return fetchServerKey(ports, "timestamp");
}

/** @throws NotaryUsage for a file that holds no certificate every reader of `gun` would accept */
export async function rootCertificateOf(
  path: string,
  gun: Gun,
  now: number,
  rootKey: CanonicalKeyId | undefined,
): Promise<Certificate> {
  const bytes = await requiredFile(path, "error reading certificate file");
  const certificates = parseCertificates(decodeUtf8(bytes));
  const [leaf, another] = certificates;
  if (leaf === undefined) throw new NotaryUsage("error reading certificate file: it holds no certificate");
  if (another !== undefined) {
    throw new NotaryUsage("error reading certificate file: a root certificate comes alone here, without intermediates");
  }
  const fault = rootCertificateFault([leaf], { gun, now });
  if (fault !== undefined) throw new NotaryUsage(`root certificate cannot be used for ${gun}: ${fault}`);
  if (rootKey !== undefined && leaf.publicKey?.id !== rootKey) {
    throw new NotaryUsage("could not obtain public key from IDs: private key is nil or does not match public key");
  }
  return leaf;
}
