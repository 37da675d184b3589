// The names of things, each made by one parser which is the only way in. A name that passes here can safely be part
// of a URL path, a map key or an error; it is still never used as a file name without encoding.
import { Buffer } from "node:buffer";
import { CountersignError } from "./errors.ts";

declare const gunBrand: unique symbol;
declare const roleBrand: unique symbol;
declare const targetBrand: unique symbol;

/** A collection's globally unique name: `registry.example.com/team/app`. Notary's GUN. */
export type Gun = string & { readonly [gunBrand]: true };
/** A role as the model names it: root, targets, snapshot, timestamp, or a delegation `targets/NAME[/NAME]`. */
export type RoleName = string & { readonly [roleBrand]: true };
/** A target's name inside a collection: an image tag or a relative path. */
export type TargetName = string & { readonly [targetBrand]: true };

export type TopRole = "root" | "targets" | "snapshot" | "timestamp";
export const topRoles: readonly TopRole[] = ["root", "targets", "snapshot", "timestamp"];

export const maxGunLength = 255;
export const maxTargetNameBytes = 1024;

const host = "(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\\[[0-9a-fA-F:]+\\])(?::[0-9]{1,5})?";
const repositoryPart = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const imageName = new RegExp(`^(?:${host}/)?${repositoryPart}(?:/${repositoryPart})*$`);
const gunPart = "[A-Za-z0-9_][A-Za-z0-9._~+-]*";
const anyGun = new RegExp(`^(?:${host}/)?${gunPart}(?:/${gunPart})*$`);

/**
 * A GUN as Notary's users made them: optional host[:port], then path components of letters, digits and `._~+-` that begin with a letter,
 * a digit or `_`. notary-server takes nearly any text; what stays refused is what has several spellings in a URL, means something to a
 * shell or a path (`..`, empty components, `*`, `%`, quotes, blanks) or to our routes (`_trust`). @throws gun.invalid
 */
export function parseGun(text: string): Gun {
  if (text.length > maxGunLength || !anyGun.test(text) || text.split("/").includes("_trust")) throw notAGun(text);
  return text as Gun;
}

/**
 * The GUN of an image, as registries name repositories: lower-case path components (OCI distribution specification 1.1, "Pulling
 * manifests"); upper case is allowed in the host only. @throws gun.invalid
 */
export function parseImageName(text: string): Gun {
  if (text.length > maxGunLength || !imageName.test(text)) throw notAGun(text);
  return text as Gun;
}

function notAGun(text: string): CountersignError {
  return new CountersignError("gun.invalid", `not a collection name: ${JSON.stringify(text.slice(0, 80))}`, {
    hints: ["a collection is named like a repository, without a tag: registry.example.com/team/app"],
  });
}

/** A role in Notary's spelling; delegations start with `targets/` (notary-v1, section 1). @throws role.invalid */
export function parseRoleName(text: string): RoleName {
  const isTop = (topRoles as readonly string[]).includes(text);
  const isDelegation = text.length < 256 && /^targets(?:\/[-a-z0-9_]+)+$/.test(text);
  if (!isTop && !isDelegation) {
    throw new CountersignError("role.invalid", `not a role name: ${JSON.stringify(text.slice(0, 80))}`);
  }
  return text as RoleName;
}

/** A relative path of non-empty segments, none of them `.` or `..`, without control characters or backslash. @throws name.invalid */
export function parseTargetName(text: string): TargetName {
  const segments = text.split("/");
  const bad =
    text === "" ||
    Buffer.byteLength(text, "utf8") > maxTargetNameBytes ||
    /[\u0000-\u001f\u007f\\]/.test(text) ||
    !text.isWellFormed() ||
    segments.some((segment) => segment === "" || segment === "." || segment === "..");
  if (bad) {
    throw new CountersignError("name.invalid", `not a target name: ${JSON.stringify(text.slice(0, 80))}`, {
      hints: ["a target is a tag such as 1.4.2, or a relative path such as dist/app.tar"],
    });
  }
  return text as TargetName;
}

export function isTopRole(role: string): role is TopRole {
  return (topRoles as readonly string[]).includes(role);
}

/**
 * A delegated role as TUF 1.0 names it: any well-formed string without control characters, at most 255 bytes, that is not
 * one of the four top-level names (tuf-1.0, section 1). @throws role.invalid
 */
export function parseTuf1RoleName(text: string): RoleName {
  const bad =
    text === "" ||
    Buffer.byteLength(text, "utf8") > 255 ||
    /[\u0000-\u001f\u007f]/.test(text) ||
    !text.isWellFormed() ||
    isTopRole(text);
  if (bad)
    throw new CountersignError("role.invalid", `not a delegated role name: ${JSON.stringify(text.slice(0, 80))}`);
  return text as RoleName;
}
