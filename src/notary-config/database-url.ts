// PostgreSQL addresses as Go's lib/pq takes them: a URL, or `key=value` words. Both become a URL, and what lib/pq adds by itself is
// written out, so that the same text means the same to our own client: without sslmode lib/pq insists on TLS.

/** undefined: not such an address. */
export function postgresUrl(text: string): string | undefined {
  const url = /^postgres(?:ql)?:\/\//.test(text) ? URL.parse(text) : fromWords(text);
  if (url === null || url === undefined) return undefined;
  if (!url.searchParams.has("sslmode")) url.searchParams.set("sslmode", "require");
  return url.href;
}

/** The same URL without its password. */
export function maskedUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null) return "(not shown)";
  if (url.password !== "") url.password = "xxxxx";
  for (const name of ["password", "sslpassword"]) {
    if (url.searchParams.has(name)) url.searchParams.set(name, "xxxxx");
  }
  return url.href;
}

/** The same MySQL address without its password. */
export function maskedDsn(dsn: string): string {
  // The last @ before the address ends the credentials; the password may hold others.
  const match = /^([^:@/]*):(.*)@((?:[a-z0-9]+(?:\([^()]*\))?)?\/.*)$/s.exec(dsn);
  return match === null
    ? dsn.includes(":") && !/^[^:]*@/.test(dsn)
      ? "(not shown)"
      : dsn
    : `${match[1]}:xxxxx@${match[3]}`;
}

/** `host=db user=server password='a b' dbname=notary`. */
function fromWords(text: string): URL | undefined {
  const words = new Map<string, string>();
  const word = /\s*([a-z_]+)\s*=\s*('(?:[^'\\]|\\.)*'|(?:[^\s'\\]|\\.)*)\s*/gy;
  let end = 0;
  for (const match of text.matchAll(word)) {
    const [whole, name = "", value = ""] = match;
    words.set(name, value.replace(/^'(.*)'$/s, "$1").replaceAll(/\\(.)/gs, "$1"));
    end = match.index + whole.length;
  }
  if (words.size === 0 || end !== text.length) return undefined;
  const url = new URL("postgres://localhost/");
  const host = words.get("host") ?? "localhost";
  // A directory is a unix socket; the URL form has room for it in its query only.
  if (host.startsWith("/")) url.searchParams.set("host", host);
  else url.hostname = host;
  url.port = words.get("port") ?? "";
  url.username = encodeURIComponent(words.get("user") ?? "");
  url.password = encodeURIComponent(words.get("password") ?? "");
  url.pathname = `/${encodeURIComponent(words.get("dbname") ?? "")}`;
  for (const [name, value] of words) {
    if (!["host", "port", "user", "password", "dbname"].includes(name)) url.searchParams.set(name, value);
  }
  return url;
}
