// Our own routes of docs/api.md: publish both dialects at once, the bundle, the status.
import { CountersignError, type Gun, parseRoleName } from "../bytes/index.ts";
import type { ListedDocument, StoredDocument } from "../storage/index.ts";
import type { DialectName } from "../tuf/index.ts";
import { bundleMediaType, encodeBundle } from "../updater/index.ts";
import { bundleAnswer, jsonResponse, toResponse } from "./answers.ts";
import type { AppContext, IncomingUpload } from "./app-context.ts";
import { maxTargetsBytes } from "./document-bounds.ts";
import { keep } from "./document-routes.ts";
import { type MultipartLimits, readMultipart } from "./multipart.ts";
import { type CurrentState, currentDocument } from "./reads.ts";
import { parseUpload } from "./upload.ts";

/**
 * All bins of a million files, which a change of layout signs at once. What one document may be is in document-bounds.ts, and what all
 * uploads together may hold in memory in app.ts.
 */
export const uploadLimits: MultipartLimits = {
  maxPartBytes: maxTargetsBytes,
  maxTotalBytes: 256 * 1024 * 1024,
  maxParts: 4_096,
};

/** So many may be read without a look at their lengths: 4 MiB each at most. */
const maxRootsAtOnce = 16;
/** Of more roots than that, in one bundle. */
const maxRoots = 4_000;
const maxRootBytes = 64 * 1024 * 1024;
const rootRole = parseRoleName("root");

export async function publish(
  context: AppContext,
  gun: Gun,
  { request, body: received, whom }: IncomingUpload,
): Promise<Response> {
  return context.uploads.spend(whom, received, async (body) => {
    const parts = await readMultipart(request.headers.get("content-type"), body, uploadLimits);
    return jsonResponse(await context.collections.publish(gun, parseUpload(parts)));
  });
}

export async function status({ reads, expiries, storage }: AppContext, gun: Gun): Promise<Response> {
  const state = await reads.existing(gun);
  const dialects: Partial<Record<DialectName, Record<string, { version: number; expires: string }>>> = {};
  for (const dialect of ["notary1", "tuf1"] as const) {
    const documents = [...state.current, ...state.unread].filter((document) => document.dialect === dialect);
    if (documents.length === 0) continue;
    // fromEntries defines members, so that a role named `__proto__` is one like any other.
    const members: [string, { version: number; expires: string }][] = [];
    for (const each of inOrder(documents)) {
      members.push([each.role, { version: each.version, expires: (await expiries.of(each, gun, storage)).text }]);
    }
    dialects[dialect] = Object.fromEntries(members);
  }
  return jsonResponse({ gun, dialects, behind: state.behind });
}

/**
 * Many bins are left out, since a reader asks for the one it needs: it takes by itself what a bundle lacks.
 * @throws collection.missing, metadata.missing, request.invalid, limit.exceeded
 */
export async function bundle(context: AppContext, gun: Gun, query: URLSearchParams, path: string): Promise<Response> {
  const epoch = context.answers.epoch;
  const state = await context.reads.existing(gun);
  const dialect = chosenDialect(state, query.get("dialect") ?? "auto");
  const have = new Set(query.getAll("have"));
  const above = rootVersion(query.get("root"));
  const roots = await rootsAbove(context, state, dialect, above);
  const below = inOrder(state.current.filter((each) => each.dialect === dialect && each.role !== "root"));
  const documents = [...roots, ...below].filter((document) => !have.has(document.sha256));
  const answer = bundleAnswer(encodeBundle({ gun, dialect, documents }), bundleMediaType, state.dueAt);
  return query.size === 0 ? keep(context, gun, path, answer, epoch) : toResponse(answer);
}

/**
 * Ascending. Where there are many they are read one by one, from the newest down: their owner may have made each as large as roots may be,
 * and given the first one any number. @throws limit.exceeded
 */
async function rootsAbove(
  { storage }: AppContext,
  state: CurrentState,
  dialect: DialectName,
  above: number,
): Promise<readonly StoredDocument[]> {
  const name = { dialect, role: rootRole };
  const newest = currentDocument(state, dialect, rootRole)?.version ?? 0;
  if (newest - above <= maxRootsAtOnce) return storage.versionsAbove(state.gun, name, above);
  const roots: StoredDocument[] = [];
  let bytes = 0;
  for (let version = newest; version > above; version--) {
    const root = await storage.byVersion(state.gun, name, version);
    if (root === undefined) break;
    roots.push(root);
    bytes += root.bytes.length;
    if (bytes > maxRootBytes || roots.length > maxRoots) {
      throw new CountersignError("limit.exceeded", `the roots above version ${above} are too many for one bundle`, {
        hints: ["read them one by one, or say which root is known: root=VERSION"],
      });
    }
  }
  return roots.reverse();
}

function chosenDialect(state: CurrentState, wanted: string): DialectName {
  const carries = (dialect: DialectName) => currentDocument(state, dialect, "timestamp") !== undefined;
  if (wanted === "auto") return carries("tuf1") && !state.behind.includes("tuf1") ? "tuf1" : "notary1";
  if (wanted !== "notary1" && wanted !== "tuf1") {
    throw new CountersignError("request.invalid", "dialect is auto, notary1 or tuf1");
  }
  if (!carries(wanted)) throw new CountersignError("metadata.missing", `${state.gun} has no ${wanted} documents`);
  return wanted;
}

/** The newest root version the reader has; 0 when it has none. */
function rootVersion(text: string | null): number {
  if (text === null) return 0;
  if (/^[0-9]{1,15}$/.test(text)) return Number(text);
  throw new CountersignError("request.invalid", "root is the version of the reader's newest root");
}

/** As bundles want it: root, timestamp, snapshot, targets, then delegations, parents first. */
function inOrder<T extends ListedDocument>(documents: readonly T[]): readonly T[] {
  const rank = (role: string) => {
    const at = ["root", "timestamp", "snapshot"].indexOf(role);
    return at >= 0 ? at : 2 + role.split("/").length;
  };
  return documents.toSorted((a, b) => rank(a.role) - rank(b.role) || (a.role < b.role ? -1 : 1));
}
