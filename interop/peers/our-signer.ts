// `countersign signer` as a process of its own, in the place where notary-signer would be.
import process from "node:process";
import { type CertificateFiles, makeCertificate } from "./certificates.ts";
import { sourceProgram } from "./countersign.ts";
import { freePort, type RunningProcess, startProcess } from "./process.ts";
import type { Scratch } from "./scratch.ts";

export interface OurSignerOptions {
  /** Where its keys are: `--data DIR` or `--database URL`, or `--config FILE` with everything else. */
  readonly args: readonly string[];
  /** Passphrases. */
  readonly env: Readonly<Record<string, string>>;
  /** From an earlier start: the same certificates and the same port. */
  readonly like?: Pick<OurSigner, "files" | "port">;
}

export interface OurSigner extends AsyncDisposable {
  readonly port: number;
  readonly files: CertificateFiles;
  readonly process: RunningProcess;
  /** notary-server's `trust_service`. */
  trustService(algorithm: "ecdsa" | "ed25519"): object;
  /** `serve`'s options. */
  serveOptions(algorithm: "ecdsa" | "ed25519"): readonly string[];
}

export async function startOurSigner(directory: Scratch, options: OurSignerOptions): Promise<OurSigner> {
  const files = options.like?.files ?? (await makeCertificate(directory, "our-signer"));
  const port = options.like?.port ?? (await freePort());
  const { authority, certificate, key } = files;
  const address = [
    "--listen",
    `127.0.0.1:${port}`,
    "--tls-cert",
    certificate,
    "--tls-key",
    key,
    "--client-ca",
    authority,
  ];
  const running = await startProcess({
    name: "countersign signer",
    command: process.execPath,
    args: [sourceProgram, "signer", "--json", ...(options.args.includes("--config") ? [] : address), ...options.args],
    cwd: directory.path,
    env: { HOME: directory.path, ...options.env },
    ready: async (log) => log.includes('"address"'),
  });
  return {
    port,
    files,
    process: running,
    trustService: (algorithm) => trustService(port, files, algorithm),
    serveOptions: (algorithm) => serveOptions(port, files, algorithm),
    [Symbol.asyncDispose]: () => running.stop(),
  };
}

export function trustService(port: number, files: CertificateFiles, algorithm: string) {
  return {
    type: "remote",
    hostname: "127.0.0.1",
    port: String(port),
    tls_ca_file: files.authority,
    tls_client_cert: files.certificate,
    tls_client_key: files.key,
    key_algorithm: algorithm,
  };
}

export function serveOptions(port: number, files: CertificateFiles, algorithm: string): readonly string[] {
  const address = ["--signer", `127.0.0.1:${port}`, "--signer-algorithm", algorithm];
  return [...address, "--signer-ca", files.authority, "--signer-cert", files.certificate, "--signer-key", files.key];
}
