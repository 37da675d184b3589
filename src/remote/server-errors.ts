// A trust server's refusals as coded errors. Rule: a server's words are shown as its words (one line, bounded), and it may
// name only codes that a server can know about; it cannot make the client say that its disk is full or its key is wrong.
import { CountersignError, type ErrorCode, errorTable } from "../bytes/index.ts";
import {
  describeUrl,
  type HttpMethod,
  type HttpResponse,
  listMember,
  member,
  parseLooseJson,
  printable,
  statusError,
  stringMember,
} from "../http/index.ts";

/** `countersign`: our body, `{"error": ...}`. `notary`: notary-server's, `{"errors": [...]}`. */
export type Refusal =
  | { readonly kind: "countersign"; readonly code: string; readonly message: string; readonly hints: readonly string[] }
  | { readonly kind: "notary"; readonly code: string; readonly message: string }
  | { readonly kind: "other" };

export function readRefusal(response: HttpResponse): Refusal {
  const body = parseLooseJson(response.body);
  const ours = member(body, "error");
  const code = stringMember(ours, "code");
  if (code !== undefined) {
    const hints = listMember(ours, "hints").filter((hint) => typeof hint === "string");
    return {
      kind: "countersign",
      code,
      message: printable(stringMember(ours, "message") ?? ""),
      hints: hints.slice(0, 5).map((hint) => printable(hint)),
    };
  }
  const [first] = listMember(body, "errors");
  const notaryCode = stringMember(first, "code");
  if (notaryCode === undefined) return { kind: "other" };
  const detail = member(first, "detail");
  const reason = stringMember(member(detail, "Error"), "Msg") ?? (typeof detail === "string" ? detail : undefined);
  return {
    kind: "notary",
    code: notaryCode,
    message: printable(
      reason === undefined
        ? (stringMember(first, "message") ?? "")
        : `${prefixOf(stringMember(detail, "Name"))}${reason}`,
    ),
  };
}

/**
 * Whether the server does not know the route that was asked for. Only our own server says "missing" there in our own words; any other 404
 * means it, and so does a notary-server with tokens that asks for a right of the registry: no route of it needs one below a collection,
 * and no user has it (notary-v1, section 6.5).
 */
export function hasNoSuchRoute(response: HttpResponse): boolean {
  if (response.status === 404) return readRefusal(response).kind !== "countersign";
  if (response.status !== 401) return false;
  const [first] = listMember(parseLooseJson(response.body), "errors");
  return listMember(first, "detail").some((resource) => stringMember(resource, "Type") === "registry");
}

/** What Notary's client puts before a reason, by the kind of error (notary-v1, section 6.3). */
function prefixOf(name: string | undefined): string {
  switch (name) {
    case "ErrValidation":
      return "An error occurred during validation: ";
    case "ErrBadRoot":
      return "The root metadata is invalid: ";
    case "ErrBadTargets":
      return "The targets metadata is invalid: ";
    case "ErrBadSnapshot":
      return "The snapshot metadata is invalid: ";
    case "ErrBadHierarchy":
      return "Metadata hierarchy is incomplete: ";
    default:
      return "";
  }
}

/** The error for an answer that is not the one hoped for. */
export function refusalError(response: HttpResponse, method: HttpMethod): CountersignError {
  const refusal = readRefusal(response);
  switch (refusal.kind) {
    case "countersign": {
      const code = ourCode(refusal.code);
      if (code === undefined) break;
      return new CountersignError(code, `${describeUrl(response.url)}: ${refusal.message}`, { hints: refusal.hints });
    }
    case "notary": {
      const code = notaryCode(refusal.code);
      if (code === undefined) break;
      return new CountersignError(code, `${describeUrl(response.url)}: ${refusal.code}: ${refusal.message}`, {
        hints: code === "conflict.lost_race" ? ["read the collection again and repeat the change"] : [],
      });
    }
    case "other":
      break;
  }
  if (response.status === 413) {
    return new CountersignError(
      "request.too_large",
      `${describeUrl(response.url)}: the server takes no upload of that size`,
    );
  }
  return statusError(response, method);
}

function ourCode(text: string): ErrorCode | undefined {
  if (!isErrorCode(text)) return undefined;
  const kind = errorTable[text][0];
  return kind === "local" || kind === "key" || kind === "bug" ? undefined : text;
}

function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorTable, text);
}

/** notary-v1, section 6.3. */
function notaryCode(text: string): ErrorCode | undefined {
  switch (text) {
    case "VERSION":
    case "UPDATING":
      return "conflict.lost_race";
    case "INVALID_UPDATE":
    case "INVALID_ROLE":
    case "INVALID_GUN":
    case "MALFORMED_JSON":
    case "MALFORMED_UPLOAD":
    case "NO_FILENAME":
      return "publish.refused";
    case "UNAUTHORIZED":
    case "DENIED":
      return "download.denied";
    default:
      return undefined;
  }
}
