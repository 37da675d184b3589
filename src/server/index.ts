// The trust server: Notary's routes, the publish and bundle routes of docs/api.md, a plain TUF 1.0 tree per collection.
// It signs snapshots and timestamps and nothing else, and accepts nothing that a fresh reader could not verify. There is no
// authentication yet, so it keeps to loopback unless told otherwise. Notary v1 sections 6 and 7; TUF 1.0.34 sections 6 and 7.
export { type AccessOptions, adminTokenPath, openServerAccess } from "./admin-access.ts";
export { type App, type AppOptions, createApp } from "./app.ts";
export { type MasterKey, sealKey } from "./key-sealing.ts";
export { renewalTime, withJitter } from "./lifetimes.ts";
export { localRoleSigner } from "./local-role-signer.ts";
export { openMasterKey } from "./master-key.ts";
export { openStorageAndKey, type StorageAndKey } from "./open-parts.ts";
export {
  everyAddress,
  type RemoteSigner,
  type RunningServer,
  type ServerLog,
  type ServerOptions,
  type SignerChoice,
  type StorageChoice,
  type TlsChoice,
} from "./options.ts";
export { isRememberedRemoteKey, rememberedRemoteKey } from "./remote-role-signer.ts";
export type { OnlineRole, RoleSigner } from "./role-signer.ts";
export { defaultPort, startServer } from "./start-server.ts";
