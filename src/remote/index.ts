// The door of remote: one collection on one trust server, ours or a real notary-server.
//
//   const server = createTrustServer({ url, gun, client, clock });          // client: AuthorizedClient of http
//   const source = server.tuf1Source();                                     // MetadataSource for the updater
export type {
  BundleRequest,
  CallOptions,
  PublishedDocument,
  PublishOptions,
  PublishPart,
  PublishResult,
  RoleStatus,
  ServerStatus,
  TrustServer,
} from "./trust-server.ts";
