// Whose request it is, for limits and for tokens: the address at the other end of the line, or, where that is a proxy the operator has
// named, the one for which it says it speaks (X-Forwarded-For, the nearest entry last). Nobody else's word is taken, or every client
// could choose its address.
import type { IncomingHttpHeaders } from "node:http";
import { BlockList, isIP } from "node:net";
import { CountersignError } from "../bytes/index.ts";

export interface Line {
  readonly socket: { readonly remoteAddress?: string | undefined };
  readonly headers: IncomingHttpHeaders;
}

/** `""` when the line is gone already. */
export type AddressOf = (line: Line) => string;

/** So many proxies in a row are plenty; the rest of an endless header is not looked at. */
const maxHops = 16;

/** `proxies`: addresses and networks (`10.0.0.7`, `10.0.0.0/8`, `fd00::/8`). @throws usage.invalid */
export function clientAddresses(proxies: readonly string[]): AddressOf {
  if (proxies.length === 0) return ({ socket }) => plain(socket.remoteAddress ?? "");
  const trusted = new BlockList();
  for (const proxy of proxies) addNetwork(trusted, proxy);
  return ({ socket, headers }) => {
    let nearest = plain(socket.remoteAddress ?? "");
    const said = [headers["x-forwarded-for"] ?? ""].flat().join(",").split(",").slice(-maxHops);
    for (let at = said.length - 1; at >= 0 && isTrusted(trusted, nearest); at--) {
      const next = plain((said[at] ?? "").trim());
      if (isIP(next) === 0) break;
      nearest = next;
    }
    return nearest;
  };
}

function isTrusted(trusted: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && trusted.check(address, family === 6 ? "ipv6" : "ipv4");
}

/** IPv4 that came in over an IPv6 socket, or in brackets with a port, as some proxies write it. */
function plain(address: string): string {
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(address)?.[1] ?? /^([\d.]+):\d+$/.exec(address)?.[1] ?? address;
  return /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(bare)?.[1] ?? bare;
}

function addNetwork(trusted: BlockList, text: string): void {
  const [address = "", bits] = text.split("/");
  const family = isIP(address);
  const most = family === 6 ? 128 : 32;
  const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
  if (family === 0 || prefix < 0 || prefix > most || text.split("/").length > 2) {
    throw new CountersignError("usage.invalid", `${JSON.stringify(text.slice(0, 60))} is no address or network`, {
      hints: ["for example 10.0.0.7, 10.0.0.0/8 or fd00::/8"],
    });
  }
  trusted.addSubnet(address, prefix, family === 6 ? "ipv6" : "ipv4");
}
