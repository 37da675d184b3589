// The signer's TLS as the gRPC server takes it. A class of the library's is extended because its own form cannot say three things that
// are needed: the lowest version, that any certificate of the client authority's file is an anchor (Go takes it so, and Notary's
// configurations rely on it), and certificates that change while the server runs.
import type { SecureContextOptions } from "node:tls";
import type { ServerCredentials } from "@grpc/grpc-js";
import { readCertificates, readTlsPair } from "./tls-files.ts";

export interface TlsPaths {
  readonly certificatePath: string;
  readonly keyPath: string;
  /** Authorities of the callers' certificates; without it anybody who connects is served. */
  readonly clientCaPath?: string;
}

export interface ReloadableCredentials {
  readonly credentials: ServerCredentials;
  /** Reads the files again, for connections from now on. When that fails nothing changes. @throws as `openCredentials` */
  reload(): void;
}

/** @throws disk.unreadable, certificate.invalid, key.format */
export function openCredentials(
  { ServerCredentials }: typeof import("@grpc/grpc-js"),
  paths: TlsPaths,
): ReloadableCredentials {
  const asksCallers = paths.clientCaPath !== undefined;
  class OurCredentials extends ServerCredentials {
    constructor() {
      const handshakeTimeout = 10_000;
      super({ requestCert: asksCallers, rejectUnauthorized: asksCallers, handshakeTimeout }, contextOf(paths));
    }

    reload(): void {
      this.updateSecureContextOptions(contextOf(paths));
    }

    override _equals(other: ServerCredentials): boolean {
      return other === this;
    }
  }
  const credentials = new OurCredentials();
  return { credentials, reload: () => credentials.reload() };
}

function contextOf({ certificatePath, keyPath, clientCaPath }: TlsPaths): SecureContextOptions {
  const { certificate, key } = readTlsPair(certificatePath, keyPath);
  const callers =
    clientCaPath === undefined ? {} : { ca: readCertificates(clientCaPath), allowPartialTrustChain: true };
  return { cert: certificate, key, minVersion: "TLSv1.2", ...callers };
}
