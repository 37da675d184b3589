// The door of oci: image references, the registry client and OCI layout directories. Every byte that leaves here has been
// held against a digest computed here; nothing a registry says about a digest is believed.
//
//   const reference = parseReference("registry.example.com/team/app:1.4.2");
//   const source = await openImageSource(reference, { client });            // client: AuthorizedClient of http
//   const image = await resolveImage(reference, source);                    // { digest, length, manifestBytes, ... }
export type { Descriptor, ImageSource, ManifestBytes, Platform, ReadOptions, ResolvedImage } from "./image.ts";
export type { ImageReference, LayoutReference, RegistryReference, Tag } from "./reference.ts";
