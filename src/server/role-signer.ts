// The port through which the server signs snapshots and timestamps. In-process keys are one adapter (local-role-signer.ts); a
// remote signer can be another. The server never sees a secret: it asks who could sign, and then for a signature.
import type { Gun } from "../bytes/index.ts";
import type { PublicKey, Signer } from "../keys/index.ts";

export type OnlineRole = "snapshot" | "timestamp";

export interface RoleSigner {
  /**
   * The keys held for a role of a collection, oldest first. Keys that another server on the same database has made may be missing
   * unless `isFresh`. @throws server.signing_unavailable
   */
  held(gun: Gun, role: OnlineRole, options?: { readonly isFresh?: boolean }): Promise<readonly Signer[]>;
  /** A key that has never signed anything published; made when there is none. Durable when it resolves. */
  pending(gun: Gun, role: OnlineRole): Promise<PublicKey>;
  /** Whether it could sign now; undefined: yes, else why not. Absent where that cannot fail. */
  health?(): Promise<string | undefined>;
}
