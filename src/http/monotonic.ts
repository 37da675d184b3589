// Milliseconds on a clock that nobody sets, for deadlines. Not performance.now(): the first use of `performance` loads a module that
// costs a short command more than everything it measures.

export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1e6;
}
