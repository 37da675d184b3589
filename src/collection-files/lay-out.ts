// The layout of a collection changed, or signed again as it is. A change is one publish, however large: readers see one layout or the other.
// What only lives longer afterwards (the same bins, under the same keys) need not be: of a large collection it is signed in parts.
import { parseRoleName, type RoleName } from "../bytes/index.ts";
import { carriedDialects, type PublishReport, publishChanges, type ReadPorts, readState } from "../flows/index.ts";
import {
  type BinLayout,
  binNames,
  type Change,
  type CollectionState,
  isLaidOut,
  type KeyRing,
  layoutOf,
  mustServe,
  type Reader,
  type SetBins,
} from "../publish/index.ts";
import type { Targets } from "../tuf/index.ts";
import type { Pin } from "../updater/index.ts";
import { type PublishSizes, partsOf, publishInTurn } from "./publishes.ts";

export interface LayOutRequest {
  readonly gun: ReadPorts["server"]["gun"];
  readonly pins: readonly Pin[];
  readonly ring: KeyRing;
  /** "same": as it lies, signed again by the keys of now. undefined: left alone. */
  readonly layout: BinLayout | "same" | undefined;
  /** Who signs the bins; those of `targets` unless given. */
  readonly signers?: SetBins["signers"] | undefined;
  /** Which programs it must serve from now on; as before unless given. */
  readonly serves?: readonly Reader[] | undefined;
}

export interface LayOutReport {
  readonly layout: BinLayout;
  readonly mustServe: readonly Reader[];
  readonly publish: PublishReport;
}

/** @throws usage.invalid, preflight.inexpressible, and what publishing throws */
export async function layOut(
  ports: ReadPorts,
  request: LayOutRequest,
  sizes: PublishSizes = {},
): Promise<LayOutReport> {
  const isRenewal = request.layout === "same" && request.serves === undefined;
  const bins = isRenewal ? await renewable(ports, request) : undefined;
  if (bins !== undefined) return renew(ports, request, bins, sizes);
  let layout: BinLayout = { kind: "flat" };
  let serving: readonly Reader[] = [];
  const changes = (state: CollectionState): readonly Change[] => {
    const top = targetsOf(state);
    const isOther = request.layout !== undefined && request.layout !== "same";
    layout = isOther ? request.layout : layoutOf(top?.delegations);
    serving = request.serves ?? mustServe(top);
    const serve = request.serves === undefined ? [] : [{ kind: "serve", readers: request.serves } as const];
    return [...(request.layout === undefined ? [] : [setBins(request, layout)]), ...serve];
  };
  const wanted = request.layout === undefined ? [] : ("all" as const);
  const common = { ...request, blobs: new Map(), publisher: undefined };
  const publish = await publishChanges(ports, { ...common, changes, bins: wanted });
  return { layout, mustServe: serving, publish };
}

const targetsRole = parseRoleName("targets");

interface Renewable {
  readonly layout: BinLayout;
  readonly mustServe: readonly Reader[];
  readonly roles: readonly RoleName[];
  /** Of one bin. */
  readonly bytes: number;
}

/** The bins of a large collection whose keys stay as they are. */
async function renewable(ports: ReadPorts, request: LayOutRequest): Promise<Renewable | undefined> {
  const carried = await carriedDialects(ports);
  if (!carried.isLarge) return undefined;
  const state = await readState(ports, request, carried);
  const tuf1 = state.dialects.get("tuf1");
  const delegations = targetsOf(state)?.delegations;
  const layout = layoutOf(delegations);
  if (tuf1 === undefined || layout.kind === "flat" || !isLaidOut(tuf1, setBins(request, layout))) return undefined;
  const roles = binNames(delegations);
  const [first] = roles;
  if (first === undefined) return undefined;
  const sample = await readState(ports, request, carried, { roles: [first] });
  return {
    layout,
    mustServe: mustServe(targetsOf(state)),
    roles,
    bytes: sample.dialects.get("tuf1")?.targets.get(first)?.bytes.length ?? 0,
  };
}

async function renew(
  ports: ReadPorts,
  request: LayOutRequest,
  { roles, bytes, ...standing }: Renewable,
  sizes: PublishSizes,
): Promise<LayOutReport> {
  const groups = roles.map((role, index) => (index === 0 ? [targetsRole, role] : [role]));
  const publish = await publishInTurn(
    partsOf(groups, () => bytes, sizes),
    { ports, of: "documents" },
    (part) =>
      publishChanges(ports, {
        ...request,
        changes: () => part.map((role): Change => ({ kind: "renew", role })),
        blobs: new Map(),
        bins: { roles: part.filter((role) => role !== targetsRole) },
        publisher: undefined,
      }),
  );
  return { ...standing, publish };
}

function setBins({ signers }: LayOutRequest, layout: BinLayout): SetBins {
  return { kind: "bins", layout, ...(signers === undefined ? {} : { signers }) };
}

function targetsOf({ dialects }: CollectionState): Targets | undefined {
  return dialects.get("tuf1")?.targets.get(targetsRole)?.signed;
}
