// Files of a collection added, replaced and removed: each goes to the role that readers ask for its name (a hashed bin, a delegation, or
// `targets`), everything of one command becomes visible at once, and a file whose content is signed already is not signed again.
import {
  CountersignError,
  equalBytes,
  type Gun,
  parseRoleName,
  type RoleName,
  type TargetName,
} from "../bytes/index.ts";
import { chooseRoles, type PublishReport, publishChanges, type ReadPorts } from "../flows/index.ts";
import { binFor, type Change, type CollectionState, type DialectState, type KeyRing } from "../publish/index.ts";
import { searchTarget, type Target } from "../tuf/index.ts";
import type { Pin } from "../updater/index.ts";
import { type Contents, contentsAmong, contentsFor } from "./contents.ts";
import type { HashedFile } from "./hash-files.ts";
import { inPublishes, nothingPublished, type PublishSizes, publishInTurn } from "./publishes.ts";

interface EditRequest {
  readonly gun: Gun;
  readonly pins: readonly Pin[];
  readonly ring: KeyRing;
  /** undefined: the bin of each name, else as `countersign sign` chooses. */
  readonly role: RoleName | undefined;
}

export interface AddFilesRequest extends EditRequest {
  readonly files: readonly HashedFile[];
  /** Names that are there with another content are replaced, rather than refused. */
  readonly replaces: boolean;
  /** Small contents go to the server, where any TUF client can download them. */
  readonly sendsContents: boolean;
  /** Said of each file, with the time; undefined: nothing is. */
  readonly publisher: string | undefined;
}

export interface FilesReport {
  readonly publish: PublishReport;
  readonly added: readonly TargetName[];
  readonly replaced: readonly TargetName[];
  /** Signed already, with this content. */
  readonly unchanged: number;
  /** Contents that the server does not hold: too large, or too many for one publish. */
  readonly withoutContent: number;
}

interface Tally {
  added: TargetName[];
  replaced: TargetName[];
  unchanged: number;
}

const targetsRole = parseRoleName("targets");

/** @throws target.exists, target.invalid for a name that another role decides, file.changed, and what publishing throws */
export async function addFiles(
  ports: ReadPorts,
  request: AddFilesRequest,
  sizes: PublishSizes = {},
): Promise<FilesReport> {
  const contents: Contents = request.sendsContents
    ? await contentsFor(request.files)
    : { blobs: new Map(), left: request.files.length };
  const parts = await inPublishes(ports, request, sizes);
  const tallies: Tally[] = [];
  const publish = await publishInTurn(parts, { ports, of: "files" }, async (files) => {
    let tally: Tally = { added: [], replaced: [], unchanged: 0 };
    const changes = (state: CollectionState): readonly Change[] => {
      // Asked again at every try.
      tally = { added: [], replaced: [], unchanged: 0 };
      return files.flatMap((file) => addFile(state, file, request, tally));
    };
    const blobs = parts.length === 1 ? contents.blobs : contentsAmong(files, contents.blobs);
    const done = await publishChanges(ports, { ...request, changes, blobs, bins: files.map(({ name }) => name) });
    tallies.push(tally);
    return done;
  });
  return {
    added: tallies.flatMap(({ added }) => added),
    replaced: tallies.flatMap(({ replaced }) => replaced),
    unchanged: tallies.reduce((sum, { unchanged }) => sum + unchanged, 0),
    publish,
    withoutContent: contents.left,
  };
}

/** @throws target.missing, and what publishing throws */
export async function removeFiles(
  ports: ReadPorts,
  request: EditRequest & { readonly names: readonly TargetName[] },
): Promise<PublishReport> {
  const files = request.names.map((name) => ({ name }));
  return publishInTurn(await inPublishes(ports, { ...request, files }), { ports, of: "files" }, (part) => {
    const names = part.map(({ name }) => name);
    const changes = (state: CollectionState): readonly Change[] =>
      names.flatMap((name) => {
        const roles = request.role === undefined ? rolesWith(state, name) : [request.role];
        return roles.map((role): Change => ({ kind: "remove", name, role }));
      });
    return publishChanges(ports, { ...request, publisher: undefined, changes, blobs: new Map(), bins: names });
  });
}

function addFile(state: CollectionState, file: HashedFile, request: AddFilesRequest, report: Tally): readonly Change[] {
  const { name, length, hashes } = file;
  const present = decided(state, name);
  if (present !== undefined && isSame(present.target, file) && (request.role ?? present.role) === present.role) {
    report.unchanged += 1;
    return [];
  }
  if (present !== undefined && !request.replaces) {
    throw new CountersignError("target.exists", `${JSON.stringify(name)} is signed already, with another content`, {
      hints: ["to sign the new content: countersign collection replace", nothingPublished],
    });
  }
  const roles = rolesFor(state, name, request);
  if (present !== undefined && !roles.includes(present.role)) {
    throw new CountersignError(
      "target.invalid",
      `${present.role} decides ${JSON.stringify(name)}, before ${roles.join(", ")}`,
      {
        hints: [`remove it there first, or sign it there: --role ${present.role}`],
      },
    );
  }
  (present === undefined ? report.added : report.replaced).push(name);
  // Who and when would double what a file takes in a document that readers fetch: only where somebody asks for it.
  const said = request.publisher === undefined ? ({ isVerbatim: true } as const) : {};
  return roles.map((role): Change => ({ kind: "add", name, length, hashes, role, ...said }));
}

function rolesFor(state: CollectionState, name: TargetName, request: EditRequest): readonly RoleName[] {
  if (request.role !== undefined) return [request.role];
  const tuf1 = state.dialects.get("tuf1");
  const top = tuf1?.targets.get(targetsRole)?.signed;
  // What was in `targets` before there were bins stays there, for both dialects.
  if (top?.targets.has(name) === true) return [targetsRole];
  const bin = binFor(top?.delegations, name);
  return bin === undefined ? chooseRoles(state, request.ring.ids(), name) : [bin];
}

/** The role that readers go by, and what it says. */
function decided(
  state: CollectionState,
  name: TargetName,
): { readonly role: RoleName; readonly target: Target } | undefined {
  const one = leading(state);
  if (one === undefined) return undefined;
  const search = searchTarget(one.dialect.name, name);
  let step = search.next();
  while (step.done !== true) step = search.next(one.targets.get(step.value.role)?.signed);
  return step.value.kind === "found" ? { role: step.value.role, target: step.value.target } : undefined;
}

function leading(state: CollectionState): DialectState | undefined {
  return state.dialects.get("tuf1") ?? state.dialects.get("notary1");
}

function isSame(target: Target, file: HashedFile): boolean {
  const [listed, own] = [target.hashes.get("sha256"), file.hashes.get("sha256")];
  return target.length === file.length && listed !== undefined && own !== undefined && equalBytes(listed, own);
}

function rolesWith(state: CollectionState, name: TargetName): readonly RoleName[] {
  const roles = new Set<RoleName>();
  for (const { targets } of state.dialects.values()) {
    for (const [role, document] of targets) if (document.signed.targets.has(name)) roles.add(role);
  }
  return roles.size === 0 ? [targetsRole] : [...roles];
}
