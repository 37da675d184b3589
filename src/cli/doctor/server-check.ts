// Trust servers: are they there, and do their clocks and ours agree? Freshness is a matter of dates.
import { type Gun, isCountersignError, parseGun } from "../../bytes/index.ts";
import { type Check, type Finding, fine, type Patient, problem, warning } from "./check.ts";

/** Certificates and timestamps take some difference; more points to a clock that is not kept. */
const noticedSkewMs = 30_000;
const badSkewMs = 300_000;
const anyName = parseGun("registry.example.com/any");

export const serverCheck: Check = {
  name: "trust server",
  async run(patient) {
    const findings: Finding[] = [];
    const asked = new Set<string>();
    const wanted = patient.collections.length === 0 ? [anyName] : patient.collections;
    for (const gun of wanted) findings.push(...(await checkServer(patient, gun, asked)));
    return findings;
  },
};

async function checkServer(patient: Patient, gun: Gun, asked: Set<string>): Promise<readonly Finding[]> {
  try {
    const { server } = await patient.connections.portsFor(gun);
    if (asked.has(server.url.href)) return [];
    asked.add(server.url.href);
    await server.ping();
    const isOurs = await server.isCountersign();
    return [
      fine("server.reachable", `${server.url.href} answers${isOurs ? "" : " (a notary-server: notary1 only)"}`),
      ...clockFindings(server.url.host, server.clockSkewMs()),
    ];
  } catch (error) {
    if (!isCountersignError(error)) throw error;
    if (error.code === "usage.invalid" && patient.collections.length === 0) {
      return [fine("server.none", "no trust server is set, and no collection was named")];
    }
    return [problem("server.unreachable", error.message, ...error.hints)];
  }
}

/** `skewMs`: the server's clock minus ours. */
export function clockFindings(host: string, skewMs: number | undefined): readonly Finding[] {
  const seconds = Math.round(Math.abs(skewMs ?? 0) / 1000);
  const side = (skewMs ?? 0) > 0 ? "behind" : "ahead of";
  const text = `this machine's clock is ${seconds} s ${side} that of ${host}`;
  if (skewMs === undefined || Math.abs(skewMs) < noticedSkewMs) return [];
  const hint = "let the clock be set by the network (timedatectl set-ntp true)";
  return [Math.abs(skewMs) < badSkewMs ? warning("clock.differs", text, hint) : problem("clock.off", text, hint)];
}
