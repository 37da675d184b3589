// The parts of a publish, named as docs/api.md says.
import { encodeHex, type RoleName, sha256 } from "../bytes/index.ts";
import type { DialectName } from "../tuf/index.ts";
import type { PublishPart } from "./trust-server.ts";

/** A signed document; `role` in the model's spelling in both dialects. */
export function documentPart(dialect: DialectName, role: RoleName, bytes: Uint8Array): PublishPart {
  return { filename: `${dialect}/${role}`, bytes };
}

/** The content of a target, for the plain TUF 1.0 tree. */
export function blobPart(bytes: Uint8Array): PublishPart {
  return { filename: `blob/${encodeHex(sha256(bytes))}`, bytes };
}
