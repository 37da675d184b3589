// Notary's own configuration files, read as notary-server and notary-signer read them, with their environment overrides. What cannot
// be understood stops the start with an error that names it; what has no meaning here is told. Notary v1, section 12.
export { maskedDsn, maskedUrl } from "./database-url.ts";
export { readNotaryServerConfig } from "./server-config.ts";
export type {
  CertificatePaths,
  IgnoredSetting,
  ListenAddress,
  LogLevel,
  NotaryConfig,
  NotaryServerSettings,
  NotarySignerSettings,
  NotaryStorage,
  NotaryTokenAuth,
  TakenSetting,
  TrustService,
} from "./settings.ts";
export { storageName } from "./shared-settings.ts";
export { readNotarySignerConfig } from "./signer-config.ts";
