// What of many files goes into one publish. All of it, as long as an upload can hold the documents that have to be signed again: then it
// becomes visible at once. A large collection in hashed bins has more than that, because many files touch every bin: there the files of a
// few bins at a time are published, each bin whole, so that a file is never visible half and an interrupted run can be run again.
import { CountersignError, encodeUtf8, isCountersignError } from "../bytes/index.ts";
import { carriedDialects, type PublishReport, type ReadPorts, readState } from "../flows/index.ts";
import { binFor } from "../publish/index.ts";
import type { Delegations } from "../tuf/index.ts";
import type { Pin } from "../updater/index.ts";
import type { HashedFile } from "./hash-files.ts";

export interface PublishSizes {
  /** Bytes of documents that one publish may sign; 40 MiB unless told, so that contents find room beside them. */
  readonly maxBytes?: number;
}

interface Wanted<T> {
  readonly gun: ReadPorts["server"]["gun"];
  readonly pins: readonly Pin[];
  readonly files: readonly T[];
}

/** A hint of errors; no longer true once a part stands. */
export const nothingPublished = "nothing was published";

const maxBytesOfOne = 40 * 1024 * 1024;
/** So few touch so few bins that nothing has to be reckoned. */
const fewFiles = 64;
/** Of a collection that is no large one. */
const someFiles = 50_000;
/** Of a target beside its name: the hash, the length, and what stands around them. */
const bytesBesideName = 130;

/** In the order of bins; one publish wherever that is possible. @throws what reading throws */
export async function inPublishes<T extends Pick<HashedFile, "name">>(
  ports: ReadPorts,
  { gun, pins, files }: Wanted<T>,
  sizes: PublishSizes = {},
): Promise<readonly (readonly T[])[]> {
  const [first] = files;
  if (first === undefined || files.length <= fewFiles) return [files];
  const carried = await carriedDialects(ports);
  if (!carried.isLarge && files.length < someFiles) return [files];
  const state = await readState(ports, { gun, pins }, { ...carried, isLarge: true }, [first.name]);
  const targets = state.dialects.get("tuf1")?.targets;
  const delegations = [...(targets?.values() ?? [])].find(({ role }) => role === "targets")?.signed.delegations;
  const sample = binFor(delegations, first.name);
  if (sample === undefined) return [files];
  // Names are spread evenly by their hashes: one bin is as large as another.
  const binBytes = targets?.get(sample)?.bytes.length ?? 0;
  const bytesOf = (group: readonly T[]): number =>
    group.reduce((sum, { name }) => sum + encodeUtf8(name).length + bytesBesideName, binBytes);
  return partsOf(byBin(files, delegations), bytesOf, sizes);
}

/**
 * One publish after the other, and what they did together. One that fails says what stands already.
 * @throws what `publish` throws
 */
export async function publishInTurn<T>(
  parts: readonly (readonly T[])[],
  { ports, of }: { readonly ports: Pick<ReadPorts, "progress">; readonly of: string },
  publish: (files: readonly T[]) => Promise<PublishReport>,
): Promise<PublishReport> {
  const reports: PublishReport[] = [];
  const total = parts.reduce((sum, files) => sum + files.length, 0);
  let done = 0;
  for (const files of parts) {
    if (parts.length > 1) ports.progress(`${done} of ${total} ${of} published`);
    reports.push(
      await publish(files).catch((error: unknown) => {
        throw done === 0 || !isCountersignError(error) ? error : afterSome(error, `${done} of ${total} ${of}`);
      }),
    );
    done += files.length;
  }
  const findings = new Map(reports.flatMap((report) => report.findings).map((each) => [each.message, each]));
  return {
    published: reports.flatMap(({ published }) => published),
    behind: reports.at(-1)?.behind ?? [],
    findings: [...findings.values()],
    attempts: Math.max(...reports.map(({ attempts }) => attempts)),
  };
}

function afterSome(cause: CountersignError, what: string): CountersignError {
  return new CountersignError(cause.code, cause.message, {
    cause,
    hints: [
      ...cause.hints.filter((hint) => hint !== nothingPublished),
      `${what} were published before: run the same command again for the rest`,
    ],
  });
}

function byBin<T extends Pick<HashedFile, "name">>(
  files: readonly T[],
  delegations: Delegations | undefined,
): readonly (readonly T[])[] {
  const bins = new Map<string, T[]>();
  for (const file of files) {
    const bin = binFor(delegations, file.name) ?? "";
    const listed = bins.get(bin);
    if (listed === undefined) bins.set(bin, [file]);
    else listed.push(file);
  }
  return [...bins].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, listed]) => listed);
}

/** Groups packed into publishes in their order, none torn apart. */
export function partsOf<T>(
  groups: readonly (readonly T[])[],
  bytesOf: (group: readonly T[]) => number,
  { maxBytes = maxBytesOfOne }: PublishSizes = {},
): readonly (readonly T[])[] {
  const parts: T[][] = [];
  let room = 0;
  for (const group of groups) {
    const bytes = bytesOf(group);
    const last = parts.at(-1);
    if (last === undefined || bytes > room) {
      parts.push([...group]);
      room = maxBytes - bytes;
    } else {
      for (const item of group) last.push(item);
      room -= bytes;
    }
  }
  return parts;
}
