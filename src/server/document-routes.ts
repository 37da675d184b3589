// Reading single documents: Notary's routes and the plain TUF 1.0 tree. Each answer is put into the cache under its path, from where the
// listener sends it next time without coming here.
import { CountersignError, type Gun } from "../bytes/index.ts";
import type { StoredDocument } from "../storage/index.ts";
import type { DialectName } from "../tuf/index.ts";
import { forever, forOneReader, notaryDocument, toResponse, tuf1Document, tuf1Target } from "./answers.ts";
import type { AppContext } from "./app-context.ts";
import type { ReadyAnswer } from "./document-cache.ts";
import { notaryError } from "./notary-errors.ts";
import { currentDocument } from "./reads.ts";
import type { Route, Selector } from "./routes.ts";

type DocumentRoute = Extract<Route, { readonly kind: "notaryRole" | "tuf1Metadata" }>;

const operations = { current: "GetRole", version: "GetRoleByVersion", hash: "GetRoleByHash" } as const;

export function operationOf(selector: Selector): string {
  return operations[selector.by];
}

/** `path` as requested, with its query if there is one. */
export async function notaryRole(context: AppContext, route: DocumentRoute, path: string): Promise<Response> {
  const epoch = context.answers.epoch;
  const found = await find(context, "notary1", route);
  if (found === undefined) return notaryError("METADATA_NOT_FOUND", {});
  const answer = notaryDocument(found.document, {
    isCurrent: route.selector.by === "current",
    operation: operationOf(route.selector),
    freshUntil: found.freshUntil,
    caching: context.caching,
  });
  return keep(context, route.gun, path, answer, epoch);
}

/** @throws metadata.missing, collection.missing */
export async function tuf1Metadata(context: AppContext, route: DocumentRoute, path: string): Promise<Response> {
  const epoch = context.answers.epoch;
  const found = await find(context, "tuf1", route);
  if (found === undefined) {
    const version = route.selector.by === "version" ? ` version ${route.selector.version}` : "";
    throw new CountersignError("metadata.missing", `${route.gun} has no tuf1 ${route.role}${version}`);
  }
  const isCurrent = route.selector.by === "current";
  return keep(
    context,
    route.gun,
    path,
    tuf1Document(found.document, { isCurrent, freshUntil: found.freshUntil, caching: context.caching }),
    epoch,
  );
}

/** @throws target.missing */
export async function tuf1TargetContent(
  context: AppContext,
  gun: Gun,
  sha256: string,
  path: string,
): Promise<Response> {
  const epoch = context.answers.epoch;
  const bytes = await context.storage.blob(gun, sha256);
  if (bytes === undefined) throw new CountersignError("target.missing", `${gun} holds no content ${sha256}`);
  return keep(context, gun, path, tuf1Target(bytes, context.caching), epoch);
}

interface Found {
  readonly document: StoredDocument;
  readonly freshUntil: number;
}

async function find(context: AppContext, dialect: DialectName, route: DocumentRoute): Promise<Found | undefined> {
  const { gun, role, selector } = route;
  if (selector.by === "current") {
    const state = await context.reads.state(gun);
    const isUnread = state?.unread.some((each) => each.dialect === dialect && each.role === role) ?? false;
    const document = isUnread
      ? await context.storage.current(gun, { dialect, role })
      : currentDocument(state, dialect, role);
    if (state === undefined || document === undefined) return undefined;
    const isOnline = role === "timestamp" || role === "snapshot";
    return { document, freshUntil: isOnline ? state.dueAt : forever };
  }
  const name = { dialect, role };
  const document =
    selector.by === "version"
      ? await context.storage.byVersion(gun, name, selector.version)
      : await byHash(context, gun, name, selector.sha256);
  return document === undefined ? undefined : { document, freshUntil: forever };
}

/** Only SHA-256 in lower case names a document, as with notary-server on PostgreSQL. */
async function byHash(
  { storage }: AppContext,
  gun: Gun,
  name: { readonly dialect: DialectName; readonly role: StoredDocument["role"] },
  hex: string,
): Promise<StoredDocument | undefined> {
  return /^[0-9a-f]{64}$/.test(hex) ? storage.byHash(gun, name, hex) : undefined;
}

/**
 * A query or an escape would give one document many names: such answers are not kept. What not everybody may read is marked so that
 * no cache in front of the server keeps it for everybody.
 */
export function keep(context: AppContext, gun: Gun, path: string, plain: ReadyAnswer, epoch: number): Response {
  const { answers, access } = context;
  const isPublic = access === undefined || access.known(undefined, { kind: "collection", gun, actions: ["pull"] });
  const answer = isPublic ? plain : forOneReader(plain);
  if (path.length < 1_024 && !/[%?]/.test(path)) answers.put(path, gun, answer, answer.body.length + 600, epoch);
  return toResponse(answer);
}
