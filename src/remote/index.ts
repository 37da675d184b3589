// The door of remote: one collection on one trust server, ours or a real notary-server. It moves bytes and verifies none:
// what it fetches is for the updater, what a server says about itself is for people.
//
//   const server = createTrustServer({ url, gun, client, clock });          // client: AuthorizedClient of http
//   const source = server.tuf1Source();                                     // MetadataSource for the updater
//   await server.publish([documentPart("tuf1", role, bytes), blobPart(manifest)]);
export type { TrustServerOptions } from "./http-trust-server.ts";
export { createTrustServer } from "./http-trust-server.ts";
export { blobPart, documentPart } from "./publish-parts.ts";
export type { TokenAdmin, TokenListing, TokenRequest } from "./token-admin.ts";
export { createTokenAdmin } from "./token-admin.ts";
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
