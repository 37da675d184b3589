// notary-signer's protocol, both ends: a client for the server's signing port, and the signer itself with its keys at rest. A secret
// never leaves the signer, and no answer of a signer is believed before it is checked. Notary v1, sections 4, 10, 11 and 12.
export {
  missingPassphrase,
  type PassphraseOf,
  parseAlias,
  passphrasesFromEnvironment,
  passphraseVariables,
} from "./passphrases.ts";
export { defaultSignerPort } from "./protocol.ts";
export { type Rotated, rotatePassphrase } from "./rotate-passphrase.ts";
export type { SignerClientOptions } from "./signer-call.ts";
export {
  type NewKeyAlgorithm,
  openSignerClient,
  type RemoteKey,
  type SignerClient,
  type SignerHealth,
} from "./signer-client.ts";
export { type ImportedSignerKey, openSignerKeys, type SignerKeys, type SignerKeysOptions } from "./signer-keys.ts";
export {
  everyAddress,
  type RunningSigner,
  type SignerLog,
  type SignerServerOptions,
  startSignerServer,
} from "./signer-server.ts";
