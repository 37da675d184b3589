// What a person does with a collection: start one, sign, verify, list, inspect, revoke, rotate its keys, delegate, stage, carry it offline. Each flow takes a typed request
// and ports, prints nothing and parses no arguments; the CLI and the library are thin over it. No flow believes anything that the
// updater has not verified, and none reports a publish done before a fresh reader of each dialect has read it back.
export { type CarryOnReport, type CarryOnRequest, carryOn, rootKeysAtHand } from "./carry-on.ts";
export { chooseRoles } from "./choose-roles.ts";
export { carriedDialects, readState } from "./collection-state.ts";
export { type Connections, type ConnectOptions, connect } from "./connect.ts";
export { type Content, contentOfBytes, contentOfDigest, contentOfFile, targetOf } from "./content.ts";
export type { DelegatedSince } from "./delegated-since.ts";
export { type ImageContent, imageContent } from "./image-content.ts";
export { type InitReport, type InitRequest, initCollection } from "./init.ts";
export { type Inspection, inspectCollection, type TopRoleReport } from "./inspect.ts";
export { type FoundKey, findKeys, joinedRing, type KeyPlaces, keyPlaces, openKeyRing } from "./key-ring.ts";
export { listTags, type TagListing } from "./list-tags.ts";
export { cachedRootPins, inNotaryDirectory, notaryKeyPlaces } from "./notary-workplace.ts";
export type { Progress, ReadPorts } from "./ports.ts";
export { proposePins } from "./propose-pins.ts";
export { type PublicKeyFile, readPublicKeyFile, requireRootCertificate } from "./public-key-files.ts";
export { type PublishedRole, type PublishReport, type PublishRequest, publishChanges } from "./publish.ts";
export { type LastReading, readLastInForce } from "./read-for-change.ts";
export {
  type NewKeys,
  type RoleRotation,
  type RotatedRole,
  type RotateReport,
  type RotateRequest,
  rotateKeys,
} from "./rotate.ts";
export type { NewKit } from "./rotation-kit.ts";
export { type SavedBundle, saveBundle } from "./save-bundle.ts";
export { fetchServerKey } from "./server-key.ts";
export {
  type RevokeRequest,
  revokeTargets,
  type SignRequest,
  signTargets,
  stageTargets,
  type TargetToSign,
} from "./sign.ts";
export {
  publishStaged,
  type StagedPublishReport,
  type StagedPublishRequest,
  stageChanges,
  stagedChange,
} from "./staged-changes.ts";
export {
  type CollectionStatus,
  collectionStatus,
  describeStaged,
  type KeyStatus,
  type RoleStatus,
} from "./status.ts";
export { parseQualifiedName, parseSubject, type Subject, type SubjectText } from "./subject.ts";
export { openTrustedCollection, type ReadRequest } from "./trusted-collection.ts";
export type { Reason, Refused, SignedFacts, Trusted, Verdict, VerdictDocument } from "./verdict.ts";
export { type VerifyBundleRequest, type VerifyRequest, verifyFromBundle, verifyTarget } from "./verify.ts";
