// The ground everything stands on: strict encodings, canonical JSON, digests, names, errors, time. It refuses whatever
// two implementations could read differently, because all of it is fed by strangers. RFC 8259 (JSON), OLPC canonical
// JSON as in TUF 1.0.34 section 4.2, RFC 4648 (base64), RFC 7468 and 1421 (PEM), X.690 (DER), RFC 3339 (dates).
export { encodeCanonicalJson } from "./canonical-json.ts";
export { type Clock, systemClock } from "./clock.ts";
export {
  type Decoder,
  decodeAny,
  decodeArray,
  decodeBoolean,
  decodeInteger,
  decodeMap,
  decodeMember,
  decodeNullable,
  decodeObject,
  decodeOptionalMember,
  decodeString,
  extraMembers,
  formatPath,
  invalidAt,
  type JsonPath,
  jsonPath,
} from "./decode.ts";
export { contextTag, type DerElement, DerReader, derTag } from "./der.ts";
export {
  derBitString,
  derBoolean,
  derElement,
  derExplicit,
  derImplicit,
  derInteger,
  derNull,
  derObjectIdentifier,
  derOctetString,
  derSequence,
  derSetOfOne,
  derTime,
  derUtf8String,
} from "./der-writer.ts";
export {
  type Digest,
  digestFromHash,
  digestOf,
  digestParts,
  type HashAlgorithm,
  type Hashes,
  hash,
  parseDigest,
  sha256,
  sha512,
} from "./digest.ts";
export {
  assertNever,
  CountersignError,
  type ErrorCode,
  type ErrorKind,
  type ErrorOptions,
  errorTable,
  isCountersignError,
} from "./errors.ts";
export { type JsonLimits, parseJson, type SignedJson } from "./json.ts";
export type { JsonEntries } from "./json-entries.ts";
export { isJsonObject, type JsonObject, type JsonValue } from "./json-value.ts";
export {
  type Gun,
  isTopRole,
  maxGunLength,
  maxTargetNameBytes,
  parseGun,
  parseImageName,
  parseRoleName,
  parseTargetName,
  parseTuf1RoleName,
  type RoleName,
  type TargetName,
  type TopRole,
  topRoles,
} from "./names.ts";
export { formatPem, maxPemLength, type PemBlock, parsePem } from "./pem.ts";
export { formatRfc3339, formatRfc3339Seconds, parseRfc3339, type Rfc3339 } from "./rfc3339.ts";
export type { EntriesWanted } from "./scanned-json.ts";
export { severalAtOnce } from "./several-at-once.ts";
export { parseSignedJson } from "./signed-json.ts";
export {
  compareUtf8,
  decodeBase64,
  decodeHex,
  decodeUtf8,
  encodeBase64,
  encodeHex,
  encodeUtf8,
  equalBytes,
} from "./text.ts";
