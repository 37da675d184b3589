// The two ways roles are written: notary1 (Notary v1, TUF 0.9 JSON) and tuf1 (TUF specification 1.0.34). A dialect turns the
// model of tuf/ into bytes and back; it decides nothing about trust. It refuses what it cannot say (preflight.inexpressible)
// before anything is signed.
import type { Dialect, DialectName } from "../tuf/index.ts";
import { type Glance, glanceAt } from "./envelope.ts";
import { notary1, decodeSignature as notary1Signature } from "./notary1/notary1.ts";
import { tuf1, decodeSignature as tuf1Signature } from "./tuf1/tuf1.ts";

export type { Dialect, RootKeyUse } from "../tuf/index.ts";
export { type CertificateOf, convertRoot, convertTargets } from "./convert.ts";
export { maxDepth as maxConvertedDepth, patternsOfPrefixes, prefixesOfPatterns } from "./convert-paths.ts";
export { type RememberingDialect, rememberingDialect } from "./remembering.ts";
export { delegatedRoleFromTuf1, roleFromTuf1, roleInTuf1 } from "./role-names.ts";
export { foreignTuf1 } from "./tuf1/tuf1.ts";
export { type Glance, notary1, tuf1 };

/** The dialect of that name. */
export function dialectNamed(name: DialectName): Dialect {
  return name === "notary1" ? notary1 : tuf1;
}

/** Signed bytes and signatures of a document, before it is read: undefined when it is not laid out as usual. See envelope.ts. */
export function glance(name: DialectName, bytes: Uint8Array): Glance | undefined {
  return glanceAt(bytes, name === "notary1" ? notary1Signature : tuf1Signature);
}
