// What Prometheus clients of every language tell of their process, under the usual names, so that dashboards made for notary-server go
// on; and Node's heap in place of Go's. What a platform cannot tell is left out.
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";

/** Prometheus text, one string a line. */
export function processMetrics(): readonly string[] {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
  return [
    ...family(
      "process_cpu_seconds_total",
      "counter",
      "Total user and system CPU time spent in seconds.",
      (user + system) / 1e6,
    ),
    ...family("process_max_fds", "gauge", "Maximum number of open file descriptors.", maxDescriptors()),
    ...family("process_open_fds", "gauge", "Number of open file descriptors.", openDescriptors()),
    ...family("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.", rss),
    ...family(
      "process_start_time_seconds",
      "gauge",
      "Start time of the process since unix epoch in seconds.",
      Math.round(performance.timeOrigin) / 1_000,
    ),
    ...family("nodejs_heap_size_used_bytes", "gauge", "Heap in use in bytes.", heapUsed),
    ...family("nodejs_heap_size_total_bytes", "gauge", "Heap taken from the system in bytes.", heapTotal),
    ...family("nodejs_external_memory_bytes", "gauge", "Memory of buffers outside the heap in bytes.", external),
  ];
}

function family(name: string, type: "counter" | "gauge", help: string, value: number | undefined): readonly string[] {
  return value === undefined ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, `${name} ${value}`];
}

/** Linux only. */
function openDescriptors(): number | undefined {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return undefined;
  }
}

/** Linux only; the soft limit. */
function maxDescriptors(): number | undefined {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return limit === undefined ? undefined : Number(limit);
  } catch {
    return undefined;
  }
}
