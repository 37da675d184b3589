// Which addresses may be spoken to, and where a redirect may lead. Rule: https, or plain http to loopback and to hosts
// that were named as insecure; a redirect never leads from https to http and never carries a credential to another origin.
import { CountersignError } from "../bytes/index.ts";
import { describeUrl } from "./transport-errors.ts";

/** localhost, *.localhost, 127.0.0.0/8, ::1. */
export function isLoopback(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/\.$/, "");
  return (
    name === "localhost" ||
    name.endsWith(".localhost") ||
    /^127(?:\.\d{1,3}){3}$/.test(name) ||
    name === "[::1]" ||
    name === "::1"
  );
}

export interface OriginRules {
  /** `host[:port]` spoken to in plain http, or in https without checking the certificate. */
  readonly insecureHosts: ReadonlySet<string>;
}

/** @throws request.invalid for another scheme, a name and password in the address, or plain http where it is not allowed */
export function checkOrigin(url: URL, rules: OriginRules): void {
  if (url.username !== "" || url.password !== "") {
    throw new CountersignError("request.invalid", `${describeUrl(url)}: an address must not hold a name and password`, {
      hints: [`log in instead: docker login ${url.host}`],
    });
  }
  if (url.protocol === "https:") return;
  if (url.protocol !== "http:") {
    throw new CountersignError("request.invalid", `${describeUrl(url)}: neither https nor http`);
  }
  if (isLoopback(url.hostname) || rules.insecureHosts.has(url.host)) return;
  throw new CountersignError("request.invalid", `${describeUrl(url)}: plain http is not protected on the way`, {
    hints: ["use https"],
  });
}

/** Where a redirect leads. @throws download.redirected when it may not be followed */
export function redirectTarget(from: URL, location: string | undefined, rules: OriginRules): URL {
  const refuse = (why: string, cause?: unknown): CountersignError =>
    new CountersignError("download.redirected", `${describeUrl(from)}: redirected ${why}`, { cause });
  if (location === undefined) throw refuse("to nowhere");
  if (!URL.canParse(location, from.href)) throw refuse("to something that is no address");
  const target = new URL(location, from);
  target.hash = "";
  try {
    checkOrigin(target, rules);
  } catch (cause) {
    throw refuse(`to ${describeUrl(target)}, which is not allowed`, cause);
  }
  if (from.protocol === "https:" && target.protocol !== "https:") {
    throw refuse(`from https to plain http (${describeUrl(target)})`);
  }
  return target;
}

/** What may travel to another origin: nothing that says who we are. */
export function headersForOrigin(
  headers: Readonly<Record<string, string>>,
  from: URL,
  to: URL,
): Readonly<Record<string, string>> {
  if (from.origin === to.origin) return headers;
  const harmless = new Set(["accept", "range"]);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => harmless.has(name)));
}
