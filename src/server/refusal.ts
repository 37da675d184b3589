// Why an upload was refused: the coded error, and where in the chain it arose. Notary's clients show a reason only when they are
// told which document it concerns (notary-v1, section 6.3), so the place travels with the error.
import { CountersignError, isCountersignError, type RoleName } from "../bytes/index.ts";

/** Notary's kinds: validation is "the set as a whole", hierarchy "a document the server cannot make is missing". */
export type RefusalPlace = "validation" | "root" | "targets" | "snapshot" | "hierarchy";

export class RefusedUpload extends CountersignError {
  readonly place: RefusalPlace;

  constructor(place: RefusalPlace, cause: CountersignError) {
    super(cause.code, cause.message, { hints: cause.hints, cause });
    this.place = place;
  }
}

export function refuse(place: RefusalPlace, error: CountersignError): never {
  throw new RefusedUpload(place, error);
}

/** Runs `work`; a coded error comes out as a refusal at that place. */
export function refusingAt<T>(place: RefusalPlace, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (isCountersignError(error) && !(error instanceof RefusedUpload)) throw new RefusedUpload(place, error);
    throw error;
  }
}

export function placeOf(role: RoleName | string): RefusalPlace {
  if (role === "root") return "root";
  if (role === "snapshot") return "snapshot";
  return role === "timestamp" ? "validation" : "targets";
}
