// Image references as docker reads them, taken apart once: `alpine` is docker.io/library/alpine, `host[:port]/path[:tag][@digest]`,
// and `oci:DIR[:TAG][@digest]` for an OCI layout directory. distribution/reference grammar; ecosystem.md section 9.1.
import type { Digest, Gun } from "../bytes/index.ts";

declare const tagBrand: unique symbol;
/** `[\w][\w.-]{0,127}` in ASCII. */
export type Tag = string & { readonly [tagBrand]: true };

export interface RegistryReference {
  readonly kind: "registry";
  /** The normalised name: host and path, without tag and digest. */
  readonly gun: Gun;
  /** `host[:port]`; `docker.io` for Docker Hub. */
  readonly host: string;
  /** The path after the host: `library/alpine`. */
  readonly repository: string;
  readonly tag: Tag | undefined;
  readonly digest: Digest | undefined;
}

export interface LayoutReference {
  readonly kind: "layout";
  readonly directory: string;
  readonly tag: Tag | undefined;
  readonly digest: Digest | undefined;
}

export type ImageReference = RegistryReference | LayoutReference;
