// The two ways roles are written: notary1 (Notary v1, TUF 0.9 JSON) and tuf1 (TUF specification 1.0.34).
export type { Dialect, RootKeyUse } from "../tuf/index.ts";
