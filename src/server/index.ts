// The trust server: Notary's routes, the publish and bundle routes of docs/api.md, a plain TUF 1.0 tree per collection.
// It signs snapshots and timestamps and nothing else, and accepts nothing that a fresh reader could not verify.
export type { RunningServer, ServerLog, ServerOptions, TlsChoice } from "./options.ts";
