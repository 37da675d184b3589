// Changes to the list of targets of one role, applied to the model of one dialect. A batch copies the list once, so signing many
// tags together stays linear in their number.
import { CountersignError, isJsonObject, type JsonValue, type RoleName } from "../bytes/index.ts";
import type { Target, Targets } from "../tuf/index.ts";
import type { AddTarget, RemoveTarget } from "./change.ts";
import { withProvenance } from "./custom.ts";

export interface EditOptions {
  /** Who publishes, for the target's custom data; undefined leaves the name out. */
  readonly publisher: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** @throws target.missing when a target to remove is not there; target.invalid for an unusable length or hash */
export function editTargets(
  role: RoleName,
  base: Targets,
  changes: readonly (AddTarget | RemoveTarget)[],
  options: EditOptions,
): Targets {
  const targets = new Map(base.targets);
  for (const change of changes) {
    if (change.kind === "add") {
      targets.set(change.name, targetOf(change, options));
    } else if (!targets.delete(change.name)) {
      throw new CountersignError("target.missing", `${role} has no target ${JSON.stringify(change.name)}`, {
        hints: ["list the targets first; a target is removed from the role that holds it"],
      });
    }
  }
  return { ...base, targets };
}

function targetOf(change: AddTarget, options: EditOptions): Target {
  const sha256 = change.hashes.get("sha256");
  const sha512 = change.hashes.get("sha512");
  const isBad =
    !Number.isSafeInteger(change.length) ||
    change.length < 0 ||
    (sha256 === undefined && sha512 === undefined) ||
    (sha256 !== undefined && sha256.length !== 32) ||
    (sha512 !== undefined && sha512.length !== 64);
  if (isBad) {
    throw new CountersignError(
      "target.invalid",
      `target ${JSON.stringify(change.name)} needs a length and a sha256 (32 bytes) or sha512 (64 bytes) hash`,
    );
  }
  return {
    length: change.length,
    hashes: change.hashes,
    custom: change.isVerbatim === true ? change.custom : customOf(change, options),
  };
}

function customOf(change: AddTarget, options: EditOptions): JsonValue {
  const { custom } = change;
  if (custom !== undefined && !isJsonObject(custom)) {
    throw new CountersignError("target.invalid", `custom data of ${JSON.stringify(change.name)} is not an object`);
  }
  return withProvenance(custom, { publisher: options.publisher, signedAt: options.now });
}
