// Which certificate authorities a host may be vouched for by, and the client certificate it is shown. Rule: what the
// operator names is trusted beside the usual authorities, as docker and notary do it, and never switches a check off.
// Places: one file (--tls-ca, COUNTERSIGN_TLS_CA) for every host; docker's per-host directories (notary-v1, sections 13 and 15).
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CountersignError } from "../bytes/index.ts";
import { nodeCode } from "./transport-errors.ts";

export interface TlsSettings {
  /** PEM texts, beside the usual authorities. */
  readonly ca: readonly string[];
  readonly clientCertificate: { readonly certificate: string; readonly key: string } | undefined;
}

/** `host` is `name[:port]` as in the URL. */
export type TlsAnchors = (host: string) => Promise<TlsSettings>;

export interface TlsAnchorPlaces {
  /** PEM file for every host. */
  readonly caFile?: string;
  /** Directories that hold one directory a host: `*.crt` authorities, `*.cert` with `*.key` client certificates. */
  readonly hostDirectories?: readonly string[];
}

/**
 * Reads the places for a host on first use; without the thread pool, which costs more to start than a few small files to read.
 * @throws disk.unreadable tls.untrusted (a file that holds no certificate)
 */
export function tlsAnchors(places: TlsAnchorPlaces): TlsAnchors {
  const known = new Map<string, TlsSettings>();
  return async (host) => {
    const already = known.get(host);
    if (already !== undefined) return already;
    const reading = readPlaces(places, host);
    known.set(host, reading);
    return reading;
  };
}

/** Docker's places: its own configuration directory (the trust server's CAs) and the daemon's certs.d (registries'). */
export function dockerTlsDirectories(dockerConfig: string): readonly string[] {
  return [join(dockerConfig, "tls"), "/etc/docker/certs.d", "/etc/containers/certs.d"];
}

function readPlaces(places: TlsAnchorPlaces, host: string): TlsSettings {
  const ca: string[] = [];
  if (places.caFile !== undefined) ca.push(readCertificates(places.caFile));
  let clientCertificate: TlsSettings["clientCertificate"];
  // The host comes from an address: as a path component it must not lead anywhere else.
  const isPlainName = /^[A-Za-z0-9._:[\]-]+$/.test(host) && !/^\.+$/.test(host);
  for (const parent of isPlainName ? (places.hostDirectories ?? []) : []) {
    const directory = join(parent, host);
    const names = namesIn(directory);
    for (const name of names.filter((each) => each.endsWith(".crt"))) {
      ca.push(readCertificates(join(directory, name)));
    }
    for (const name of names.filter((each) => each.endsWith(".cert"))) {
      const keyName = `${name.slice(0, -".cert".length)}.key`;
      if (clientCertificate !== undefined || !names.includes(keyName)) continue;
      clientCertificate = {
        certificate: readCertificates(join(directory, name)),
        key: readText(join(directory, keyName)),
      };
    }
  }
  return { ca, clientCertificate };
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).sort();
  } catch (cause) {
    // Most hosts have no directory; the daemon's may be closed to us, and then docker's client does not see it either.
    if (["ENOENT", "ENOTDIR", "EACCES"].includes(nodeCode(cause))) return [];
    throw unreadable(directory, cause);
  }
}

function readCertificates(path: string): string {
  const text = readText(path);
  if (!text.includes("-----BEGIN CERTIFICATE-----")) {
    throw new CountersignError("tls.untrusted", `${path} holds no certificate`, {
      hints: ["a certificate authority is given as a PEM file: -----BEGIN CERTIFICATE-----"],
    });
  }
  return text;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): CountersignError {
  return new CountersignError("disk.unreadable", `${path} cannot be read (${nodeCode(cause)})`, { cause });
}
