// Before a server starts in the database of a Notary: has what is there been brought over? Nothing at all means that this step was
// forgotten, and the start is refused; some means that the old server went on after it, and is said.
import { CountersignError } from "../../bytes/index.ts";
import type { StorageChoice } from "../../server/index.ts";

export interface NotaryDataRequest {
  readonly configPath: string;
  readonly storage: StorageChoice | undefined;
  /** Start although nothing was migrated. */
  readonly leaves: boolean;
}

/** A warning, or undefined when all is well. @throws usage.invalid, storage.* */
export async function lookForNotaryData({
  configPath,
  storage,
  leaves,
}: NotaryDataRequest): Promise<string | undefined> {
  if (storage?.kind !== "postgres") return undefined;
  const { notaryNeighbours } = await import("../../storage/index.ts");
  const { collections, missing } = await notaryNeighbours(storage.url);
  if (missing === 0) return undefined;
  const command = `countersign migrate notary-db --config ${configPath} --signer-config FILE`;
  if (missing < collections || leaves) {
    return `Notary's tables hold ${missing} of ${collections} collections that are not here: ${command}`;
  }
  throw new CountersignError(
    "usage.invalid",
    `this database holds ${collections} ${collections === 1 ? "collection" : "collections"} of Notary, none of which was migrated`,
    {
      hints: [
        `bring them over first: ${command}`,
        "or start without them: --leave-notary-data (clients that know them are told that they do not exist)",
      ],
    },
  );
}
