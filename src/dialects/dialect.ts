// The shape of a dialect, for those who import it from here; it stands in tuf/ so that TrustedSet can serve both.
export type { Dialect, RootKeyUse } from "../tuf/index.ts";
