// Prometheus text for /metrics: Notary's four metric families under their names and labels (notary-v1, section 6), so that existing
// dashboards go on, and ours. Quantiles are those of the last few hundred requests of an operation.
import { processMetrics } from "./process-metrics.ts";

const windowSize = 512;
const hitLabels = 'code="200",method="get"';

interface Series {
  count: number;
  sum: number;
  readonly window: Float64Array;
}

interface Operation {
  readonly duration: Series;
  readonly requestSize: Series;
  readonly responseSize: Series;
  readonly total: Map<string, number>;
}

export interface Observation {
  readonly operation: string;
  readonly method: string;
  readonly status: number;
  readonly microseconds: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
}

export class Metrics {
  readonly #operations = new Map<string, Operation>();
  readonly #counters = new Map<string, number>();

  observe(seen: Observation): void {
    const labels = `code="${seen.status}",method="${seen.method.toLowerCase()}"`;
    this.#observe(seen.operation, labels, seen.microseconds, seen.requestBytes, seen.responseBytes);
  }

  /** A GET answered with 200 from memory: as observe, without building anything. */
  observeHit(operation: string, microseconds: number, requestBytes: number, responseBytes: number): void {
    this.#observe(operation, hitLabels, microseconds, requestBytes, responseBytes);
  }

  #observe(name: string, labels: string, microseconds: number, requestBytes: number, responseBytes: number): void {
    let operation = this.#operations.get(name);
    if (operation === undefined) {
      operation = { duration: series(), requestSize: series(), responseSize: series(), total: new Map() };
      this.#operations.set(name, operation);
    }
    add(operation.duration, microseconds);
    add(operation.requestSize, requestBytes);
    add(operation.responseSize, responseBytes);
    operation.total.set(labels, (operation.total.get(labels) ?? 0) + 1);
  }

  /** One of our own counters, `countersign_<name>_total`. */
  count(name: "renewals" | "publishes" | "publish_refusals" | "denials" | "limited" | "busy"): void {
    this.#counters.set(name, (this.#counters.get(name) ?? 0) + 1);
  }

  text(): string {
    const lines: string[] = [];
    const operations = [...this.#operations].sort(([a], [b]) => (a < b ? -1 : 1));
    const summary = (name: string, help: string, pick: (operation: Operation) => Series) => {
      lines.push(`# HELP notary_server_http_${name} ${help}`, `# TYPE notary_server_http_${name} summary`);
      for (const [operation, values] of operations)
        lines.push(...summaryLines(`notary_server_http_${name}`, operation, pick(values)));
    };
    summary("request_duration_microseconds", "The HTTP request latencies in microseconds.", (each) => each.duration);
    summary("request_size_bytes", "The HTTP request sizes in bytes.", (each) => each.requestSize);
    lines.push("# HELP notary_server_http_requests_total Total number of HTTP requests made.");
    lines.push("# TYPE notary_server_http_requests_total counter");
    for (const [operation, { total }] of operations) {
      for (const [labels, count] of [...total].sort()) {
        lines.push(`notary_server_http_requests_total{${labels},operation="${operation}"} ${count}`);
      }
    }
    summary("response_size_bytes", "The HTTP response sizes in bytes.", (each) => each.responseSize);
    for (const [name, count] of [...this.#counters].sort()) {
      lines.push(`# TYPE countersign_${name}_total counter`, `countersign_${name}_total ${count}`);
    }
    lines.push(...processMetrics());
    return `${lines.join("\n")}\n`;
  }
}

function series(): Series {
  return { count: 0, sum: 0, window: new Float64Array(windowSize) };
}

function add(values: Series, value: number): void {
  values.window[values.count % windowSize] = value;
  values.count++;
  values.sum += value;
}

function summaryLines(name: string, operation: string, { count, sum, window }: Series): readonly string[] {
  const sorted = window.slice(0, Math.min(count, windowSize)).sort();
  const quantiles = [0.5, 0.9, 0.99].map((quantile) => {
    const value = sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))] ?? 0;
    return `${name}{operation="${operation}",quantile="${quantile}"} ${value}`;
  });
  return [
    ...quantiles,
    `${name}_sum{operation="${operation}"} ${sum}`,
    `${name}_count{operation="${operation}"} ${count}`,
  ];
}
