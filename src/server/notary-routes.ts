// Notary's other routes: update, delete, keys, changefeed (notary-v1, sections 6 and 7).
import { CountersignError, encodeBase64, type Gun, isCountersignError } from "../bytes/index.ts";
import type { PublicKey } from "../keys/index.ts";
import type { Change } from "../storage/index.ts";
import { notaryJson } from "./answers.ts";
import type { AppContext, IncomingUpload } from "./app-context.ts";
import { readMultipart } from "./multipart.ts";
import { notaryError, shortDetail } from "./notary-errors.ts";
import { uploadLimits } from "./own-routes.ts";
import { refuse } from "./refusal.ts";
import type { OnlineRole } from "./role-signer.ts";
import { areJsonDocuments, parseNotaryUpload, type Upload } from "./upload.ts";

const noRoot = "no pre-existing root and no root provided in update.";
const maxChanges = 1_000;
const minInt32 = -(2 ** 31);
const maxInt32 = 2 ** 31 - 1;

export async function notaryUpdate(
  context: AppContext,
  gun: Gun,
  { request, body: received, whom }: IncomingUpload,
): Promise<Response> {
  return context.uploads.spend(whom, received, async (body) => {
    const parts = await readMultipart(request.headers.get("content-type"), body, uploadLimits);
    const read = parseNotaryUpload(parts);
    switch (read.kind) {
      case "noFilename":
        return notaryError("NO_FILENAME");
      case "malformedJson":
        return notaryError("MALFORMED_JSON");
      case "invalidRole":
        return notaryError("INVALID_ROLE", shortDetail(read.name));
      case "upload":
        return publishParts(context, gun, read.upload);
    }
  });
}

async function publishParts({ collections, reads }: AppContext, gun: Gun, upload: Upload): Promise<Response> {
  try {
    if (upload.documents.length > 0) {
      await collections.publish(gun, upload);
    } else if ((await reads.state(gun)) === undefined) {
      refuse("validation", new CountersignError("collection.missing", noRoot));
    }
    return new Response(null, { status: 200 });
  } catch (error) {
    const texts = upload.documents.map(({ bytes }) => bytes);
    const isShapeless = isCountersignError(error, "metadata.invalid") && !areJsonDocuments(texts);
    if (isShapeless) return notaryError("MALFORMED_JSON");
    throw error;
  }
}

/** 200 also for a collection that never was. */
export async function notaryDelete({ collections }: AppContext, gun: Gun): Promise<Response> {
  await collections.remove(gun);
  return new Response(null, { status: 200 });
}

export async function notaryKey(
  { collections }: AppContext,
  gun: Gun,
  role: OnlineRole,
  method: "GET" | "POST",
): Promise<Response> {
  const key = method === "GET" ? await collections.currentKey(gun, role) : await collections.pendingKey(gun, role);
  return notaryJson(keyBody(key));
}

function keyBody({ algorithm, spki }: PublicKey) {
  const bytes = algorithm === "ed25519" ? spki.subarray(-32) : spki;
  const keytype = algorithm === "ed25519" || algorithm === "rsa" ? algorithm : "ecdsa";
  return { keytype, keyval: { public: encodeBase64(bytes), private: null } };
}

/** `records`: how many, negative = the newest ones; `change_id`: exclusive start, negative = from the newest (6.4). */
export async function changefeed(
  { storage }: AppContext,
  gun: Gun | undefined,
  query: URLSearchParams,
): Promise<Response> {
  const asked = query.get("records") ?? "";
  const records = parseInteger(asked);
  const changeId = parseInteger(query.get("change_id") || "0");
  if (records === undefined || records < minInt32 || records > maxInt32) {
    const reason = records === undefined ? "invalid syntax" : "value out of range";
    const quoted = JSON.stringify(asked.slice(0, 100).toWellFormed());
    return notaryError(
      "INVALID_PARAMETERS",
      `invalid records parameter: strconv.ParseInt: parsing ${quoted}: ${reason}`,
    );
  }
  if (changeId === undefined || !Number.isSafeInteger(changeId)) return notaryError("INVALID_PARAMETERS", {});
  const newestFirst = records < 0 || changeId < 0;
  const limit = Math.min(records === 0 ? 100 : Math.abs(records), maxChanges);
  const changes = await storage.changes({
    ...(gun === undefined ? {} : { gun }),
    ...(newestFirst && changeId <= 0 ? {} : { after: changeId }),
    limit,
    newestFirst,
  });
  const inOrder = newestFirst ? changes.toReversed() : changes;
  return notaryJson({ count: inOrder.length, records: inOrder.map(changeBody) });
}

function changeBody({ id, createdAt, gun, version, sha256, category }: Change) {
  return {
    ID: String(id),
    CreatedAt: new Date(createdAt).toISOString(),
    GUN: gun,
    Version: version,
    SHA256: sha256,
    Category: category,
  };
}

function parseInteger(text: string): number | undefined {
  return /^[+-]?[0-9]+$/.test(text) ? Number(text) : undefined;
}
