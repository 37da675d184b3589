// The JSON answers of our own routes, read with suspicion: they inform people and decide nothing (docs/api.md).
import { CountersignError } from "../bytes/index.ts";
import {
  countMember,
  describeUrl,
  entriesOf,
  type HttpResponse,
  listMember,
  member,
  parseLooseJson,
  stringMember,
} from "../http/index.ts";
import type { DialectName } from "../tuf/index.ts";
import type { PublishedDocument, PublishResult, RoleStatus, ServerStatus } from "./trust-server.ts";

/** @throws download.failed when the answer is not what docs/api.md says */
export function readPublishResult(response: HttpResponse): PublishResult {
  const body = parseLooseJson(response.body);
  if (!Array.isArray(member(body, "documents"))) throw unusable(response);
  const documents = listMember(body, "documents").map((entry): PublishedDocument => {
    const dialect = dialectName(member(entry, "dialect"));
    const role = stringMember(entry, "role");
    const version = countMember(entry, "version");
    const sha256 = stringMember(entry, "sha256");
    if (dialect === undefined || role === undefined || version === undefined || sha256 === undefined) {
      throw unusable(response);
    }
    return { dialect, role, version, sha256 };
  });
  return { documents, behind: readBehind(body) };
}

/** @throws download.failed */
export function readStatus(response: HttpResponse): ServerStatus {
  const body = parseLooseJson(response.body);
  const dialects = new Map<DialectName, ReadonlyMap<string, RoleStatus>>();
  for (const [name, roles] of entriesOf(member(body, "dialects"))) {
    const dialect = dialectName(name);
    if (dialect === undefined) continue;
    const statuses = new Map<string, RoleStatus>();
    for (const [role, status] of entriesOf(roles)) {
      const version = countMember(status, "version");
      const expires = stringMember(status, "expires");
      if (version === undefined || expires === undefined) throw unusable(response);
      statuses.set(role, { version, expires });
    }
    dialects.set(dialect, statuses);
  }
  if (dialects.size === 0) throw unusable(response);
  return { dialects, behind: readBehind(body) };
}

function readBehind(body: unknown): readonly DialectName[] {
  return listMember(body, "behind").flatMap((each) => dialectName(each) ?? []);
}

function dialectName(value: unknown): DialectName | undefined {
  return value === "notary1" || value === "tuf1" ? value : undefined;
}

function unusable(response: HttpResponse): CountersignError {
  return new CountersignError("download.failed", `${describeUrl(response.url)}: answered something unusable`);
}
