// Processor time of running programs, read from /proc. It is the figure to trust on a shared machine: requests per second move with
// the neighbours' noise, work done per request does not.
import { readdirSync, readFileSync } from "node:fs";

/** User and system milliseconds so far of these processes, their living descendants, and the children they already buried. */
export function cpuMs(pids: readonly number[]): number {
  const table = readTable();
  let ticks = 0;
  const pending = [...pids];
  for (const pid of pending) {
    const entry = table.get(pid);
    if (entry === undefined) continue;
    ticks += entry.ticks;
    for (const [child, { parent }] of table) if (parent === pid) pending.push(child);
  }
  return ticks * msPerTick;
}

/** USER_HZ is 100 on every Linux that Node runs on. */
const msPerTick = 10;

function readTable(): ReadonlyMap<number, { readonly parent: number; readonly ticks: number }> {
  const table = new Map<number, { parent: number; ticks: number }>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      // The program's name, in brackets, may hold spaces; the numbers after it do not. proc(5): fields 4 and 14 to 17.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
      table.set(Number(name), { parent: Number(fields[1]), ticks });
    } catch {
      // It ended between the listing and the read; its parent has its time now.
    }
  }
  return table;
}

/** Resident bytes of these processes and their descendants (shared pages counted once per process, as top does). */
export function residentBytes(pids: readonly number[]): number {
  const table = readTable();
  const pending = [...pids];
  let bytes = 0;
  for (const pid of pending) {
    for (const [child, { parent }] of table) if (parent === pid) pending.push(child);
    try {
      bytes += 1024 * Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
    } catch {
      // Gone.
    }
  }
  return bytes;
}
