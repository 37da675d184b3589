// Collections: pinned, readable, and not about to run out. Root, targets and delegations need their owner's hand before they expire; an
// expired root certificate is the one thing that nobody can heal.
import { type Gun, isCountersignError } from "../../bytes/index.ts";
import { type CollectionStatus, collectionStatus, findKeys, keyPlaces, type RoleStatus } from "../../flows/index.ts";
import { humanDate, humanDistance } from "../dates.ts";
import { printable } from "../terminal.ts";
import { type Check, type Finding, fine, type Patient, problem, warning } from "./check.ts";

/** As long as Notary's clients call it near: about six months. */
const nearMs = 183 * 86_400_000;
const serverRoles: ReadonlySet<string> = new Set(["snapshot", "timestamp"]);

export const collectionCheck: Check = {
  name: "collections",
  async run(patient) {
    if (patient.collections.length === 0) {
      return [fine("pins.none", "no collection is pinned or named; countersign doctor GUN looks at one")];
    }
    const findings: Finding[] = [];
    for (const gun of patient.collections) findings.push(...(await checkCollection(patient, gun)));
    return findings;
  },
};

async function checkCollection({ connections, env, clock }: Patient, gun: Gun): Promise<readonly Finding[]> {
  try {
    const ports = await connections.portsFor(gun);
    const held = await findKeys(keyPlaces(connections.home.locations, env));
    const request = { gun, dialect: "auto", pins: [], trustOnFirstUse: false, offline: "never" } as const;
    return collectionFindings(await collectionStatus(ports, request, held), clock());
  } catch (error) {
    if (!isCountersignError(error)) throw error;
    const level = error.code === "pin.missing" ? warning : problem;
    return [level(error.code, `${gun}: ${error.message}`, ...error.hints)];
  }
}

/** What is known of a collection that verifies. `now` in milliseconds since the epoch. */
export function collectionFindings(found: CollectionStatus, now: number): readonly Finding[] {
  const { gun, roles } = found;
  const findings = [
    ...roles.flatMap((role) => roleFindings(gun, role, now)),
    ...found.warnings.map(({ code, message }) => warning(code, `${gun}: ${printable(message)}`)),
  ];
  if (findings.length > 0) return findings;
  return [fine("collection.fine", `${gun} verifies; its owner is needed ${humanDistance(found.expiresAt, now)}`)];
}

function roleFindings(gun: Gun, role: RoleStatus, now: number): readonly Finding[] {
  const where = `${gun} ${printable(role.role)}`;
  if (role.unusable !== undefined) {
    const hint = `sign it again where its keys are: countersign witness ${gun} ${role.role}`;
    return [warning("role.unusable", `${where}: ${printable(role.unusable.message)}`, hint)];
  }
  const findings: Finding[] = [];
  const { expiresAt } = role;
  if (expiresAt !== undefined && expiresAt < now + nearMs && !serverRoles.has(role.role)) {
    const hint = `renew it where its keys are: countersign witness ${gun} ${role.role}`;
    findings.push(
      warning("role.near_expiry", `${where} expires ${humanDate(expiresAt)} (${humanDistance(expiresAt, now)})`, hint),
    );
  }
  for (const { id, certificate } of role.keys) {
    if (certificate === undefined || certificate.until >= now + nearMs) continue;
    const text = `${where}: the certificate of ${id} ends ${humanDate(certificate.until)}`;
    const hint = `give it a new one in time, nobody can afterwards: countersign rotate ${gun} root --help`;
    findings.push(warning("certificate.near_expiry", text, hint));
  }
  if (role.role === "root" && role.keys.length === 1) {
    const hint = `make a second one: countersign rotate ${gun} root --recovery-kit FILE`;
    findings.push(warning("key.single_root", `${where}: a single key; losing it is losing the name`, hint));
  }
  return findings;
}
