// The door of oci: image references, the registry client and OCI layout directories. Every byte that leaves here has been
// held against a digest computed here; nothing a registry says about a digest is believed. It pushes nothing and unpacks nothing.
//
//   const reference = parseReference("registry.example.com/team/app:1.4.2");
//   const source = openImageSource(reference, { client });                  // client: AuthorizedClient of http
//   const image = await resolveImage(reference, source);                    // { digest, length, manifestBytes, ... }
//   const report = await checkDescriptorTree(image, source);                // verify --deep
export type { TreeOptions, TreeProblem, TreeProgress, TreeReport } from "./check-tree.ts";
export { checkDescriptorTree } from "./check-tree.ts";
export type { Descriptor, ImageSource, ManifestBytes, Platform, ReadOptions, ResolvedImage } from "./image.ts";
export { layoutDirectory } from "./layout.ts";
export type { ImageReference, LayoutReference, RegistryReference, Tag } from "./reference.ts";
export { formatReference, isTag, parseReference, parseTag, withDefaultTag } from "./reference.ts";
export type { RegistryOptions } from "./registry.ts";
export { registryRepository } from "./registry.ts";
export { openImageSource, resolveImage } from "./resolve-image.ts";
