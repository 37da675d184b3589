// Dates for people and for programs. Always UTC: a verdict is compared between machines.

/** `2026-11-22 12:00 UTC` */
export function humanDate(at: number): string {
  const text = new Date(at).toISOString();
  // From the end: years past 9999 have a sign and six digits.
  return `${text.slice(0, -14)} ${text.slice(-13, -8)} UTC`;
}

/** RFC 3339 with whole seconds. */
export function isoDate(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, "Z");
}

/** `in 13 days`, `3 hours ago`. */
export function humanDistance(at: number, now: number): string {
  const seconds = Math.round(Math.abs(at - now) / 1000);
  const units: readonly (readonly [string, number])[] = [
    ["year", 365 * 86_400],
    ["day", 86_400],
    ["hour", 3_600],
    ["minute", 60],
  ];
  const [unit, size] = units.find(([, length]) => seconds >= length * 2 || (length === 60 && seconds >= 60)) ?? [
    "second",
    1,
  ];
  const count = Math.floor(seconds / size);
  const text = `${count} ${unit}${count === 1 ? "" : "s"}`;
  return at >= now ? `in ${text}` : `${text} ago`;
}
