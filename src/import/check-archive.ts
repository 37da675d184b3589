// An archive judged again, offline, years later: every bundle afresh by the verifier's own code, at the moment of its taking, and held
// against its record. With pins from elsewhere it proves what those pins vouch for; with the record's own it shows that nothing was changed.
import { type CountersignError, type Gun, isCountersignError } from "../bytes/index.ts";
import type { Pin } from "../updater/index.ts";
import type { Archive } from "./archive.ts";
import { judgeEvidence } from "./evidence.ts";
import { factsOfRecord } from "./import-collection.ts";
import type { EvidenceRecord } from "./record.ts";
import type { EvidenceFacts } from "./report.ts";

export interface CheckedCollection {
  readonly gun: Gun;
  readonly record: EvidenceRecord;
  readonly facts: EvidenceFacts;
  /** The pins came with the record: they prove that nothing was changed, not whose it was. */
  readonly restsOnRecord: boolean;
  /** undefined: it verifies. */
  readonly error: CountersignError | undefined;
}

/** @throws disk.unreadable, config.invalid */
export async function checkArchive(
  archive: Archive,
  pinsFor: (gun: Gun) => Promise<readonly Pin[]>,
): Promise<readonly CheckedCollection[]> {
  const checked: CheckedCollection[] = [];
  for (const gun of await archive.collections()) {
    const record = await archive.record(gun);
    if (record === undefined) continue;
    const given = await pinsFor(gun);
    const pins = given.length > 0 ? given : record.pins;
    const about = { gun, record, facts: factsOfRecord(record), restsOnRecord: given.length === 0 };
    try {
      const bytes = await archive.evidence(record);
      const now = Date.parse(record.takenAt);
      const evidence = await judgeEvidence(bytes, { gun, pins, trustOnFirstUse: false, now });
      const facts = { ...about.facts, tags: evidence.targets.length, lastRoot: evidence.roots.last };
      checked.push({ ...about, facts, error: undefined });
    } catch (error) {
      if (!isCountersignError(error) || error.kind === "local" || error.kind === "bug") throw error;
      checked.push({ ...about, error });
    }
  }
  return checked;
}
